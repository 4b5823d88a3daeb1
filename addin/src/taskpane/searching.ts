/** Asks which rooms fit the form and the filters, keeps the newest question's answer, and looks again by itself. */
import { Failure } from '../api/client.ts';
import type { RoomBooker } from '../api/resources.ts';
import type { Alternative, AvailabilityQuestion, Room } from '../api/shapes.ts';
import { slotOf } from '../model/form.ts';
import { reconcile, toQuery, type Filters } from '../model/list.ts';
import { failed, latest, loading, ready } from '../model/remote.ts';
import type { Store } from './state.ts';

const LIMIT = 50;
const TYPING_MS = 250;
/** An answer older than this is asked again while somebody looks at it. */
export const STALE_MS = 60_000;
/** After a failure that passes by itself the search is asked again this often, as long as somebody looks. */
const AGAIN_MS = 15_000;
const PASSING: ReadonlySet<string> = new Set(['offline', 'too_slow', 'side_unavailable', 'rate_limited', 'in_progress']);

export interface Searching {
  /** Asks now; `quietly` for a look again that nobody pressed for. */
  ask(quietly?: boolean): Promise<void>;
  filter(change: Partial<Filters>): void;
  choose(room: Room): void;
  several(on: boolean): void;
  /** Puts a room that was offered among the rows, chosen. */
  offer(alternative: Alternative): void;
  loadRooms(): Promise<void>;
  askIfStale(now: number): void;
}

export function createSearching(store: Store, api: RoomBooker): Searching {
  let under: AbortController | null = null;
  let answered = '';
  /** A server whose own index is older than a minute must not be asked every second. */
  let lastTry = 0;
  let typing: ReturnType<typeof setTimeout> | undefined;

  function questionNow(): AvailabilityQuestion | null {
    const { form, filters } = store.get();
    const slot = form && slotOf(form);
    if (!form || !slot) return null;
    return {
      ...slot,
      ...(form.recurrence ? { recurrence: form.recurrence } : {}),
      attendees: form.persons,
      filters: toQuery(filters, form.persons, form.organizer),
      limit: LIMIT,
    };
  }

  async function ask(quietly = false): Promise<void> {
    clearTimeout(typing);
    under?.abort();
    const question = questionNow();
    if (!question) return;
    lastTry = Date.now();
    const mine = (under = new AbortController());
    const text = JSON.stringify(question);
    const same = text === answered;
    if (!quietly) store.set({ search: loading(store.get().search, Date.now()) });
    try {
      const answer = await api.availability(question, mine.signal);
      if (under !== mine) return;
      answered = text;
      const { rows, chosen, speech: { words } } = store.get();
      const wasFree = (room: Room) => rows.some((row) => row.room.id === room.id && row.state === 'free');
      const lost = chosen.find((room) => wasFree(room) && answer.rooms.some((row) => row.room.id === room.id && row.state !== 'free'));
      store.set({ search: ready(answer), rows: reconcile(rows, answer.rooms, same) });
      if (lost && same) store.say(words.book.gone(lost.name));
      if (!same) store.say(words.search.announce(answer.counts.free, answer.total));
    } catch (fault) {
      if (under !== mine || mine.signal.aborted) return;
      const failure = fault instanceof Failure ? fault : new Failure('unknown');
      lastTry = Date.now();
      store.set({ search: failed(store.get().search, failure) });
    } finally {
      if (under === mine) under = null;
    }
  }

  return {
    ask,
    filter(change) {
      const filters = { ...store.get().filters, ...change };
      store.set({ filters });
      clearTimeout(typing);
      typing = setTimeout(() => void ask(), 'text' in change || 'capacity' in change ? TYPING_MS : 0);
    },
    choose(room) {
      const { several, chosen } = store.get();
      const without = chosen.filter((one) => one.id !== room.id);
      const next = several ? (without.length < chosen.length ? without : [...chosen, room]) : [room];
      store.set({ chosen: next, opened: room.id, doing: { is: 'nothing' } });
    },
    several(on) {
      store.set({ several: on, chosen: on ? store.get().chosen : store.get().chosen.slice(-1) });
    },
    offer({ room }) {
      if (!room) return;
      const { rows } = store.get();
      const known = rows.some((row) => row.room.id === room.id);
      const row = { room, state: 'free' as const, reason: null, conflicts: [], free_until: null, alternatives: [], slots: null };
      store.set({ rows: known ? rows : [row, ...rows], chosen: [room], opened: room.id, doing: { is: 'nothing' } });
    },
    async loadRooms() {
      try {
        store.set({ rooms: await api.rooms() });
      } catch {
        // The filters then offer what the search itself has shown; the search says what is wrong.
      }
    },
    askIfStale(now) {
      const { search, view, doing, stage } = store.get();
      const answer = latest(search);
      if (stage !== 'compose' || view !== 'search' || doing.is === 'working' || under || document.visibilityState === 'hidden') return;
      if (search.is === 'failed') {
        const pause = Math.max(AGAIN_MS, (search.fault.retryAfterS ?? 0) * 1_000);
        if (!PASSING.has(search.fault.code) || now - lastTry < pause) return;
        lastTry = now;
        void this.loadRooms();
        return void ask(true);
      }
      if (!answer || now - Date.parse(answer.as_of ?? new Date(0).toISOString()) < STALE_MS || now - lastTry < STALE_MS) return;
      lastTry = now;
      void ask(true);
    },
  };
}
