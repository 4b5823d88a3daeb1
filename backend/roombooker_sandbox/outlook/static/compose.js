/** The organizer's form: fields bound to a draft, and the buttons that send, save, discard and cancel. */

import { ask, el, icon, toast } from "./dom.js";
import { composeMethods, ewsId, eventsFor } from "./office-host.js";
import { picker } from "./picker.js";
import { recurrenceEditor } from "./recurrence-editor.js";
import { instant, wallClock, ZONES } from "./zones.js";

/** @param {{draft: import("./draft.js").Draft, session: any, pane: any, look: () => any, ondone: (said?: string, at?: number) => void, togglePane: () => void}} form */
export function composeView({ draft, session, pane, look, ondone, togglePane }) {
  const field = (symbol, ...content) => el("div", { class: "field" }, icon(symbol), el("div", { class: "content" }, ...content));
  const input = (props, onchange) => el("input", { ...props, onchange: () => onchange() });

  const subject = el("input", { class: "subject", "aria-label": "Subject", placeholder: "Add a title", maxlength: 255, "data-testid": "subject", oninput: () => draft.set({ subject: subject.value }) });
  const people = (name, label, placeholder) =>
    picker({
      id: name, label, kind: "any", placeholder,
      onadd: ({ name: shown, address }) => draft[name].some((each) => each.address === address) || draft.set({ [name]: [...draft[name], { address, name: shown }] }),
      onremove: (address) => draft.set({ [name]: draft[name].filter((each) => each.address !== address) }),
    });
  const required = people("required", "Required attendees", "Invite people");
  const optional = people("optional", "Optional attendees", "Optional");
  const places = picker({
    id: "location", label: "Location", kind: "room", freeText: true, placeholder: "Search for a room or location",
    onadd: ({ name, address, kind }) => draft.addPlace(kind === "room" ? { type: "room", id: address, displayName: name, emailAddress: address } : { type: "custom", id: name, displayName: name, emailAddress: "" }),
    onremove: (key) => draft.removePlaces(draft.places.filter((place) => place.id === key)),
  });

  const startDate = input({ type: "date", "aria-label": "Start date", "data-testid": "start-date", required: true }, () => moveStart());
  const startTime = input({ type: "time", step: 300, "aria-label": "Start time", "data-testid": "start-time", required: true }, () => moveStart());
  const endDate = input({ type: "date", "aria-label": "End date", "data-testid": "end-date", required: true }, () => moveEnd());
  const endTime = input({ type: "time", step: 300, "aria-label": "End time", "data-testid": "end-time", required: true }, () => moveEnd());
  const zone = el("select", { "aria-label": "Time zone", "data-testid": "zone", onchange: () => draft.setZone(zone.value) }, ...[...new Set([draft.zone, ...ZONES])].map((name) => el("option", { value: name, text: name.replaceAll("_", " ") })));
  const allDay = input({ type: "checkbox", id: "all-day", "data-testid": "all-day" }, () => setAllDay());
  const isPrivate = input({ type: "checkbox", id: "private", "data-testid": "private" }, () => draft.set({ isPrivate: isPrivate.checked }));
  const body = el("textarea", { "aria-label": "Body", rows: 6, placeholder: "Add a description", "data-testid": "body", oninput: () => draft.set({ body: body.value }) });
  const repeat = recurrenceEditor(draft);
  const infobars = el("div", { class: "infobars", "aria-live": "polite", "data-testid": "infobars" });
  const problem = el("p", { class: "problem", role: "alert", "data-testid": "problem" });

  function moveStart() {
    if (!startDate.value || !startTime.value) return show();
    return draft.moveStart(instant(startDate.value, draft.isAllDay ? "00:00" : startTime.value, draft.zone));
  }
  function moveEnd() {
    if (!endDate.value || !endTime.value) return show();
    return draft.setTimes(draft.start, instant(endDate.value, draft.isAllDay ? "23:59" : endTime.value, draft.zone));
  }
  function setAllDay() {
    const { date } = wallClock(draft.start, draft.zone);
    const times = allDay.checked ? ["00:00", "23:59"] : ["09:00", "09:30"];
    draft.set({ isAllDay: allDay.checked, start: instant(date, times[0], draft.zone), end: instant(date, times[1], draft.zone) });
  }

  const command = (symbol, text, testid, onclick, style = "") => el("button", { type: "button", class: style, "data-testid": testid, onclick }, icon(symbol), el("span", { text }));
  const sendButton = command("send", "Send", "send", () => attempt(send), "primary");
  const cancelButton = command("decline", "Cancel meeting", "cancel-meeting", () => attempt(cancel));
  const ribbon = el("div", { class: "ribbon", role: "toolbar", "aria-label": "Meeting" }, sendButton, command("save", "Save", "save", () => attempt(async () => (await save(), toast("Saved. Nobody has been invited yet.")))),
    command("discard", "Discard", "discard", () => ondone()), cancelButton, el("span", { class: "gap" }), el("button", { type: "button", class: "addin", "aria-pressed": "false", "data-testid": "book-a-room", onclick: togglePane }, icon("room"), el("span", { text: "Book a room" })));

  const node = el("section", { class: "form", "aria-label": "Meeting" }, ribbon, infobars, el("div", { class: "fields" },
    el("p", { class: "note", "data-testid": "form-note" }),
    el("div", { class: "field title" }, el("span"), el("div", { class: "content" }, subject)),
    field("people", required.node, optional.node),
    field("clock", el("div", { class: "inline" }, startDate, startTime, el("span", { text: "to" }), endDate, endTime), el("div", { class: "inline" }, zone, el("span", { class: "check" }, allDay, el("label", { for: "all-day", text: "All day" })))),
    field("repeat", repeat.node),
    field("place", places.node),
    field("lock", el("span", { class: "check" }, isPrivate, el("label", { for: "private", text: "Private" }))),
    field("text", body), problem));

  function show() {
    const from = wallClock(draft.start, draft.zone);
    const to = wallClock(draft.end, draft.zone);
    [[subject, draft.subject], [startDate, from.date], [startTime, from.time], [endDate, to.date], [endTime, to.time], [zone, draft.zone], [body, draft.body]].forEach(([control, value]) => {
      if (control.value !== value) control.value = value;
    });
    allDay.checked = draft.isAllDay;
    startTime.hidden = endTime.hidden = draft.isAllDay;
    isPrivate.checked = draft.isPrivate;
    const chip = ({ address, name, room }) => ({ key: address, text: name, room, response: draft.responses.get(address) });
    const inPlaces = new Set(draft.places.map((place) => place.emailAddress));
    required.show(draft.required.filter((each) => !each.room || !inPlaces.has(each.address)).map(chip));
    optional.show(draft.optional.map(chip));
    places.show(draft.places.map((place) => ({ key: place.id, text: place.displayName, room: place.type === "room", response: draft.responses.get(place.emailAddress) })));
    repeat.show();
    const invited = draft.required.length + draft.optional.length > 0;
    sendButton.lastChild.textContent = draft.isSent ? "Send update" : invited ? "Send" : "Save and close";
    cancelButton.hidden = !draft.id;
    cancelButton.lastChild.textContent = draft.isSent ? (draft.isSeries ? "Cancel series" : "Cancel meeting") : "Delete";
    node.querySelector(".note").textContent = draft.isOccurrence ? "One date of a series." : draft.isSent ? "" : draft.id ? "Saved in your calendar. You haven't sent this invitation yet." : "";
  }

  function showNotifications() {
    infobars.replaceChildren(...[...draft.notifications.values()].map(({ key, type, message }) =>
      el("div", { class: `infobar ${type}`, "data-testid": "infobar" }, icon("room"), el("span", { text: message }),
        el("button", { type: "button", "aria-label": "Dismiss", onclick: () => (draft.notifications.delete(key), showNotifications()) }, icon("close")))));
  }

  async function attempt(action) {
    problem.textContent = "";
    node.toggleAttribute("data-busy", true);
    try {
      await action();
    } catch (error) {
      problem.textContent = error.message;
    } finally {
      node.toggleAttribute("data-busy", false);
    }
  }
  function check() {
    if (draft.end < draft.start) throw new Error("The meeting ends before it starts.");
    if (!draft.isAllDay && draft.end === draft.start) throw new Error("The meeting has no length.");
  }
  async function save() {
    check();
    await draft.store(session, false);
    show();
  }
  async function send() {
    check();
    const update = draft.isSent;
    await draft.store(session, true);
    ondone(!draft.isSent ? "Saved" : update ? "Update sent" : "Invitation sent", draft.start);
  }
  async function cancel() {
    const sent = draft.isSent;
    const reason = el("textarea", { rows: 3, "aria-label": "Message", placeholder: "Add a message (optional)", "data-testid": "cancel-reason" });
    const what = draft.isSeries ? "series" : "meeting";
    const answer = await ask({ title: sent ? `Cancel this ${what}?` : `Delete this ${what}?`, text: sent ? "Everybody invited gets a cancellation." : "", content: sent ? reason : null, buttons: [["yes", sent ? `Cancel ${what}` : "Delete", "primary"], ["no", "Keep it"]] });
    if (answer !== "yes") return;
    const path = `/events/${encodeURIComponent(draft.id)}`;
    await session.mailbox(sent ? `${path}/cancel` : path, sent ? { method: "POST", body: { comment: reason.value } } : { method: "DELETE" });
    ondone(sent ? "Meeting cancelled" : "Deleted", draft.start);
  }

  draft.addEventListener("change", ({ detail }) => {
    show();
    for (const { name, args } of eventsFor(draft, detail.fields, look().profile)) pane.raise(name, args);
  });
  show();
  showNotifications();
  return {
    node,
    focus: () => subject.focus(),
    /** What the pane is beside. */
    item: () => ({
      snapshot: () => ({ mode: "compose", seriesId: draft.seriesMasterId && draft.isOccurrence ? ewsId(draft.seriesMasterId) : null }),
      methods: composeMethods({ draft, profile: look().profile, session, save, send, showNotifications }),
    }),
    /** Room answers arrive while the form is open. */
    refresh: async () => {
      if (!draft.isSent || !draft.id) return;
      const event = await session.mailbox(`/events/${encodeURIComponent(draft.id)}?$select=attendees`);
      if (draft.noteResponses(event)) show();
    },
  };
}
