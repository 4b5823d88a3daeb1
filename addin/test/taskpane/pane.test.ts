import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Failure } from '../../src/api/client.ts';
import { createPane } from '../../src/taskpane/pane.ts';
import { createStore, firstState } from '../../src/taskpane/state.ts';
import { booking, END, room, row, START } from '../people.ts';
import { MadeUpApi, MadeUpOutlook } from './outlook.ts';

const LATER = { start: '2026-11-24T13:00:00.000Z', end: '2026-11-24T14:00:00.000Z' };

beforeEach(() => vi.useFakeTimers({ now: Date.parse('2026-11-24T08:00:00Z') }));
afterEach(() => vi.useRealTimers());
const settle = (ms = 0) => vi.advanceTimersByTimeAsync(ms);

async function open(prepare: (outlook: MadeUpOutlook, api: MadeUpApi) => void = () => undefined) {
  const outlook = new MadeUpOutlook();
  const api = new MadeUpApi();
  prepare(outlook, api);
  const store = createStore(firstState('en-GB'));
  const pane = createPane(store, api, {
    startOutlook: () => Promise.resolve(true), language: () => 'en-GB', openOutlook: () => outlook, signIn: () => Promise.resolve('token'),
  });
  await pane.start();
  await settle();
  return { outlook, api, store, pane, state: () => store.get() };
}

async function booked(prepare?: (outlook: MadeUpOutlook, api: MadeUpApi) => void) {
  const all = await open(prepare);
  all.pane.searching.choose(room('1'));
  all.pane.book();
  await settle();
  return all;
}

describe('opening', () => {
  test('reads the form and asks for rooms', async () => {
    const { state, api } = await open();
    expect(state().stage).toBe('compose');
    expect(api.asked).toEqual([`availability ${START}`]);
    expect(state().rows).toHaveLength(3);
    expect(state().said.text).toBe('2 rooms free of 3.');
  });

  test('outside Outlook, or without an appointment, it says so', async () => {
    const store = createStore(firstState('en-GB'));
    const around = { language: () => 'en', openOutlook: () => null, signIn: () => Promise.resolve() };
    await createPane(store, new MadeUpApi(), { ...around, startOutlook: () => Promise.resolve(false) }).start();
    expect(store.get().stage).toBe('not_outlook');
    await createPane(store, new MadeUpApi(), { ...around, startOutlook: () => Promise.resolve(true) }).start();
    expect(store.get().stage).toBe('no_appointment');
  });

  test('shows the booking that the item remembers', async () => {
    const { state } = await open((outlook, api) => {
      api.keep(booking('confirmed'));
      outlook.kept = { bookings: ['b1'], keys: [] };
    });
    expect(state().bookings.map((one) => one.state)).toEqual(['confirmed']);
  });

  test('finds a booking that the item has forgotten', async () => {
    const { state } = await open((outlook, api) => {
      api.keep(booking('confirmed'));
      outlook.form = { ...outlook.form, rooms: ['room1@contoso.example'] };
    });
    expect(state().bookings.map((one) => one.id)).toEqual(['b1']);
  });

  test('an attendee sees the booking and is asked for no rooms', async () => {
    const { state, api } = await open((outlook) => {
      outlook.kind = 'read';
    });
    expect(state().stage).toBe('read');
    expect(api.asked).toEqual([]);
  });
});

describe('the form changes', () => {
  test('another time asks anew, and what was chosen stays chosen', async () => {
    const { outlook, api, pane, state } = await open();
    pane.searching.choose(room('2'));
    outlook.type(LATER);
    await settle();
    expect(api.asked.at(-1)).toBe(`availability ${LATER.start}`);
    expect(state().chosen.map((one) => one.id)).toEqual(['2']);
  });

  test('another subject asks nothing', async () => {
    const { outlook, api, state } = await open();
    outlook.type({ subject: 'Renamed' });
    await settle();
    expect(api.asked).toHaveLength(1);
    expect(state().form?.subject).toBe('Renamed');
  });
});

describe('booking', () => {
  test('reserves, puts the room on the appointment and remembers the booking in it', async () => {
    const { outlook, state } = await booked();
    expect(state().bookings.map((one) => one.state)).toEqual(['awaiting_appointment']);
    expect(outlook.form.rooms).toEqual(['room1@contoso.example']);
    expect(outlook.kept).toEqual({ bookings: ['b1'], keys: ['ORB-1'] });
    expect(state().chosen).toEqual([]);
  });

  test('books what the form says at the moment of the press', async () => {
    const { api } = await booked((outlook) => {
      const read = outlook.read;
      let first = true;
      outlook.read = () => {
        if (!first) outlook.form = { ...outlook.form, ...LATER };
        first = false;
        return read();
      };
    });
    expect(api.asked).toContain(`book 1 ${LATER.start}`);
  });

  test('with an unknown outcome waits for it before the room is put on the appointment', async () => {
    const { outlook, api, state } = await booked((_, it) => {
      it.next = 'reserving';
    });
    expect(state().bookings[0]?.state).toBe('reserving');
    expect(outlook.form.rooms).toEqual([]);
    api.keep(booking('awaiting_appointment'));
    await settle(1_100);
    expect(state().bookings[0]?.state).toBe('awaiting_appointment');
    expect(outlook.form.rooms).toEqual(['room1@contoso.example']);
  });

  test('that ends refused leaves the appointment alone', async () => {
    const { outlook, api, state } = await booked((_, it) => {
      it.next = 'reserving';
    });
    api.keep(booking('refused', { reason: { code: 'x', message: 'TOPdesk said no.' } }));
    await settle(1_100);
    expect(state().bookings[0]?.state).toBe('refused');
    expect(outlook.form.rooms).toEqual([]);
    expect(outlook.kept.bookings).toEqual([]);
  });

  test('that went unanswered is asked about with the same key', async () => {
    const { api, pane, state } = await booked((_, it) => {
      it.faults = [new Failure('too_slow')];
    });
    expect(state().doing).toMatchObject({ is: 'failed', what: 'book', fault: { code: 'too_slow' } });
    expect(state().chosen.map((one) => one.id)).toEqual(['1']);
    pane.book();
    await settle();
    expect(state().bookings).toHaveLength(1);
    expect(api.keys[0]).toBe(api.keys[1]);
  });

  test('a lost race shows the ways out and looks again', async () => {
    const { api, state } = await booked((_, it) => {
      it.faults = [new Failure('slot_taken', 'Taken.', { alternatives: [{ kind: 'later', ...LATER, room: null }] })];
      it.rows = [row('1'), row('2')];
    });
    expect(state().doing).toMatchObject({ is: 'failed', fault: { alternatives: [{ kind: 'later' }] } });
    expect(api.asked.at(-1)).toBe(`availability ${START}`);
  });

  test('says so when Outlook does not take the room, and the reservation stands', async () => {
    const { outlook, pane, state } = await booked((it) => {
      it.refusesRooms = true;
    });
    expect(state().notice).toBe('room_not_added');
    expect(state().bookings[0]?.state).toBe('awaiting_appointment');
    outlook.refusesRooms = false;
    pane.addRoomAgain();
    await settle();
    expect(state().notice).toBeNull();
    expect(outlook.form.rooms).toEqual(['room1@contoso.example']);
  });

  test('several rooms are one booking', async () => {
    const { api, outlook, pane } = await open();
    pane.searching.several(true);
    pane.searching.choose(room('1'));
    pane.searching.choose(room('2'));
    pane.book();
    await settle();
    expect(api.asked).toContain(`book 1,2 ${START}`);
    expect(outlook.form.rooms).toEqual(['room1@contoso.example', 'room2@contoso.example']);
  });
});

describe('afterwards', () => {
  test('sending is noticed while the pane is open', async () => {
    const { api, state } = await booked();
    api.keep(booking('confirmed'));
    await settle(3_100);
    expect(state().bookings[0]?.state).toBe('confirmed');
    expect(state().said.text).toMatch(/^Confirmed/);
  });

  test('an open pane holds the room before the time is over, once', async () => {
    const { api } = await booked();
    await settle(24 * 60_000);
    expect(api.asked.filter((what) => what.startsWith('hold'))).toEqual([]);
    await settle(2 * 60_000);
    expect(api.asked.filter((what) => what.startsWith('hold'))).toEqual(['hold b1']);
  });

  test('a shifted appointment moves the booking when asked', async () => {
    const { outlook, api, pane, state } = await booked();
    outlook.type(LATER);
    await settle();
    const [one] = state().bookings;
    if (one) pane.followTime(one);
    await settle();
    expect(api.asked).toContain(`move ${LATER.start}`);
    expect(state().bookings[0]).toMatchObject({ state: 'moving', moving_to: LATER });
  });

  test('or the time is set back', async () => {
    const { outlook, pane, state } = await booked();
    outlook.type(LATER);
    await settle();
    const [one] = state().bookings;
    if (one) pane.setTimeBack(one);
    await settle();
    expect([outlook.form.start, outlook.form.end]).toEqual([START, END]);
  });

  test('a refused move leaves the old booking, with ways out that move first and set the time after', async () => {
    const { outlook, api, pane, state } = await booked();
    api.faults = [new Failure('slot_taken', 'Taken.', { alternatives: [{ kind: 'later', ...LATER, room: null }] })];
    outlook.type({ start: '2026-11-24T11:00:00.000Z', end: '2026-11-24T12:00:00.000Z' });
    await settle();
    const [one] = state().bookings;
    if (one) pane.followTime(one);
    await settle();
    expect(state().bookings[0]?.state).toBe('awaiting_appointment');
    await pane.take({ kind: 'later', ...LATER, room: null }, null);
    await settle();
    expect(outlook.form.start).toBe(LATER.start);
    expect(state().bookings[0]?.moving_to).toEqual(LATER);
  });

  test('another room takes the place of the first on the appointment', async () => {
    const { outlook, store, pane } = await booked();
    store.set({ choosing: { is: 'instead', of: 'b1' } });
    pane.searching.choose(room('2'));
    pane.book();
    await settle();
    expect(outlook.form.rooms).toEqual(['room2@contoso.example']);
  });

  test('cancelling takes the room off, and undo books it again with a new key', async () => {
    const { outlook, api, pane, state } = await booked();
    const [one] = state().bookings;
    if (one) pane.cancel(one);
    await settle();
    expect(state().bookings[0]?.state).toBe('cancelled');
    expect(outlook.form.rooms).toEqual([]);
    expect(outlook.kept.bookings).toEqual([]);
    const [gone] = state().bookings;
    if (gone) pane.bookAgain(gone);
    await settle();
    expect(state().bookings[0]?.state).toBe('awaiting_appointment');
    expect(new Set(api.keys).size).toBe(api.keys.length);
  });

  test('a busy room offers a later time, which sets the appointment’s and keeps the room chosen', async () => {
    const { outlook, pane, state } = await open();
    await pane.take({ kind: 'later', ...LATER, room: null }, room('3'));
    await settle();
    expect(outlook.form.start).toBe(LATER.start);
    expect(state().chosen.map((one) => one.id)).toEqual(['3']);
  });

  test('when Outlook keeps its time, the pane says so', async () => {
    const { pane, state } = await open((outlook) => {
      outlook.refusesTime = true;
    });
    await pane.take({ kind: 'later', ...LATER, room: null }, room('3'));
    expect(state().notice).toBe('outlook_refused');
  });

  test('the list is looked at again by itself, quietly, and no room moves', async () => {
    const { api, state } = await open();
    api.rows = [row('2'), row('1', 'busy'), row('3', 'busy')];
    await settle(62_000);
    expect(api.asked).toHaveLength(2);
    expect(state().rows.map((one) => [one.room.id, one.state])).toEqual([['1', 'busy'], ['2', 'free'], ['3', 'busy']]);
  });
});

describe('what is private, late or somebody else’s', () => {
  test('the subject of a private appointment is not sent', async () => {
    const { api, outlook, pane } = await open();
    const sent = vi.spyOn(api, 'book');
    outlook.type({ isPrivate: true, subject: 'Dismissal' });
    await settle();
    pane.searching.choose(room('1'));
    pane.book();
    await settle();
    expect(sent.mock.calls[0]?.[0]).toMatchObject({ private: true, subject: '' });
  });

  test('a search that failed for a passing reason is asked again by itself', async () => {
    const { api, state, pane } = await open();
    const works = api.availability;
    api.availability = () => Promise.reject(new Failure('offline'));
    pane.searching.filter({ text: 'a' });
    await settle(500);
    expect(state().search.is).toBe('failed');
    api.availability = works;
    await settle(16_000);
    expect(state().search.is).toBe('ready');
    expect(state().filters.text).toBe('a');
  });

  test('a search that was refused waits for a person', async () => {
    const { api, state, pane } = await open();
    api.availability = () => Promise.reject(new Failure('not_allowed'));
    pane.searching.filter({ text: 'a' });
    await settle(500);
    const asked = vi.spyOn(api, 'availability');
    await settle(60_000);
    expect(state().search.is).toBe('failed');
    expect(asked).not.toHaveBeenCalled();
  });

  test('who is invited sees how the room stands', async () => {
    const { state } = await open((outlook, api) => {
      outlook.kind = 'read';
      outlook.form = { ...outlook.form, rooms: ['room1@contoso.example'] };
      api.stands = { 'room1@contoso.example': 'confirmed' };
    });
    expect(state().standing).toEqual({ 'room1@contoso.example': 'confirmed' });
  });

  test('my bookings follow what happens while they are looked at', async () => {
    const { api, state, pane } = await booked();
    pane.view('bookings');
    await settle();
    const [mine] = await api.bookings();
    if (!mine) throw new Error('nothing was booked');
    api.known.set(mine.id, { ...mine, state: 'confirmed' });
    await settle(5_000);
    expect(state().mine).toMatchObject({ is: 'ready', value: [{ id: mine.id, state: 'confirmed' }] });
  });
});
