/** All that the pane knows at one moment, and the small store that holds it. */
import type { Failure } from '../api/client.ts';
import type { Availability, Booking, BookingState, Room, RoomAvailability } from '../api/shapes.ts';
import type { Form } from '../model/form.ts';
import { NO_FILTERS, type Filters } from '../model/list.ts';
import { idle, type Remote } from '../model/remote.ts';
import { speak, type Speech } from '../strings/index.ts';

export type Stage = 'starting' | 'compose' | 'read' | 'no_appointment' | 'not_outlook';
export type Notice = 'room_not_added' | 'not_remembered' | 'outlook_refused';

/** What a press of a button is doing; `about` is the booking's id where there is one. */
export type Doing =
  | { is: 'nothing' }
  | { is: 'working'; what: 'book' | 'move' | 'cancel'; about: string | null }
  | { is: 'failed'; what: 'book' | 'move' | 'cancel'; about: string | null; fault: Failure };

export interface PaneState {
  speech: Speech;
  stage: Stage;
  view: 'search' | 'bookings';
  form: Form | null;
  filters: Filters;
  several: boolean;
  chosen: Room[];
  /** The room whose details are open. */
  opened: string | null;
  search: Remote<Availability, Failure>;
  rows: RoomAvailability[];
  /** All mapped rooms, for the filters. */
  rooms: Room[];
  doing: Doing;
  /** Not known yet whether this appointment, which has rooms, has bookings: what comes in the list's place must not jump in. */
  restoring: boolean;
  /** Bookings of this appointment, oldest first. */
  bookings: Booking[];
  /** Choosing a room although there is a booking: instead of one (its id), or beside it. */
  choosing: { is: 'no' } | { is: 'beside' } | { is: 'instead'; of: string };
  /** On an appointment of somebody else: how each room (mailbox) stands. */
  standing: Record<string, BookingState | null>;
  lookFault: Failure | null;
  notice: Notice | null;
  mine: Remote<Booking[], Failure>;
  detail: Remote<Booking, Failure>;
  /** For screen readers; the number makes the same sentence heard again. */
  said: { text: string; n: number };
}

export function firstState(language: string): PaneState {
  return {
    speech: speak(language), stage: 'starting', view: 'search', form: null, filters: NO_FILTERS, several: false, chosen: [],
    opened: null, search: idle, rows: [], rooms: [], doing: { is: 'nothing' }, restoring: false, bookings: [], choosing: { is: 'no' },
    standing: {}, lookFault: null, notice: null, mine: idle, detail: idle, said: { text: '', n: 0 },
  };
}

export interface Store {
  get(): PaneState;
  set(change: Partial<PaneState>): void;
  say(text: string): void;
  subscribe(listener: () => void): () => void;
}

export function createStore(first: PaneState): Store {
  let state = first;
  const listeners = new Set<() => void>();
  const set = (change: Partial<PaneState>) => {
    state = { ...state, ...change };
    listeners.forEach((listener) => listener());
  };
  return {
    get: () => state,
    set,
    say: (text) => set({ said: { text, n: state.said.n + 1 } }),
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
