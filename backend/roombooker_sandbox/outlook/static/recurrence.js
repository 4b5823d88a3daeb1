/** Series: Graph's pattern and range, the dates they mean, Office's spelling of the same, and words for people. */

import { offsetMinutes, instant, plusDays, sayDate, wallClock, weekday, windowsName } from "./zones.js";

export const DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
const ORDINALS = ["first", "second", "third", "fourth", "last"];
const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/** The dates of a series, in order, at most `limit`. @returns {string[]} */
export function datesOf({ pattern, range }, limit = 999) {
  const dates = [];
  const until = range.type === "endDate" ? range.endDate : "9999-12-31";
  const count = range.type === "numbered" ? Math.min(limit, range.numberOfOccurrences) : limit;
  const interval = pattern.interval || 1;
  const take = (date) => (date >= range.startDate && date <= until && dates.length < count ? dates.push(date) : 0);
  const { startDate } = range;
  const monday = plusDays(startDate, -weekday(startDate));
  const [year, month] = startDate.split("-").map(Number);
  for (let step = 0; dates.length < count && step < 4000; step += interval) {
    if (pattern.type === "daily") {
      if (plusDays(startDate, step) > until) break;
      take(plusDays(startDate, step));
    } else if (pattern.type === "weekly") {
      if (plusDays(monday, step * 7) > until) break;
      for (let day = 0; day < 7; day++) if (pattern.daysOfWeek.includes(DAYS[day])) take(plusDays(monday, step * 7 + day));
    } else {
      const index = month - 1 + step * (pattern.type.endsWith("Yearly") ? 12 : 1);
      const first = new Date(Date.UTC(year, pattern.type.endsWith("Yearly") && pattern.month ? pattern.month - 1 + step * 12 : index, 1)).toISOString().slice(0, 10);
      if (first > until) break;
      take(pattern.type.startsWith("absolute") ? dayOfMonth(first, pattern.dayOfMonth) : nthDay(first, pattern));
    }
  }
  return dates;
}

function lengthOfMonth(first) {
  const [year, month] = first.split("-").map(Number);
  return new Date(Date.UTC(year, month, 0)).getUTCDate();
}

const dayOfMonth = (first, day) => plusDays(first, Math.min(day, lengthOfMonth(first)) - 1);

function nthDay(first, { index, daysOfWeek }) {
  const days = Array.from({ length: lengthOfMonth(first) }, (_, day) => plusDays(first, day)).filter((date) => daysOfWeek.includes(DAYS[weekday(date)]));
  return index === "last" ? days.at(-1) : days[ORDINALS.indexOf(index)];
}

/** A relative monthly pattern that the date itself fulfils. @param {string} date */
export function relativeMonthly(date, interval = 1) {
  const nth = Math.floor((Number(date.slice(8)) - 1) / 7);
  return { type: "relativeMonthly", interval, daysOfWeek: [DAYS[weekday(date)]], index: ORDINALS[Math.min(nth, 4)] };
}

/** @returns {any} Office's recurrence as plain data (the pane wraps seriesTime) */
export function toOffice({ pattern, range }, startMs, endMs, zone) {
  const properties = { interval: pattern.interval || 1 };
  const days = (pattern.daysOfWeek ?? []).map((day) => day.slice(0, 3));
  if (pattern.type === "weekly") Object.assign(properties, { days, firstDayOfWeek: (pattern.firstDayOfWeek ?? "monday").slice(0, 3) });
  if (pattern.type.startsWith("absolute")) properties.dayOfMonth = pattern.dayOfMonth;
  if (pattern.type.startsWith("relative")) Object.assign(properties, { dayOfWeek: days[0], weekNumber: pattern.index });
  if (pattern.type.endsWith("Yearly")) properties.month = MONTHS[(pattern.month ?? 1) - 1];
  const type = pattern.type.replace("absolute", "").replace("relative", "").toLowerCase();
  const [hours, minutes] = wallClock(startMs, zone).time.split(":").map(Number);
  const endDate = range.type === "noEnd" ? null : range.type === "endDate" ? range.endDate : datesOf({ pattern, range }).at(-1);
  return {
    recurrenceType: type, recurrenceProperties: properties,
    recurrenceTimeZone: { name: windowsName(zone), offset: offsetMinutes(startMs, zone) },
    seriesTime: { startDate: range.startDate, endDate, startMinutes: hours * 60 + minutes, durationMinutes: Math.round((endMs - startMs) / 60000) },
  };
}

/** @param {any} office what the add-in set @param {string} zone @returns {{recurrence: any, start: number, end: number}} ms */
export function fromOffice(office, zone) {
  const { recurrenceType, recurrenceProperties: given, seriesTime } = office;
  const interval = given?.interval ?? 1;
  const full = (day) => DAYS.find((each) => each.startsWith(day.toLowerCase()));
  let pattern = { type: "daily", interval };
  if (recurrenceType === "weekday") pattern = { type: "weekly", interval: 1, daysOfWeek: DAYS.slice(0, 5), firstDayOfWeek: "monday" };
  if (recurrenceType === "weekly") pattern = { type: "weekly", interval, daysOfWeek: given.days.map(full), firstDayOfWeek: full(given.firstDayOfWeek ?? "mon") };
  if (recurrenceType === "monthly" || recurrenceType === "yearly") {
    const kind = recurrenceType === "monthly" ? "Monthly" : "Yearly";
    const where = given.dayOfMonth ? { type: `absolute${kind}`, dayOfMonth: given.dayOfMonth } : { type: `relative${kind}`, daysOfWeek: [full(given.dayOfWeek)], index: given.weekNumber };
    pattern = { ...where, interval, ...(given.month && { month: MONTHS.indexOf(given.month) + 1 }) };
  }
  const range = { type: seriesTime.endDate ? "endDate" : "noEnd", startDate: seriesTime.startDate, ...(seriesTime.endDate && { endDate: seriesTime.endDate }), recurrenceTimeZone: zone };
  const clock = `${String(Math.floor(seriesTime.startMinutes / 60)).padStart(2, "0")}:${String(seriesTime.startMinutes % 60).padStart(2, "0")}`;
  const first = datesOf({ pattern, range }, 1)[0];
  if (!first) return null;
  const start = instant(first, clock, zone);
  return { recurrence: { pattern, range: { ...range, startDate: first } }, start, end: start + seriesTime.durationMinutes * 60000 };
}

/** @returns {string} "Every 2 weeks on Mon, Wed until 1 Feb 2027" */
export function describe({ pattern, range }) {
  const n = pattern.interval || 1;
  const every = (unit) => (n === 1 ? `Every ${unit}` : `Every ${n} ${unit}s`);
  const days = (pattern.daysOfWeek ?? []).map((day) => day[0].toUpperCase() + day.slice(1, 3)).join(", ");
  const what = {
    daily: () => every("day"), weekly: () => `${every("week")} on ${days}`,
    absoluteMonthly: () => `${every("month")} on day ${pattern.dayOfMonth}`, relativeMonthly: () => `${every("month")} on the ${pattern.index} ${days}`,
    absoluteYearly: () => every("year"), relativeYearly: () => every("year"),
  }[pattern.type]();
  const day = (date) => sayDate(date, { day: "numeric", month: "short", year: "numeric" });
  const until = { noEnd: "", endDate: ` until ${day(range.endDate ?? range.startDate)}`, numbered: `, ${range.numberOfOccurrences} times` }[range.type];
  return what + until;
}
