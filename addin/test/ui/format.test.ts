import { expect, test } from 'vitest';
import { city, dayAndTimes, until, zonesDiffer } from '../../src/ui/format.ts';

/** Some versions of the time tables write Tue, 24 Nov. */
const plain = (text: string) => text.replace(/\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun),/g, '$1');
const WHEN = { locale: 'en-GB', zone: 'Europe/Amsterdam' };

test('a slot is told in the appointment’s zone, also across the change to summer time', () => {
  expect(plain(dayAndTimes('2026-11-24T09:00:00Z', '2026-11-24T10:00:00Z', WHEN))).toBe('Tue 24 Nov, 10:00 – 11:00');
  expect(plain(dayAndTimes('2027-03-28T00:30:00Z', '2027-03-28T01:30:00Z', WHEN))).toBe('Sun 28 Mar, 01:30 – 03:30');
});

test('a slot over midnight names both days', () => {
  expect(plain(dayAndTimes('2026-11-24T22:30:00Z', '2026-11-24T23:30:00Z', WHEN))).toBe('Tue 24 Nov, 23:30 – Wed 25 Nov, 00:30');
});

test('another day is named only when it is another day', () => {
  expect(plain(until('2026-11-24T11:00:00Z', '2026-11-24T09:00:00Z', WHEN))).toBe('12:00');
  expect(plain(until('2026-11-25T11:00:00Z', '2026-11-24T09:00:00Z', WHEN))).toBe('Wed 25 Nov, 12:00');
});

test('a room’s zone is shown only when its clock differs', () => {
  expect(zonesDiffer('Europe/Amsterdam', 'Europe/Berlin', '2026-11-24T09:00:00Z', 'en-GB')).toBe(false);
  expect(zonesDiffer('Europe/Amsterdam', 'Europe/London', '2026-11-24T09:00:00Z', 'en-GB')).toBe(true);
  expect(zonesDiffer('Europe/Amsterdam', 'Mars/Olympus', '2026-11-24T09:00:00Z', 'en-GB')).toBe(false);
  expect(zonesDiffer('Europe/Amsterdam', null, '2026-11-24T09:00:00Z', 'en-GB')).toBe(false);
  expect(city('America/New_York')).toBe('New York');
});
