/** The appointment as the pane sees it, and what a change of it means. */
import type { PatternedRecurrence } from '../api/shapes.ts';

export interface Form {
  subject: string;
  /** UTC instants; null until Outlook has answered. */
  start: string | null;
  end: string | null;
  /** IANA zone in which the appointment's times are shown. */
  zone: string;
  organizer: string;
  /** The organizer included, rooms not. */
  persons: number;
  /** Mailboxes of the rooms on the appointment, lower case, sorted. */
  rooms: string[];
  recurrence: PatternedRecurrence | null;
  /** Its subject stays in Outlook. */
  isPrivate: boolean;
  /** It repeats, in a way that we cannot search for. */
  unknownSeries: boolean;
}

export interface Slot {
  start: string;
  end: string;
}

/** A form that can be searched for; null while times are missing or run backwards. */
export function slotOf(form: Form): Slot | null {
  if (!form.start || !form.end || Date.parse(form.end) <= Date.parse(form.start)) return null;
  return { start: wholeMinute(form.start), end: wholeMinute(form.end) };
}

/** Whole minutes, as TOPdesk keeps them. */
function wholeMinute(instant: string): string {
  return new Date(Math.floor(Date.parse(instant) / 60_000) * 60_000).toISOString();
}

export function sameForm(one: Form, other: Form): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** Whether a new search is due: subject and rooms do not change what is free. */
export function asksTheSame(one: Form, other: Form): boolean {
  return JSON.stringify([slotOf(one), one.recurrence, one.persons, one.organizer])
    === JSON.stringify([slotOf(other), other.recurrence, other.persons, other.organizer]);
}

export function sameSlot(one: Slot, other: Slot): boolean {
  return minutes(one.start) === minutes(other.start) && minutes(one.end) === minutes(other.end);
}

function minutes(instant: string): number {
  return Math.floor(Date.parse(instant) / 60_000);
}
