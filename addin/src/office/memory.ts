/** Remembers in the item itself which booking belongs to it (custom properties; session data where there is any). */
import { supports, type Compose, type Read } from './host.ts';
import { ask, askOr } from './queue.ts';

const NAME = 'roomBookerBookings';
const TRIES = 3;

/** What is written: booking ids and the match keys stamped into TOPdesk. Well below the 2,500 characters allowed. */
export interface Remembered {
  bookings: string[];
  keys: string[];
}

const NOTHING: Remembered = { bookings: [], keys: [] };

export async function recall(item: Compose | Read): Promise<Remembered> {
  const properties = await askOr<Office.CustomProperties | null>((done) => item.loadCustomPropertiesAsync(done), null);
  const kept = parse(properties?.get(NAME));
  if (kept.bookings.length > 0) return kept;
  if (supports('1.11') && 'sessionData' in item && item.sessionData) {
    return parse(await askOr<string | null>((done) => item.sessionData.getAsync(NAME, done), null));
  }
  return NOTHING;
}

/** Tries again: the new Outlook loses the first save of a fresh item now and then (office-js #6624). */
export async function remember(item: Compose, remembered: Remembered): Promise<boolean> {
  const text = JSON.stringify(remembered);
  if (supports('1.11') && item.sessionData) {
    await askOr<void>((done) => item.sessionData.setAsync(NAME, text, done), undefined);
  }
  for (let attempt = 1; attempt <= TRIES; attempt += 1) {
    try {
      const properties = await ask<Office.CustomProperties>((done) => item.loadCustomPropertiesAsync(done));
      properties.set(NAME, text);
      await ask<void>((done) => properties.saveAsync(done));
      return true;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, attempt * 400));
    }
  }
  return false;
}

function parse(text: unknown): Remembered {
  if (typeof text !== 'string' || !text) return NOTHING;
  try {
    const found: unknown = JSON.parse(text);
    if (typeof found !== 'object' || found === null) return NOTHING;
    return {
      bookings: 'bookings' in found ? strings(found.bookings) : [],
      keys: 'keys' in found ? strings(found.keys) : [],
    };
  } catch {
    return NOTHING;
  }
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : [];
}
