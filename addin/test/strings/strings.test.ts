import { describe, expect, test } from 'vitest';
import { de } from '../../src/strings/de.ts';
import { en } from '../../src/strings/en.ts';
import { fr } from '../../src/strings/fr.ts';
import { speak } from '../../src/strings/index.ts';
import { nl } from '../../src/strings/nl.ts';

/** Every leaf as text, functions called with plain arguments. */
function leaves(node: unknown, path = ''): Array<[string, string]> {
  if (typeof node === 'string') return [[path, node]];
  if (typeof node === 'function') return [[path, String(node(...[3, 5, 7].slice(0, Math.max(node.length, 1))))]];
  return Object.entries(node as object).flatMap(([name, value]) => leaves(value, `${path}.${name}`));
}

describe.each([['nl', nl], ['de', de], ['fr', fr]] as const)('%s', (_, language) => {
  test('says everything, with the same numbers in it as English', () => {
    const other = new Map(leaves(language));
    for (const [path, text] of leaves(en)) {
      const said = other.get(path) ?? '';
      expect(said.trim(), path).not.toBe('');
      expect((said.match(/\d+/g) ?? []).sort(), path).toEqual((text.match(/\d+/g) ?? []).sort());
    }
  });

  test('leaves no sentence in English', () => {
    const english = new Map(leaves(en));
    const same = leaves(language).filter(([path, text]) => (text.match(/[a-z]{2,}/gi) ?? []).length > 2 && english.get(path) === text);
    expect(same).toEqual([]);
  });
});

test('the host’s language is spoken, English where we have none', () => {
  expect(speak('nl-NL')).toMatchObject({ language: 'nl', locale: 'nl-NL' });
  expect(speak('DE-ch').words).toBe(de);
  expect(speak('ja-JP')).toMatchObject({ language: 'en', locale: 'en-GB' });
  expect(speak('en-US').locale).toBe('en-US');
});

test('one is not many', () => {
  expect([en.room.seats(1), en.room.seats(2), nl.form.persons(1), fr.room.seats(0)]).toEqual(['1 seat', '2 seats', '1 persoon', '0 place']);
});
