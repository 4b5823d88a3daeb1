/** Wall clock and instants (ms since 1970, UTC) in IANA zones, and the Windows names that Office uses. */

const WINDOWS = {
  "Europe/Amsterdam": "W. Europe Standard Time",
  "Europe/Berlin": "W. Europe Standard Time",
  "Europe/London": "GMT Standard Time",
  "Europe/Paris": "Romance Standard Time",
  "Europe/Helsinki": "FLE Standard Time",
  UTC: "UTC",
  "America/New_York": "Eastern Standard Time",
  "America/Los_Angeles": "Pacific Standard Time",
  "America/Sao_Paulo": "E. South America Standard Time",
  "Asia/Dubai": "Arabian Standard Time",
  "Asia/Kolkata": "India Standard Time",
  "Asia/Tokyo": "Tokyo Standard Time",
  "Australia/Sydney": "AUS Eastern Standard Time",
};

export const ZONES = Object.keys(WINDOWS);
export const DAY_MS = 86_400_000;

/** @param {string} zone IANA */
export const windowsName = (zone) => WINDOWS[zone] ?? zone;

/** @param {string} name IANA or Windows @returns {string} IANA */
export function ianaName(name) {
  if (!name) return "UTC";
  return name in WINDOWS ? name : (ZONES.find((zone) => WINDOWS[zone] === name) ?? (isZone(name) ? name : "UTC"));
}

function isZone(name) {
  try {
    return Boolean(new Intl.DateTimeFormat("en", { timeZone: name }));
  } catch {
    return false;
  }
}

const formats = new Map();
function partsFormat(zone) {
  if (!formats.has(zone)) {
    formats.set(zone, new Intl.DateTimeFormat("en-US", { timeZone: zone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit" }));
  }
  return formats.get(zone);
}

/** @param {number} ms @param {string} zone @returns {{date: string, time: string}} "2027-03-01", "09:30" */
export function wallClock(ms, zone) {
  const part = Object.fromEntries(partsFormat(zone).formatToParts(new Date(ms)).map(({ type, value }) => [type, value]));
  return { date: `${part.year}-${part.month}-${part.day}`, time: `${part.hour}:${part.minute}` };
}

/** @param {number} ms @param {string} zone @returns {number} minutes east of UTC */
export function offsetMinutes(ms, zone) {
  const { date, time } = wallClock(ms, zone);
  return Math.round((Date.parse(`${date}T${time}Z`) - Math.floor(ms / 60000) * 60000) / 60000);
}

/** The instant of a wall time; one that the clock skips moves on by the gap, one that it shows twice is the first. */
export function instant(date, time, zone) {
  const wall = Date.parse(`${date}T${time}Z`);
  const before = wall - offsetMinutes(wall - DAY_MS, zone) * 60000;
  const after = wall - offsetMinutes(wall + DAY_MS, zone) * 60000;
  const fits = [before, after].filter((ms) => offsetMinutes(ms, zone) === (wall - ms) / 60000);
  return fits.length ? Math.min(...fits) : before;
}

/** @param {string} date @param {number} days */
export const plusDays = (date, days) => new Date(Date.parse(`${date}T00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);

/** @param {string} date @returns {number} 0 is Monday */
export const weekday = (date) => (new Date(`${date}T00:00Z`).getUTCDay() + 6) % 7;

/** @param {{dateTime: string, timeZone: string}} stamp Graph's dateTimeTimeZone @returns {number} ms */
export function graphInstant(stamp) {
  const [date, time] = stamp.dateTime.split("T");
  return /Z$|[+-]\d\d:\d\d$/.test(stamp.dateTime) ? Date.parse(stamp.dateTime) : instant(date, time.slice(0, 5), ianaName(stamp.timeZone));
}

/** @param {number} ms @param {string} zone */
export function graphStamp(ms, zone) {
  const { date, time } = wallClock(ms, zone);
  return { dateTime: `${date}T${time}:00.0000000`, timeZone: zone };
}

/** @param {string} date @param {Intl.DateTimeFormatOptions} options @param {string} [lang] */
export const sayDate = (date, options, lang = "en-GB") => new Intl.DateTimeFormat(lang, { timeZone: "UTC", ...options }).format(new Date(`${date}T00:00Z`));
