import { describe, expect, test } from 'vitest';
import { toPatternedRecurrence, type OfficeRecurrence } from '../../src/model/recurrence.ts';

const ZONE = 'Europe/Amsterdam';

function office(recurrenceType: string, recurrenceProperties: OfficeRecurrence['recurrenceProperties'], end: string | null = '2027-05-18'): OfficeRecurrence {
  return { recurrenceType, recurrenceProperties: recurrenceProperties ?? {}, seriesTime: { getStartDate: () => '2026-11-24', getEndDate: () => end } };
}

describe('a pattern of Outlook becomes one of Graph', () => {
  test.each([
    ['daily', { interval: 3 }, { type: 'daily', interval: 3 }],
    ['weekly', { interval: 2, days: ['tue', 'thu'], firstDayOfWeek: 'sun' }, { type: 'weekly', interval: 2, daysOfWeek: ['tuesday', 'thursday'], firstDayOfWeek: 'sunday' }],
    ['weekday', {}, { type: 'weekly', interval: 1, daysOfWeek: ['monday', 'tuesday', 'wednesday', 'thursday', 'friday'], firstDayOfWeek: 'monday' }],
    ['monthly', { interval: 1, dayOfMonth: 31 }, { type: 'absoluteMonthly', interval: 1, dayOfMonth: 31 }],
    ['monthly', { interval: 1, dayOfWeek: 'weekendDay', weekNumber: 'last' }, { type: 'relativeMonthly', interval: 1, daysOfWeek: ['saturday', 'sunday'], index: 'last' }],
    ['yearly', { interval: 1, month: 'nov', dayOfMonth: 24 }, { type: 'absoluteYearly', interval: 1, month: 11, dayOfMonth: 24 }],
    ['yearly', { interval: 1, month: 'feb', dayOfWeek: 'Mon', weekNumber: 'second' }, { type: 'relativeYearly', interval: 1, month: 2, daysOfWeek: ['monday'], index: 'second' }],
  ])('%s %o', (type, given, wanted) => {
    expect(toPatternedRecurrence(office(type, given), ZONE)?.pattern).toEqual(wanted);
  });
});

test('the series keeps its wall-clock time in an IANA zone', () => {
  expect(toPatternedRecurrence(office('daily', { interval: 1 }), ZONE)?.range).toEqual({
    type: 'endDate', startDate: '2026-11-24', endDate: '2027-05-18', recurrenceTimeZone: ZONE,
  });
});

test('a series without an end has none', () => {
  expect(toPatternedRecurrence(office('daily', { interval: 1 }, null), ZONE)?.range).toEqual({ type: 'noEnd', startDate: '2026-11-24', recurrenceTimeZone: ZONE });
});

test('dates without leading zeros, as some clients write them, are understood', () => {
  const loose = { ...office('daily', { interval: 1 }), seriesTime: { getStartDate: () => '2027-3-7', getEndDate: () => '2027-3-28T00:00' } };
  expect(toPatternedRecurrence(loose, ZONE)?.range).toMatchObject({ startDate: '2027-03-07', endDate: '2027-03-28' });
});

test('what we do not understand is no series rather than a wrong one', () => {
  expect(toPatternedRecurrence(office('lunar', {}), ZONE)).toBeNull();
  expect(toPatternedRecurrence(office('weekly', { interval: 1, days: [] }), ZONE)).toBeNull();
});
