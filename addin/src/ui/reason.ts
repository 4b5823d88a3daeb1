/** Why a room cannot be booked, or what to know of it, in the reader's language; the server's own English where we know no better. */
import type { Reason } from '../api/shapes.ts';
import type { Speech } from '../strings/index.ts';
import { time, weekday } from './format.ts';

const MONDAY = '2024-01-01';

export function reasonText({ code, message, facts = {} }: Reason, { words, locale }: Speech): string {
  const say = words.reason;
  const number = (name: string) => Number(facts[name]);
  const clock = (name: string) => time(`${MONDAY}T${String(facts[name])}:00Z`, { locale, zone: 'UTC' });
  const has = (...names: string[]) => names.every((name) => facts[name] !== undefined);
  switch (code) {
    case 'in_the_past': return say.inThePast;
    case 'needs_approval': return say.needsApproval;
    case 'not_in_group': return has('group') ? say.notInGroup(String(facts.group)) : message;
    case 'group_unknown': return has('group') ? say.groupUnknown(String(facts.group)) : message;
    case 'too_small': return has('seats', 'people') ? say.tooSmall(number('seats'), number('people')) : message;
    case 'beyond_horizon': return has('days') ? say.beyondHorizon(number('days')) : message;
    case 'too_long': return has('minutes') ? say.tooLong(length(number('minutes'), say)) : message;
    case 'outside_service_hours': {
      if (!has('weekday')) return message;
      const day = weekday(number('weekday'), locale);
      return has('from', 'until') ? say.open(day, clock('from'), clock('until')) : say.closed(day);
    }
    default: return message;
  }
}

function length(minutes: number, say: Speech['words']['reason']): string {
  if (minutes % 1440 === 0) return say.days(minutes / 1440);
  return minutes % 60 === 0 ? say.hours(minutes / 60) : say.minutes(minutes);
}
