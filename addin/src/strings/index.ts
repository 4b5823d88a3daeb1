/** Picks the language of the host. */
import { de } from './de.ts';
import { en, type Strings } from './en.ts';
import { fr } from './fr.ts';
import { nl } from './nl.ts';

export type { Strings };

export interface Speech {
  /** The host's full tag, for dates and times. */
  locale: string;
  /** The language that sentences are in, for the page's lang attribute. */
  language: string;
  words: Strings;
}

const LANGUAGES: Record<string, Strings> = { en, nl, de, fr };

/** `tag` like nl-NL; what we do not speak becomes English, with its own way of writing times. */
export function speak(tag: string): Speech {
  const language = tag.toLowerCase().split('-')[0] ?? 'en';
  const words = LANGUAGES[language];
  return words ? { locale: validTag(tag, language), language, words } : { locale: 'en-GB', language: 'en', words: en };
}

function validTag(tag: string, otherwise: string): string {
  try {
    return Intl.getCanonicalLocales(tag)[0] ?? otherwise;
  } catch {
    return otherwise;
  }
}
