// @ts-check
/** SeriesTime: the dates and the time of day of a series, in the series' own zone, never in UTC. */

/** @param {number} number */
const twoDigits = (number) => String(number).padStart(2, "0");

class SeriesTime {
  /** @param {{startDate?: string, endDate?: string | null, startMinutes?: number, durationMinutes?: number}} [plain] */
  constructor(plain = {}) {
    this._startDate = plain.startDate ?? "";
    this._endDate = plain.endDate ?? null;
    this._startMinutes = plain.startMinutes ?? 0;
    this._durationMinutes = plain.durationMinutes ?? 0;
  }

  getStartDate() {
    return this._startDate;
  }

  getEndDate() {
    return this._endDate;
  }

  getStartTime() {
    return SeriesTime._clock(this._startMinutes);
  }

  getEndTime() {
    return SeriesTime._clock((this._startMinutes + this._durationMinutes) % 1440);
  }

  getDuration() {
    return this._durationMinutes;
  }

  /** @param {number} minutes */
  setDuration(minutes) {
    if (!(minutes >= 0)) throw new Error("The duration is not valid.");
    this._durationMinutes = minutes;
  }

  /** @param {number | string} year @param {number} [month] 0 to 11 @param {number} [day] */
  setStartDate(year, month, day) {
    this._startDate = SeriesTime._date(year, month, day);
  }

  /** @param {number | string | null} year null: the series has no end @param {number} [month] 0 to 11 @param {number} [day] */
  setEndDate(year, month, day) {
    this._endDate = year === null || year === undefined ? null : SeriesTime._date(year, month, day);
  }

  /** @param {number | string} hours or "Thh:mm:ss.mmm" @param {number} [minutes] */
  setStartTime(hours, minutes) {
    const match = typeof hours === "string" ? /^T([0-2]\d):([0-5]\d):[0-5]\d\.\d{3}$/.exec(hours) : null;
    if (typeof hours === "string" && !match) throw new Error("The time is not valid.");
    this._startMinutes = match ? Number(match[1]) * 60 + Number(match[2]) : Number(hours) * 60 + (minutes ?? 0);
  }

  toPlain() {
    return { startDate: this._startDate, endDate: this._endDate, startMinutes: this._startMinutes, durationMinutes: this._durationMinutes };
  }

  /** @param {number} minutes */
  static _clock(minutes) {
    return `T${twoDigits(Math.floor(minutes / 60))}:${twoDigits(minutes % 60)}:00.000`;
  }

  /** @param {number | string} year @param {number} [month] @param {number} [day] */
  static _date(year, month, day) {
    const text = typeof year === "string" ? year : `${year}-${twoDigits((month ?? 0) + 1)}-${twoDigits(day ?? 0)}`;
    if (!/^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/.test(text)) throw new Error("The date is not valid.");
    return text;
  }
}

/** @param {any} plain a recurrence as the host sends it @returns {any} as Office hands it out; null for a single item */
function readRecurrence(plain) {
  return plain ? { ...plain, seriesTime: new SeriesTime(plain.seriesTime) } : null;
}

/** @param {any} pattern what the add-in built @returns {any} what the host takes */
function writeRecurrence(pattern) {
  if (!pattern) return null;
  const { recurrenceType, recurrenceProperties, recurrenceTimeZone, seriesTime } = pattern;
  if (!(seriesTime instanceof SeriesTime)) throw new Error("seriesTime must be an Office.SeriesTime.");
  return { recurrenceType, recurrenceProperties, recurrenceTimeZone, seriesTime: seriesTime.toPlain() };
}
