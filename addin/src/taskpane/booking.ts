/** Books, moves and cancels, follows each booking of this appointment, and holds it while the pane is open. */
import { Failure } from '../api/client.ts';
import { createPress } from '../api/press.ts';
import type { RoomBooker } from '../api/resources.ts';
import type { Booking, Room } from '../api/shapes.ts';
import { findBooking, isSettled, meaningOf, newest, roomsOf } from '../model/booking.ts';
import { slotOf, type Form, type Slot } from '../model/form.ts';
import { remainingMs, shouldExtend } from '../model/hold.ts';
import type { Outlook } from './outlook.ts';
import type { Store } from './state.ts';

const LOOK_AT_MOST_EVERY_MS = 60_000;
const HOLD_AGAIN_MS = 30_000;

export interface Bookings {
  /** Fetches what the item remembers, or finds it again among the person's bookings. */
  restore(outlook: Outlook): Promise<void>;
  book(outlook: Outlook, rooms: Room[]): Promise<void>;
  /** Moves a booking to a slot and rooms; sets the appointment's time after the new slot is secured. */
  move(outlook: Outlook, booking: Booking, slot: Slot, rooms: Room[]): Promise<void>;
  cancel(outlook: Outlook | null, booking: Booking): Promise<void>;
  addRooms(outlook: Outlook, booking: Booking): Promise<void>;
  /** Called every second: extends holds. */
  tick(now: number): void;
}

export function createBookings(store: Store, api: RoomBooker): Bookings {
  const presses = { book: createPress(), move: createPress(), cancel: createPress() };
  const looking = new Map<string, ReturnType<typeof setTimeout>>();
  const wholeMs = new Map<string, number>();
  const heldAskedAt = new Map<string, number>();
  const heldEnough = new Set<string>();

  function show(booking: Booking): void {
    const { bookings } = store.get();
    const shown = bookings.find((one) => one.id === booking.id) ?? null;
    const next = newest(shown, booking);
    const words = store.get().speech.words.state[next.state];
    store.set({ bookings: shown ? bookings.map((one) => (one.id === next.id ? next : one)) : [...bookings, next], lookFault: null });
    if (shown?.state !== next.state) store.say(`${words.title}. ${words.text}`);
    const left = remainingMs(next.held_until, Date.now());
    if (left !== null) wholeMs.set(next.id, Math.max(left, wholeMs.get(next.id) ?? 0));
  }

  function follow(booking: Booking, onSettled?: (booking: Booking) => Promise<void>, waitMs?: number): void {
    clearTimeout(looking.get(booking.id));
    const every = meaningOf(booking.state).lookAgainMs;
    if (every === null) return;
    const wait = waitMs ?? every;
    looking.set(booking.id, setTimeout(async () => {
      if (document.visibilityState === 'hidden') return follow(booking, onSettled, wait);
      try {
        const seen = await api.booking(booking.id);
        if (onSettled && isSettled(seen)) {
          await onSettled(seen);
          return follow(seen);
        }
        show(seen);
        follow(seen, onSettled);
      } catch (fault) {
        const failure = fault instanceof Failure ? fault : new Failure('unknown');
        if (failure.code === 'not_found') return;
        store.set({ lookFault: failure });
        follow(booking, onSettled, Math.min(wait * 2, LOOK_AT_MOST_EVERY_MS));
      }
    }, wait));
  }

  function fail(what: 'book' | 'move' | 'cancel', about: string | null, fault: unknown): void {
    const failure = fault instanceof Failure ? fault : new Failure('unknown');
    store.set({ doing: { is: 'failed', what, about, fault: failure } });
  }

  async function keepInItem(outlook: Outlook): Promise<void> {
    const live = store.get().bookings.filter((one) => meaningOf(one.state).live);
    const kept = await outlook.remember({
      bookings: live.map((one) => one.id),
      keys: live.flatMap((one) => one.rooms.flatMap((room) => room.match_key ?? [])),
    });
    if (!kept) store.set({ notice: store.get().notice ?? 'not_remembered' });
  }

  async function addRooms(outlook: Outlook, booking: Booking): Promise<void> {
    try {
      for (const room of roomsOf(booking)) await outlook.addRoom({ name: room.name, mailbox: room.mailbox });
      if (store.get().notice === 'room_not_added') store.set({ notice: null });
    } catch {
      store.set({ notice: 'room_not_added' });
    }
  }

  /** Only when the room is on the appointment it is called reserved: who reads that may press Send at once. */
  async function arrived(outlook: Outlook, booking: Booking): Promise<void> {
    if (meaningOf(booking.state).live) await addRooms(outlook, booking);
    show(booking);
    if (meaningOf(booking.state).live) await keepInItem(outlook);
  }

  /** Somebody invited may know how the room stands, and nothing else of the booking. */
  async function lookUp(form: Form): Promise<void> {
    const slot = slotOf(form);
    if (!slot) return;
    await Promise.all(form.rooms.map(async (mailbox) => {
      const state = await api.appointment(slot.start, mailbox).catch(() => null);
      store.set({ standing: { ...store.get().standing, [mailbox]: state } });
    }));
  }

  return {
    addRooms,

    async restore(outlook) {
      const form = store.get().form;
      const ids = (await outlook.recall()).bookings;
      const found: Booking[] = [];
      let fault: Failure | null = null;
      for (const id of ids) {
        try {
          found.push(await api.booking(id));
        } catch (failure) {
          if (failure instanceof Failure && failure.code !== 'not_found' && failure.code !== 'not_allowed') fault = failure;
        }
      }
      if (found.length === 0 && form && form.rooms.length > 0) {
        // Items lose their properties now and then (office-js #1508, #3768), and bookings come from phones too.
        const again = await api.bookings().then((all) => findBooking(all, form), () => null);
        if (again) found.push(again);
      }
      // A booking given back long ago is history, not the state of this appointment.
      const worth = found.filter((one) => meaningOf(one.state).live || one.state === 'reserving' || one.state === 'releasing');
      for (const booking of worth) {
        show(booking);
        follow(booking, outlook.kind === 'compose' && !isSettled(booking) ? (seen) => arrived(outlook, seen) : undefined);
      }
      if (fault) store.set({ lookFault: fault });
      if (worth.length === 0 && outlook.kind === 'read' && form) await lookUp(form);
    },

    async book(outlook, rooms) {
      store.set({ doing: { is: 'working', what: 'book', about: null }, notice: null });
      try {
        // The form may have changed since it was last read; what is booked is what it says now.
        const form = await outlook.read();
        store.set({ form });
        const slot = slotOf(form);
        if (!slot) throw new Failure('invalid_input', store.get().speech.words.form.noTime);
        const wish = {
          rooms: rooms.map((room) => room.id), ...slot, subject: form.isPrivate ? '' : form.subject, organizer: form.organizer,
          attendees: form.persons, ...(form.isPrivate ? { private: true } : {}), ...(form.recurrence ? { recurrence: form.recurrence } : {}),
        };
        const booking = await presses.book.run(wish, (key) => api.book(wish, key));
        const shown = { doing: { is: 'nothing' }, chosen: [], opened: null, several: false, choosing: { is: 'no' } } as const;
        if (isSettled(booking)) {
          await arrived(outlook, booking);
          store.set({ ...shown, chosen: [] });
          follow(booking);
        } else {
          store.set({ ...shown, chosen: [] });
          show(booking);
          follow(booking, (seen) => arrived(outlook, seen));
        }
      } catch (fault) {
        fail('book', null, fault);
      }
    },

    async move(outlook, booking, slot, rooms) {
      store.set({ doing: { is: 'working', what: 'move', about: booking.id }, notice: null });
      try {
        const wish = { start: slot.start, end: slot.end, rooms: rooms.map((room) => room.id) };
        const moved = await presses.move.run([booking.id, wish], (key) => api.move(booking.id, wish, key));
        store.set({ doing: { is: 'nothing' }, chosen: [], opened: null, choosing: { is: 'no' } });
        show(moved);
        follow(moved);
        const form = await outlook.read();
        const now = slotOf(form);
        if (!now || now.start !== slot.start || now.end !== slot.end) {
          await outlook.setTime(slot.start, slot.end).catch(() => store.set({ notice: 'outlook_refused' }));
        }
        const gone = roomsOf(booking).filter((old) => !rooms.some((room) => room.id === old.id));
        for (const room of rooms) {
          await outlook.addRoom({ name: room.name, mailbox: room.mailbox }).catch(() => store.set({ notice: 'room_not_added' }));
        }
        for (const room of gone) await outlook.removeRoom({ name: room.name, mailbox: room.mailbox }).catch(() => undefined);
        await keepInItem(outlook);
      } catch (fault) {
        fail('move', booking.id, fault);
      }
    },

    async cancel(outlook, booking) {
      store.set({ doing: { is: 'working', what: 'cancel', about: booking.id } });
      try {
        const gone = await presses.cancel.run(booking.id, (key) => api.cancel(booking.id, key));
        store.set({ doing: { is: 'nothing' } });
        const { bookings, mine } = store.get();
        if (mine.is === 'ready') store.set({ mine: { ...mine, value: mine.value.map((one) => (one.id === gone.id ? gone : one)) } });
        if (!bookings.some((one) => one.id === gone.id)) {
          store.say(store.get().speech.words.state[gone.state].title);
          return;
        }
        show(gone);
        follow(gone);
        if (!outlook || outlook.kind !== 'compose') return;
        for (const room of roomsOf(gone)) {
          await outlook.removeRoom({ name: room.name, mailbox: room.mailbox }).catch(() => undefined);
        }
        await keepInItem(outlook);
      } catch (fault) {
        fail('cancel', booking.id, fault);
      }
    },

    tick(now) {
      for (const booking of store.get().bookings) {
        const left = remainingMs(booking.held_until, now);
        if (left === null || booking.state !== 'awaiting_appointment' || heldEnough.has(booking.id)) continue;
        if (!shouldExtend(left, wholeMs.get(booking.id) ?? left)) continue;
        if (now - (heldAskedAt.get(booking.id) ?? 0) < Math.min(HOLD_AGAIN_MS, left / 2)) continue;
        heldAskedAt.set(booking.id, now);
        api.hold(booking.id).then(
          (until) => {
            const shown = store.get().bookings.find((one) => one.id === booking.id);
            // The same end again: four hours are over, the server gives no more.
            if (until === shown?.held_until) heldEnough.add(booking.id);
            if (shown) show({ ...shown, held_until: until });
          },
          (fault: unknown) => {
            if (fault instanceof Failure && !fault.leavesDoubt) heldEnough.add(booking.id);
          },
        );
      }
    },
  };
}

