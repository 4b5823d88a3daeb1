/** Outlook's recurrence as Graph's patternedRecurrence. */
import type { PatternedRecurrence } from '../api/shapes.ts';

/** The part of Office.Recurrence that this needs; a test can write one without Office. */
export interface OfficeRecurrence {
  recurrenceType: string;
  recurrenceProperties?: {
    interval?: number;
    dayOfMonth?: number;
    dayOfWeek?: string;
    days?: string[];
    weekNumber?: string;
    month?: string;
    firstDayOfWeek?: string;
  };
  seriesTime: { getStartDate(): string; getEndDate(): string | null };
}

const DAYS: Record<string, string> = {
  sun: 'sunday', mon: 'monday', tue: 'tuesday', wed: 'wednesday', thu: 'thursday', fri: 'friday', sat: 'saturday',
};
const WORKING_DAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday'];
const WEEKEND = ['saturday', 'sunday'];
const EVERY_DAY = [...WORKING_DAYS, ...WEEKEND];
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/**
 * `zone` is the IANA zone in which the series keeps its wall-clock time. Null for a pattern that we do not know,
 * which the pane then treats as a single appointment and says so.
 */
export function toPatternedRecurrence(recurrence: OfficeRecurrence, zone: string): PatternedRecurrence | null {
  const pattern = toPattern(recurrence);
  const startDate = isoDate(recurrence.seriesTime?.getStartDate());
  if (!pattern || !startDate) return null;
  const endDate = isoDate(recurrence.seriesTime.getEndDate());
  return {
    pattern,
    range: endDate
      ? { type: 'endDate', startDate, endDate, recurrenceTimeZone: zone }
      : { type: 'noEnd', startDate, recurrenceTimeZone: zone },
  };
}

function toPattern(recurrence: OfficeRecurrence): PatternedRecurrence['pattern'] | null {
  const given = recurrence.recurrenceProperties ?? {};
  const interval = given.interval && given.interval > 0 ? given.interval : 1;
  const firstDayOfWeek = DAYS[key(given.firstDayOfWeek)] ?? 'monday';
  switch (recurrence.recurrenceType?.toLowerCase()) {
    case 'daily':
      return { type: 'daily', interval };
    case 'weekday':
      return { type: 'weekly', interval: 1, daysOfWeek: WORKING_DAYS, firstDayOfWeek };
    case 'weekly': {
      const daysOfWeek = (given.days ?? []).flatMap((day) => days(day));
      return daysOfWeek.length > 0 ? { type: 'weekly', interval, daysOfWeek, firstDayOfWeek } : null;
    }
    case 'monthly':
      if (given.dayOfMonth) return { type: 'absoluteMonthly', interval, dayOfMonth: given.dayOfMonth };
      return given.dayOfWeek ? { type: 'relativeMonthly', interval, ...relative(given) } : null;
    case 'yearly': {
      const month = MONTHS.indexOf(key(given.month)) + 1;
      if (month === 0) return null;
      if (given.dayOfMonth) return { type: 'absoluteYearly', interval, month, dayOfMonth: given.dayOfMonth };
      return given.dayOfWeek ? { type: 'relativeYearly', interval, month, ...relative(given) } : null;
    }
    default:
      return null;
  }
}

function relative(given: { dayOfWeek?: string; weekNumber?: string }): { daysOfWeek: string[]; index: string } {
  return { daysOfWeek: days(given.dayOfWeek ?? ''), index: given.weekNumber?.toLowerCase() || 'first' };
}

/** Outlook has words for groups of days that Graph spells out. */
function days(name: string): string[] {
  const whole = name.toLowerCase();
  if (whole === 'day') return EVERY_DAY;
  if (whole === 'weekday') return WORKING_DAYS;
  if (whole === 'weekendday') return WEEKEND;
  const day = DAYS[key(name)];
  return day ? [day] : [];
}

function key(name: string | undefined): string {
  return (name ?? '').slice(0, 3).toLowerCase();
}

/** Some clients write 2026-3-7, some put a time behind it. */
function isoDate(text: string | null | undefined): string | null {
  const match = /^(\d{4})-(\d{1,2})-(\d{1,2})/.exec(text ?? '');
  return match ? `${match[1]}-${match[2]?.padStart(2, '0')}-${match[3]?.padStart(2, '0')}` : null;
}
