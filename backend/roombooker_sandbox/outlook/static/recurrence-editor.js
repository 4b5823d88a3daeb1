/** The row that turns a meeting into a series: how often, on which days, until when. */

import { el } from "./dom.js";
import { DAYS, describe, relativeMonthly } from "./recurrence.js";
import { plusDays, wallClock, weekday } from "./zones.js";

const KINDS = [["none", "Does not repeat"], ["daily", "Every day"], ["weekdays", "Every working day"], ["weekly", "Every week"], ["absoluteMonthly", "Every month, same day"], ["relativeMonthly", "Every month, same weekday"]];

/** @param {import("./draft.js").Draft} draft */
export function recurrenceEditor(draft) {
  const kind = el("select", { "aria-label": "Repeat", "data-testid": "repeat", onchange: () => choose(kind.value) }, ...KINDS.map(([value, text]) => el("option", { value, text })));
  const interval = el("input", { type: "number", min: "1", max: "99", "aria-label": "Interval", "data-testid": "repeat-interval", onchange: () => change({ interval: Math.max(1, Number(interval.value) || 1) }) });
  const unit = el("span");
  const days = el("span", { class: "weekdays", role: "group", "aria-label": "Days of the week" });
  const dayBoxes = DAYS.map((day) =>
    el("input", { type: "checkbox", id: `day-${day}`, class: "visually-hidden", "data-testid": `day-${day}`, onchange: () => {
      const chosen = DAYS.filter((_, at) => dayBoxes[at].checked);
      if (chosen.length) change({ daysOfWeek: chosen });
      else show();
    } }));
  DAYS.forEach((day, at) => days.append(dayBoxes[at], el("label", { for: `day-${day}`, title: day, text: day.slice(0, 1).toUpperCase() })));
  const end = el("select", { "aria-label": "Ends", "data-testid": "repeat-end", onchange: () => endWith(end.value) },
    el("option", { value: "noEnd", text: "No end date" }), el("option", { value: "endDate", text: "Until" }), el("option", { value: "numbered", text: "After" }));
  const endDate = el("input", { type: "date", "aria-label": "Until", "data-testid": "repeat-until", onchange: () => endDate.value && range({ type: "endDate", endDate: endDate.value }) });
  const count = el("input", { type: "number", min: "1", max: "999", "aria-label": "Number of times", "data-testid": "repeat-count", onchange: () => range({ type: "numbered", numberOfOccurrences: Math.max(1, Number(count.value) || 1) }) });
  const times = el("span", { text: "times" });
  const words = el("p", { class: "hint", "data-testid": "repeat-words" });
  const details = el("div", { class: "repeat-details" }, el("span", { class: "inline" }, el("span", { text: "every" }), interval, unit), days, el("span", { class: "inline" }, end, endDate, count, times), words);
  const node = el("div", { class: "repeat" }, kind, details);

  const today = () => wallClock(draft.start, draft.zone).date;
  function choose(chosen) {
    if (chosen === "none") return draft.set({ recurrence: null });
    const date = today();
    const pattern = {
      daily: () => ({ type: "daily", interval: 1 }),
      weekdays: () => ({ type: "weekly", interval: 1, daysOfWeek: DAYS.slice(0, 5), firstDayOfWeek: "monday" }),
      weekly: () => ({ type: "weekly", interval: 1, daysOfWeek: [DAYS[weekday(date)]], firstDayOfWeek: "monday" }),
      absoluteMonthly: () => ({ type: "absoluteMonthly", interval: 1, dayOfMonth: Number(date.slice(8)) }),
      relativeMonthly: () => relativeMonthly(date),
    }[chosen]();
    const until = plusDays(date, pattern.type.endsWith("Monthly") ? 180 : 28);
    return draft.set({ recurrence: { pattern, range: { type: "endDate", startDate: date, endDate: until, recurrenceTimeZone: draft.zone } } });
  }
  const change = (fields) => draft.set({ recurrence: { ...draft.recurrence, pattern: { ...draft.recurrence.pattern, ...fields } } });
  const range = (fields) => draft.set({ recurrence: { ...draft.recurrence, range: { startDate: today(), recurrenceTimeZone: draft.zone, ...fields } } });
  const endWith = (type) => range({ type, ...(type === "endDate" && { endDate: plusDays(today(), 28) }), ...(type === "numbered" && { numberOfOccurrences: 5 }) });

  function show() {
    const series = draft.recurrence;
    details.hidden = !series;
    kind.disabled = draft.isOccurrence;
    const workdays = series?.pattern.type === "weekly" && series.pattern.interval === 1 && DAYS.slice(0, 5).join() === series.pattern.daysOfWeek.join();
    kind.value = !series ? "none" : workdays ? "weekdays" : series.pattern.type;
    if (!series) return;
    const { pattern, range: until } = series;
    interval.value = pattern.interval || 1;
    unit.textContent = { daily: "day(s)", weekly: "week(s)" }[pattern.type] ?? "month(s)";
    days.hidden = pattern.type !== "weekly";
    DAYS.forEach((day, at) => (dayBoxes[at].checked = (pattern.daysOfWeek ?? []).includes(day)));
    end.value = until.type;
    endDate.hidden = until.type !== "endDate";
    endDate.value = until.endDate ?? "";
    count.hidden = times.hidden = until.type !== "numbered";
    count.value = until.numberOfOccurrences ?? "";
    words.textContent = describe(series);
  }
  return { node, show };
}
