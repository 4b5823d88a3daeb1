/** The list of rooms: the server ranks it, and it never jumps under somebody's finger. */
import type { Room, RoomAvailability } from '../api/shapes.ts';

/**
 * The rows to show after an answer. For a new question: as the server ranked them. For the same question asked again:
 * every room keeps its place, with its new state; rooms that are new come last; rooms that are gone leave.
 */
export function reconcile(shown: RoomAvailability[], answer: RoomAvailability[], sameQuestion: boolean): RoomAvailability[] {
  if (!sameQuestion) return answer;
  const fresh = new Map(answer.map((row) => [row.room.id, row]));
  const kept = shown.flatMap((row) => {
    const found = fresh.get(row.room.id);
    fresh.delete(row.room.id);
    return found ? [found] : [];
  });
  return [...kept, ...fresh.values()];
}

/** Chosen rooms that can still be booked; what was chosen stays chosen, also when a filter hides it. */
export function bookable(chosen: Room[], rows: RoomAvailability[]): Room[] {
  const states = new Map(rows.map((row) => [row.room.id, row.state]));
  return chosen.filter((room) => (states.get(room.id) ?? 'free') === 'free');
}

export interface Filters {
  text: string;
  /** Null follows the number of persons on the form. */
  capacity: number | null;
  building: string;
  equipment: string[];
}

export const NO_FILTERS: Filters = { text: '', capacity: null, building: '', equipment: [] };

export function toQuery(filters: Filters, persons: number, organizer: string) {
  return {
    capacity: filters.capacity ?? persons,
    ...(filters.building ? { buildings: [filters.building] } : {}),
    ...(filters.equipment.length > 0 ? { equipment: filters.equipment } : {}),
    ...(filters.text.trim() ? { text: filters.text.trim() } : {}),
    ...(organizer ? { organizer } : {}),
  };
}

export function countFilters(filters: Filters): number {
  return (filters.capacity === null ? 0 : 1) + (filters.building ? 1 : 0) + filters.equipment.length;
}

/** What there is to filter by, each once, in the order people expect. */
export function choicesOf(rooms: Room[]): { buildings: string[]; equipment: string[] } {
  const unique = (names: string[]) => eachOnce(names).sort((a, b) => a.localeCompare(b));
  return {
    buildings: unique(rooms.map((room) => room.building ?? '')),
    equipment: unique(rooms.flatMap((room) => room.equipment)),
  };
}

/** Typed by hand in Exchange: "Display" and "display" are one. The search does not mind either. */
export function eachOnce(names: string[]): string[] {
  return [...new Map(names.filter(Boolean).map((name) => [name.toLowerCase(), name.charAt(0).toUpperCase() + name.slice(1)])).values()];
}
