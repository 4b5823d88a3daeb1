/** Times and places as the person's language writes them, in the zone that is asked for. */

export interface When {
  locale: string;
  zone: string;
}

const made = new Map<string, Intl.DateTimeFormat>();

function formatter(locale: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = locale + JSON.stringify(options);
  let found = made.get(key);
  if (!found) {
    found = new Intl.DateTimeFormat(locale, options);
    made.set(key, found);
  }
  return found;
}

const DAY = { weekday: 'short', day: 'numeric', month: 'short' } as const;

/** 9:00 AM, but 09:00: with a half of the day behind it nobody writes the zero. */
function clock(locale: string): Intl.DateTimeFormatOptions {
  const { hour12 } = formatter(locale, { hour: 'numeric' }).resolvedOptions();
  return { hour: hour12 ? 'numeric' : '2-digit', minute: '2-digit' };
}

export function day(instant: string, { locale, zone }: When): string {
  return formatter(locale, { ...DAY, timeZone: zone }).format(new Date(instant));
}

/** Monday, from 1. */
export function weekday(iso: number, locale: string): string {
  return formatter(locale, { weekday: 'long', timeZone: 'UTC' }).format(new Date(Date.UTC(2024, 0, iso)));
}

export function time(instant: string, { locale, zone }: When): string {
  return formatter(locale, { ...clock(locale), timeZone: zone }).format(new Date(instant));
}

export function sameDay(one: string, other: string, when: When): boolean {
  return day(one, when) === day(other, when) && Math.abs(Date.parse(one) - Date.parse(other)) < 48 * 3_600_000;
}

/** 10:00 – 11:00, or with the days when it runs over midnight. */
export function times(start: string, end: string, when: When): string {
  if (sameDay(start, end, when)) return `${time(start, when)} – ${time(end, when)}`;
  return `${day(start, when)}, ${time(start, when)} – ${day(end, when)}, ${time(end, when)}`;
}

/** Tue 24 Nov, 10:00 – 11:00 */
export function dayAndTimes(start: string, end: string, when: When): string {
  return sameDay(start, end, when) ? `${day(start, when)}, ${times(start, end, when)}` : times(start, end, when);
}

/** A time of the day of `from`, with the day when it is another one. */
export function until(instant: string, from: string, when: When): string {
  return sameDay(instant, from, when) ? time(instant, when) : `${day(instant, when)}, ${time(instant, when)}`;
}

/** Europe/Amsterdam is Amsterdam to people. */
export function city(zone: string): string {
  return (zone.split('/').pop() ?? zone).replace(/_/g, ' ');
}

/**
 * What to call the zone of the appointment. Outlook's own names stand for many cities: only the zone of this computer is
 * surely a city of the person's, any other is called by its general name (Central European Time).
 */
export function zoneName(zone: string, locale: string, here = Intl.DateTimeFormat().resolvedOptions().timeZone): string {
  if (zone === here) return city(zone);
  try {
    const parts = formatter(locale, { timeZone: zone, timeZoneName: 'longGeneric' }).formatToParts(new Date());
    return parts.find((part) => part.type === 'timeZoneName')?.value ?? city(zone);
  } catch {
    return city(zone); // browsers before 2022 know no general names
  }
}

/** Whether two zones show another time at this instant: Amsterdam and Berlin do not. */
export function zonesDiffer(zone: string, other: string | null, instant: string, locale: string): other is string {
  if (!other || zone === other) return false;
  try {
    return dayAndTimes(instant, instant, { locale, zone }) !== dayAndTimes(instant, instant, { locale, zone: other });
  } catch {
    return false; // a zone name that this browser does not know
  }
}
