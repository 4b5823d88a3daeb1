/** The pane's conductor: starts it, follows the form, and is what the buttons call. */
import { Failure } from '../api/client.ts';
import type { RoomBooker } from '../api/resources.ts';
import type { Alternative, Booking, Room } from '../api/shapes.ts';
import { meaningOf, roomsOf, slotOfBooking } from '../model/booking.ts';
import { asksTheSame, sameForm, slotOf } from '../model/form.ts';
import { failed, latest, loading, ready } from '../model/remote.ts';
import { speak } from '../strings/index.ts';
import { createBookings } from './booking.ts';
import type { Outlook } from './outlook.ts';
import { createSearching, type Searching } from './searching.ts';
import type { Store } from './state.ts';

/** How often My bookings are fetched again while nothing in them is about to change. */
const MINE_MS = 15_000;

export interface Pane {
  searching: Searching;
  start(): Promise<void>;
  signIn(): void;
  retrySearch(): void;
  book(): void;
  /** Takes a way out that was offered for a room: another time, or another room. */
  take(way: Alternative, room: Room | null): Promise<void>;
  cancel(booking: Booking): void;
  followTime(booking: Booking): void;
  setTimeBack(booking: Booking): void;
  bookAgain(booking: Booking): void;
  addRoomAgain(): void;
  view(view: 'search' | 'bookings'): void;
  loadMine(): void;
  openBooking(id: string | null): void;
}

/** How the pane gets at Outlook and at the person. */
export interface Surroundings {
  startOutlook(): Promise<boolean>;
  language(): string;
  openOutlook(): Outlook | null;
  signIn(): Promise<unknown>;
}

export function createPane(store: Store, api: RoomBooker, around: Surroundings): Pane {
  const searching = createSearching(store, api);
  const bookings = createBookings(store, api);
  let outlook: Outlook | null = null;

  async function reread(): Promise<void> {
    if (!outlook) return;
    const form = await outlook.read();
    const before = store.get().form;
    if (before && sameForm(before, form)) return;
    store.set({ form });
    if (outlook.kind === 'compose' && (!before || !asksTheSame(before, form))) void searching.ask();
  }

  const live = () => store.get().bookings.filter((one) => meaningOf(one.state).live);

  let mineAskedAt = 0;
  /** `quietly` for a look again that nobody pressed for: what is shown stays when it fails. */
  async function loadMine(quietly = false): Promise<void> {
    mineAskedAt = Date.now();
    if (!quietly) store.set({ mine: loading(store.get().mine, Date.now()) });
    try {
      const all = await api.bookings();
      store.set({ mine: ready(all) });
      const { detail } = store.get();
      const opened = detail.is === 'ready' ? detail.value : null;
      const now = opened && all.find((one) => one.id === opened.id);
      if (quietly && opened && now && now.state !== opened.state) fetchDetail(opened.id, opened);
    } catch (fault) {
      if (!quietly) store.set({ mine: failed(store.get().mine, fault instanceof Failure ? fault : new Failure('unknown')) });
    }
  }

  function fetchDetail(id: string, last: Booking | null): void {
    const isOpen = () => {
      const shown = latest(store.get().detail);
      return store.get().detail.is !== 'idle' && (shown === null || shown.id === id);
    };
    api.booking(id).then(
      (booking) => isOpen() && store.set({ detail: ready(booking) }),
      (fault: unknown) => isOpen() && store.set({ detail: { is: 'failed', fault: fault instanceof Failure ? fault : new Failure('unknown'), last } }),
    );
  }

  /** My bookings are followed while they are looked at: soon where something is about to change, else now and then. */
  function lookAtMine(now: number): void {
    const { view, mine, doing } = store.get();
    if (view !== 'bookings' || mine.is !== 'ready' || doing.is === 'working' || document.visibilityState === 'hidden') return;
    const soonest = Math.min(MINE_MS, ...mine.value.map((one) => meaningOf(one.state).lookAgainMs ?? MINE_MS));
    if (now - mineAskedAt >= soonest) void loadMine(true);
  }

  return {
    searching,

    async start() {
      const inside = await around.startOutlook();
      if (!inside) return store.set({ stage: 'not_outlook' });
      store.set({ speech: speak(around.language()) });
      outlook = around.openOutlook();
      if (!outlook) return store.set({ stage: 'no_appointment' });
      const opened = outlook;
      void searching.loadRooms();
      await reread();
      store.set({ stage: opened.kind, restoring: (store.get().form?.rooms.length ?? 0) > 0 });
      opened.watch(() => void reread());
      setInterval(() => {
        bookings.tick(Date.now());
        searching.askIfStale(Date.now());
        lookAtMine(Date.now());
      }, 1_000);
      window.addEventListener('online', () => {
        if (store.get().search.is === 'failed') void searching.ask();
      });
      await bookings.restore(opened);
      store.set({ restoring: false });
    },

    signIn() {
      void around.signIn().then(() => {
        void searching.loadRooms();
        if (outlook) void bookings.restore(outlook);
        if (store.get().view === 'bookings') void loadMine();
        return outlook?.kind === 'compose' ? searching.ask() : undefined;
      }, () => undefined);
    },

    retrySearch: () => void searching.ask(),

    book() {
      const { chosen, choosing, form } = store.get();
      if (!outlook || chosen.length === 0) return;
      const old = choosing.is === 'instead' ? live().find((one) => one.id === choosing.of) : undefined;
      const slot = form && slotOf(form);
      const press = old && slot ? bookings.move(outlook, old, slot, chosen) : bookings.book(outlook, chosen);
      void press.then(() => {
        const { doing } = store.get();
        // The list said free and was wrong: show at once what is true now.
        if (doing.is === 'failed' && doing.fault.code === 'slot_taken') void searching.ask(true);
      });
    },

    async take(way, room) {
      const current = live()[0];
      const target = way.room ?? room;
      const form = store.get().form;
      if (!outlook || !form) return;
      const slot = { start: way.start, end: way.end };
      if (current && store.get().choosing.is !== 'beside') {
        const rooms = target ? [target] : roomsOf(current);
        return bookings.move(outlook, current, slot, rooms);
      }
      if (way.room) searching.offer(way);
      else if (room) store.set({ chosen: [room], opened: room.id, doing: { is: 'nothing' } });
      const now = slotOf(form);
      if (now && Date.parse(now.start) === Date.parse(slot.start) && Date.parse(now.end) === Date.parse(slot.end)) return;
      try {
        await outlook.setTime(slot.start, slot.end);
        store.say(store.get().speech.words.ways.done);
      } catch {
        store.set({ notice: 'outlook_refused' });
      }
      await reread();
    },

    cancel(booking) {
      const ours = store.get().bookings.some((one) => one.id === booking.id);
      void bookings.cancel(ours ? outlook : null, booking);
    },

    followTime(booking) {
      const { form } = store.get();
      const slot = form && slotOf(form);
      if (outlook && slot) void bookings.move(outlook, booking, slot, roomsOf(booking));
    },

    setTimeBack(booking) {
      const slot = slotOfBooking(booking);
      void outlook?.setTime(slot.start, slot.end).then(reread, () => store.set({ notice: 'outlook_refused' }));
    },

    bookAgain(booking) {
      if (!outlook) return;
      const rooms = roomsOf(booking);
      store.set({ bookings: store.get().bookings.filter((one) => one.id !== booking.id), chosen: rooms, several: rooms.length > 1 });
      void bookings.book(outlook, rooms);
    },

    addRoomAgain() {
      const last = live().at(-1);
      if (outlook && last) void bookings.addRooms(outlook, last);
    },

    view(view) {
      store.set({ view, detail: { is: 'idle' }, doing: { is: 'nothing' } });
      if (view === 'bookings') void loadMine();
    },

    loadMine: () => void loadMine(),

    openBooking(id) {
      if (id === null) return store.set({ detail: { is: 'idle' } });
      const known = store.get().mine;
      const last = known.is === 'ready' ? known.value.find((one) => one.id === id) ?? null : null;
      store.set({ detail: { is: 'loading', last, since: Date.now() } });
      fetchDetail(id, last);
    },
  };
}
