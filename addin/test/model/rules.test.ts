import { describe, expect, test } from 'vitest';
import { BOOKING_STATES } from '../../src/api/shapes.ts';
import { driftOf, findBooking, isSettled, meaningOf, newest } from '../../src/model/booking.ts';
import { asksTheSame, sameForm, slotOf } from '../../src/model/form.ts';
import { remainingMs, shouldExtend } from '../../src/model/hold.ts';
import { bookable, choicesOf, NO_FILTERS, reconcile, toQuery } from '../../src/model/list.ts';
import { failed, idle, latest, loading, ready, type Remote } from '../../src/model/remote.ts';
import { booking, END, form, room, row, START } from '../people.ts';

describe('the form', () => {
  test('seconds are cut off, as TOPdesk keeps whole minutes', () => {
    expect(slotOf(form({ start: '2026-11-24T09:00:59.999Z' }))).toEqual({ start: START, end: END });
  });

  test('an end before or at the start cannot be searched for', () => {
    expect(slotOf(form({ end: START }))).toBeNull();
    expect(slotOf(form({ start: null }))).toBeNull();
  });

  test('another subject or room asks for no new search, another time or more people do', () => {
    expect(asksTheSame(form(), form({ subject: 'Other', rooms: ['x@y'] }))).toBe(true);
    expect(sameForm(form(), form({ subject: 'Other' }))).toBe(false);
    expect(asksTheSame(form(), form({ end: '2026-11-24T10:30:00.000Z' }))).toBe(false);
    expect(asksTheSame(form(), form({ persons: 4 }))).toBe(false);
  });
});

describe('the list', () => {
  test('a new question is shown as the server ranked it', () => {
    expect(reconcile([row('1'), row('2')], [row('2'), row('1')], false).map((one) => one.room.id)).toEqual(['2', '1']);
  });

  test('the same question asked again never moves a room, but tells its new state', () => {
    const again = reconcile([row('1'), row('2'), row('3')], [row('3'), row('9'), row('1', 'busy')], true);
    expect(again.map((one) => [one.room.id, one.state])).toEqual([['1', 'busy'], ['3', 'free'], ['9', 'free']]);
  });

  test('what was chosen stays chosen when a filter hides it, and is not bookable once taken', () => {
    expect(bookable([room('1'), room('7')], [row('1', 'busy')]).map((one) => one.id)).toEqual(['7']);
  });

  test('seats follow the number of people until somebody says otherwise', () => {
    expect(toQuery(NO_FILTERS, 6, 'a@b').capacity).toBe(6);
    expect(toQuery({ ...NO_FILTERS, capacity: 20, text: '  maas ' }, 6, '')).toEqual({ capacity: 20, text: 'maas' });
  });

  test('filters offer each building and thing once', () => {
    const rooms = [room('1', { building: 'B', equipment: ['Screen'] }), room('2', { building: 'A', equipment: ['Screen', 'Video'] }), room('3', { building: null })];
    expect(choicesOf(rooms)).toEqual({ buildings: ['A', 'B'], equipment: ['Screen', 'Video'] });
  });
});

describe('something fetched', () => {
  test('what was there stays in sight while it loads and when it fails', () => {
    const arrived: Remote<string, string> = ready('old');
    expect(latest(loading(arrived, 1))).toBe('old');
    expect(latest(failed(loading(arrived, 1), 'away'))).toBe('old');
    expect(latest(idle)).toBeNull();
  });
});

describe('a booking', () => {
  test.each(BOOKING_STATES)('%s is looked at again exactly as long as it can change', (state) => {
    const { live, lookAgainMs } = meaningOf(state);
    const final = state === 'released' || state === 'cancelled' || state === 'refused';
    expect(lookAgainMs === null).toBe(final);
    if (final) expect(live).toBe(false);
  });

  test('only reserving and releasing are without an outcome', () => {
    expect(BOOKING_STATES.filter((state) => !isSettled(booking(state)))).toEqual(['reserving', 'releasing']);
  });

  test('a shifted appointment drifts from its booking until the move is under way', () => {
    const later = { start: '2026-11-24T13:00:00.000Z', end: '2026-11-24T14:00:00.000Z' };
    expect(driftOf(form(later), booking('confirmed'))).toEqual(later);
    expect(driftOf(form(later), booking('moving', { moving_to: later }))).toBeNull();
    expect(driftOf(form(later), booking('cancelled'))).toBeNull();
    expect(driftOf(form(), booking('confirmed', { start: '2026-11-24T10:00:00+01:00' }))).toBeNull();
  });

  test('a forgotten booking is found again by its time and its room', () => {
    const all = [booking('cancelled'), booking('confirmed', { id: 'b2' })];
    expect(findBooking(all, form({ rooms: ['room1@contoso.example'] }))?.id).toBe('b2');
    expect(findBooking(all, form({ rooms: ['room2@contoso.example'] }))).toBeNull();
  });

  test('an answer without a timeline does not wipe the one that is shown', () => {
    const story = [{ at: START, kind: 'x', message: 'Booked', by: null }];
    expect(newest(booking('confirmed', { timeline: story }), booking('moving'))).toMatchObject({ state: 'moving', timeline: story });
  });
});

describe('a hold', () => {
  const now = Date.parse(START);
  test('never counts below zero', () => {
    expect(remainingMs('2026-11-24T08:00:00Z', now)).toBe(0);
    expect(remainingMs(null, now)).toBeNull();
  });

  test('is extended below five minutes, and a short one at its half', () => {
    expect(shouldExtend(6 * 60_000, 30 * 60_000)).toBe(false);
    expect(shouldExtend(4 * 60_000, 30 * 60_000)).toBe(true);
    expect(shouldExtend(5_000, 12_000)).toBe(true);
    expect(shouldExtend(7_000, 12_000)).toBe(false);
    expect(shouldExtend(0, 12_000)).toBe(false);
  });
});
