/** One's own calendar: a week, a day or a list, with the room's answer on each meeting. */

import { el, icon } from "./dom.js";
import { graphInstant, instant, plusDays, sayDate, wallClock, weekday } from "./zones.js";

const FIRST_HOUR = 0;
const HOURS = 24;
const OFFICE_OPENS = 7;
const SIGNS = { accepted: "accept", declined: "decline", tentativelyAccepted: "tentative", none: "clock", notResponded: "clock" };
const SAYS = { accepted: "Room accepted", declined: "Room declined", tentativelyAccepted: "Room answered tentatively", none: "Waiting for the room", notResponded: "Waiting for the room" };

/** @param {any} event @returns {string | null} the worst answer of its rooms; only the organizer's copy knows answers */
export function roomAnswer(event) {
  if (event.isOrganizer === false) return null;
  const answers = (event.attendees ?? []).filter((each) => each.type === "resource").map((each) => each.status?.response ?? "none");
  return ["declined", "none", "notResponded", "tentativelyAccepted", "accepted"].find((answer) => answers.includes(answer)) ?? null;
}

/** @param {{session: any, now: () => number, onopen: (event: any) => void, onnew: (start: number, end: number) => void}} parts */
export function calendarView({ session, now, onopen, onnew }) {
  const { zone } = session;
  let mode = "week";
  let date = wallClock(now(), zone).date;
  let events = [];
  let shown = "";

  const title = el("h1", { "data-testid": "range" });
  const grid = el("div", { class: "calendar", "data-testid": "calendar" });
  const tab = (name, text) => el("button", { type: "button", "data-testid": `view-${name}`, "aria-pressed": String(name === mode), onclick: () => (mode = name, go(date)) }, el("span", { text }));
  const tabs = [["day", "Day"], ["week", "Week"], ["agenda", "Agenda"]].map(([name, text]) => tab(name, text));
  const step = (days) => go(plusDays(date, mode === "week" ? days * 7 : mode === "agenda" ? days * 14 : days));
  const node = el("section", { class: "calendar-page", "aria-label": "Calendar" },
    el("div", { class: "ribbon", role: "toolbar", "aria-label": "Calendar" },
      el("button", { type: "button", class: "primary", "data-testid": "new-event", onclick: () => create() }, icon("add"), el("span", { text: "New event" })), el("span", { class: "gap" }), el("span", { class: "segments" }, ...tabs)),
    el("div", { class: "range" }, el("button", { type: "button", "data-testid": "today", onclick: () => go(wallClock(now(), zone).date) }, el("span", { text: "Today" })),
      el("button", { type: "button", class: "quiet", "aria-label": "Earlier", "data-testid": "earlier", onclick: () => step(-1) }, icon("back")), el("button", { type: "button", class: "quiet", "aria-label": "Later", "data-testid": "later", onclick: () => step(1) }, icon("forward")), title),
    grid);

  function create() {
    const half = 30 * 60000;
    const today = wallClock(now(), zone).date;
    const from = date === today || mode !== "day" ? Math.ceil(now() / half) * half : instant(date, "10:00", zone);
    onnew(from, from + half);
  }
  const window = () => {
    const first = mode === "week" ? plusDays(date, -weekday(date)) : date;
    return { first, days: { day: 1, week: 7, agenda: 14 }[mode] };
  };

  function go(to) {
    date = to;
    const { first, days } = window();
    tabs.forEach((button, at) => button.setAttribute("aria-pressed", String(["day", "week", "agenda"][at] === mode)));
    const last = plusDays(first, days - 1);
    title.textContent = mode === "day" ? sayDate(first, { weekday: "long", day: "numeric", month: "long", year: "numeric" }) : `${sayDate(first, { day: "numeric", month: "short" })} – ${sayDate(last, { day: "numeric", month: "short", year: "numeric" })}`;
    shown = "";
    return refresh(OFFICE_OPENS);
  }

  /** @param {number} [hour] scroll there; otherwise the view stays where it is */
  async function refresh(hour) {
    const { first, days } = window();
    const range = [instant(first, "00:00", zone), instant(plusDays(first, days), "00:00", zone)].map((ms) => new Date(ms).toISOString());
    const found = [];
    for (let skip = 0; skip < 1000; skip += 100) {
      const page = await session.mailbox(`/calendarView?startDateTime=${range[0]}&endDateTime=${range[1]}&$top=100&$skip=${skip}`);
      found.push(...page.value);
      if (page.value.length < 100) break;
    }
    events = found.map((event) => ({ event, start: graphInstant(event.start), end: graphInstant(event.end) })).sort((a, b) => a.start - b.start);
    const picture = JSON.stringify([first, mode, events.map(({ event, start, end }) => [event.id, event.changeKey, start, end, event.isCancelled, roomAnswer(event)])]);
    if (picture === shown) return;
    shown = picture;
    const focused = document.activeElement?.getAttribute("data-id");
    const top = grid.scrollTop;
    grid.replaceChildren(mode === "agenda" ? agenda(first, days) : hours(first, days));
    grid.scrollTop = hour === undefined ? top : mode === "agenda" ? 0 : (grid.querySelector(".hours").clientHeight / HOURS) * hour;
    if (focused) grid.querySelector(`[data-id="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  }

  const button = ({ event, start, end }, place = "") => {
    const answer = roomAnswer(event);
    const where = event.locations?.length ? event.locations.map((each) => each.displayName).join("; ") : (event.location?.displayName ?? "");
    const time = `${wallClock(start, zone).time} – ${wallClock(end, zone).time}`;
    const state = event.isCancelled ? "cancelled" : event.isOrganizer === false && event.responseStatus?.response !== "accepted" ? "unanswered" : "";
    return el("button", { type: "button", class: `event ${state} ${end - start < 45 * 60000 ? "short" : ""}`, style: place, "data-testid": "event", "data-id": event.id, "data-room-answer": answer ?? "", title: `${event.subject ?? ""} ${time} ${where}`, onclick: () => onopen(event) },
      el("span", { class: "name", text: `${event.isCancelled ? "Cancelled: " : ""}${event.subject || "(no title)"}` }),
      el("span", { class: "when", text: time }), where ? el("span", { class: "where", text: where }) : null,
      el("span", { class: "marks" }, event.sensitivity === "private" ? icon("lock") : null, event.type !== "singleInstance" ? icon("repeat") : null, answer ? el("span", { class: `answer ${answer}` }, icon(SIGNS[answer]), el("span", { class: "visually-hidden", text: SAYS[answer] })) : null));
  };

  function hours(first, days) {
    const today = wallClock(now(), zone).date;
    const body = el("div", { class: "hours", style: `--days:${days};--hours:${HOURS}` }, el("div", { class: "scale" }, ...Array.from({ length: HOURS }, (_, hour) => el("span", { text: `${String(FIRST_HOUR + hour).padStart(2, "0")}:00` }))));
    const head = el("div", { class: "days", style: `--days:${days}` }, el("span"));
    for (let day = 0; day < days; day++) {
      const on = plusDays(first, day);
      const own = events.filter(({ start, end, event }) => wallClock(start, zone).date <= on && wallClock(end - 1, zone).date >= on && !event.isAllDay);
      const whole = events.filter(({ start, end, event }) => event.isAllDay && wallClock(start, zone).date <= on && wallClock(end - 1, zone).date >= on);
      head.append(el("div", { class: on === today ? "today" : "" }, el("b", { text: sayDate(on, { day: "numeric" }) }), el("span", { text: sayDate(on, { weekday: "short" }) }), ...whole.map((each) => button(each))));
      body.append(el("div", { class: `day ${on === today ? "today" : ""} ${weekday(on) > 4 ? "weekend" : ""}`, "data-date": on, onclick: (event) => event.target === event.currentTarget && at(event, on) }, ...columns(own, on), on === today ? nowLine() : null));
    }
    return el("div", { class: "week" }, head, body);
  }

  function at(event, on) {
    const part = Math.floor((event.offsetY / event.currentTarget.clientHeight) * HOURS * 2);
    const start = instant(on, "00:00", zone) + (FIRST_HOUR * 2 + part) * 30 * 60000;
    onnew(start, start + 30 * 60000);
  }

  function nowLine() {
    const [hour, minute] = wallClock(now(), zone).time.split(":").map(Number);
    const share = (hour + minute / 60 - FIRST_HOUR) / HOURS;
    return share > 0 && share < 1 ? el("div", { class: "now", style: `top:${share * 100}%` }) : null;
  }

  /** Meetings that overlap stand side by side. */
  function columns(own, on) {
    const dayStart = instant(on, "00:00", zone) + FIRST_HOUR * 3_600_000;
    const placed = [];
    const lanes = [];
    let group = [];
    let groupEnd = 0;
    const close = () => (group.forEach((each) => (each.of = lanes.length)), (lanes.length = 0), (group = []));
    for (const each of own) {
      if (each.start >= groupEnd) close();
      let lane = lanes.findIndex((end) => end <= each.start);
      if (lane < 0) lane = lanes.length;
      lanes[lane] = each.end;
      const spot = { each, lane, of: 1 };
      group.push(spot);
      placed.push(spot);
      groupEnd = Math.max(groupEnd, each.end);
    }
    close();
    const share = (ms) => Math.min(1, Math.max(0, (ms - dayStart) / (HOURS * 3_600_000)));
    return placed.map(({ each, lane, of }) => button(each, `top:${share(each.start) * 100}%;height:${Math.max(0.02, share(each.end) - share(each.start)) * 100}%;left:${(lane / of) * 100}%;width:${100 / of}%`));
  }

  function agenda(first, days) {
    const list = el("div", { class: "agenda" });
    for (let day = 0; day < days; day++) {
      const on = plusDays(first, day);
      const own = events.filter(({ start }) => wallClock(start, zone).date === on);
      if (own.length) list.append(el("h2", { text: sayDate(on, { weekday: "long", day: "numeric", month: "long" }) }), ...own.map((each) => button(each)));
    }
    if (!list.children.length) list.append(el("p", { class: "empty", text: "Nothing planned in these two weeks." }));
    return list;
  }

  /** The week of that moment, or of the date that was shown last; office hours first. @param {number} [ms] */
  const arrive = (ms) => go(ms === undefined ? date : wallClock(ms, zone).date);

  return { node, refresh, arrive, create, focus: () => node.querySelector("button").focus() };
}
