import { expect, test } from 'vitest';
import { speak } from '../../src/strings/index.ts';
import { reasonText } from '../../src/ui/reason.ts';

const said = (tag: string, code: string, facts?: Record<string, string | number>) =>
  reasonText({ code, message: 'The server’s own words.', ...(facts ? { facts } : {}) }, speak(tag));

test.each([
  ['en-GB', 'Only Management board may book this room.'], ['nl-NL', 'Alleen Management board mag deze ruimte boeken.'],
  ['de-DE', 'Nur Management board darf diesen Raum buchen.'], ['fr-FR', 'Seul le groupe « Management board » peut réserver cette salle.'],
])('%s says for whom a room is', (tag, sentence) => {
  expect(said(tag, 'not_in_group', { group: 'Management board' })).toBe(sentence);
  expect(said(tag, 'group_unknown', { group: 'Management board' })).toContain('Management board');
});

test('opening hours are told with the reader’s weekday and clock', () => {
  expect(said('nl-NL', 'outside_service_hours', { weekday: 2, from: '12:00', until: '18:30' })).toBe('Op dinsdag is deze ruimte open van 12:00 tot 18:30.');
  expect(said('en-US', 'outside_service_hours', { weekday: 7 })).toBe('This room is closed on Sunday.');
});

test('lengths are told in the largest unit that fits', () => {
  expect([1440, 120, 90].map((minutes) => said('de-DE', 'too_long', { minutes }))).toEqual([
    'Dieser Raum kann höchstens 1 Tag am Stück gebucht werden.', 'Dieser Raum kann höchstens 2 Stunden am Stück gebucht werden.',
    'Dieser Raum kann höchstens 90 Minuten am Stück gebucht werden.',
  ]);
});

test('what we have no words or facts for stays as the server said it', () => {
  expect(said('fr-FR', 'room_broken')).toBe('The server’s own words.');
  expect(said('fr-FR', 'too_small')).toBe('The server’s own words.');
});
