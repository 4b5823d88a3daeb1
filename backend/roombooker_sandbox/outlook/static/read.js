/** The form of somebody who was invited: what, when, where, who, and yes or no. */

import { avatar, el, icon, toast } from "./dom.js";
import { asLocation, asRecipient, commonMethods, customPropertyMethods, ewsId, notificationMethods } from "./office-host.js";
import { describe, toOffice } from "./recurrence.js";
import { sayDate, wallClock } from "./zones.js";

const WORDS = { accepted: "accepted", declined: "declined", tentativelyAccepted: "tentative", notResponded: "no answer yet", none: "no answer yet", organizer: "organizer" };

/** @param {{event: any, draft: import("./draft.js").Draft, session: any, togglePane: () => void, ondone: (said?: string) => void}} parts */
export function readView({ event, draft, session, togglePane, ondone }) {
  const from = wallClock(draft.start, draft.zone);
  const to = wallClock(draft.end, draft.zone);
  const organizer = event.organizer?.emailAddress ?? { name: "Unknown", address: "" };
  const infobars = el("div", { class: "infobars", "aria-live": "polite", "data-testid": "infobars" });
  const notifications = new Map();

  const respond = (path, said, symbol, text) =>
    el("button", { type: "button", "data-testid": path, "aria-pressed": String(event.responseStatus?.response === { accept: "accepted", decline: "declined", tentativelyAccept: "tentativelyAccepted" }[path]), onclick: async () => {
      try {
        await session.mailbox(`/events/${encodeURIComponent(event.id)}/${path}`, { method: "POST", body: { sendResponse: true } });
        ondone(said);
      } catch (error) {
        toast(error.message, "error");
      }
    } }, icon(symbol), el("span", { text }));

  const person = ({ emailAddress, type, status }) =>
    el("li", {}, type === "resource" ? icon("room") : avatar(emailAddress.name ?? "?"), el("span", {}, el("b", { text: emailAddress.name ?? emailAddress.address }), el("small", { text: `${WORDS[status?.response ?? "none"]}${type === "optional" ? ", optional" : ""}` })));

  const line = (symbol, ...content) => el("div", { class: "field" }, icon(symbol), el("div", { class: "content" }, ...content));
  const ribbon = el("div", { class: "ribbon", role: "toolbar", "aria-label": "Meeting" },
    ...(event.isCancelled ? [] : [respond("accept", "Accepted", "accept", "Accept"), respond("decline", "Declined", "decline", "Decline")]),
    el("button", { type: "button", "data-testid": "close", onclick: () => ondone() }, icon("close"), el("span", { text: "Close" })),
    el("span", { class: "gap" }), el("button", { type: "button", class: "addin", "aria-pressed": "false", "data-testid": "book-a-room", onclick: togglePane }, icon("room"), el("span", { text: "Room" })));
  const node = el("section", { class: "form read", "aria-label": "Meeting" }, ribbon, infobars, el("div", { class: "fields" },
    el("h1", { "data-testid": "read-subject", text: event.subject || "(no title)" }),
    event.isCancelled ? el("p", { class: "problem", text: "This meeting was cancelled." }) : null,
    el("div", { class: "organizer" }, avatar(organizer.name ?? "?"), el("span", {}, el("b", { text: organizer.name ?? organizer.address }), el("small", { text: "invited you" }))),
    line("clock", el("p", { text: `${sayDate(from.date, { weekday: "long", day: "numeric", month: "long", year: "numeric" })}, ${from.time} – ${to.time}` }), el("small", { text: draft.zone })),
    draft.recurrence ? line("repeat", el("p", { text: describe(draft.recurrence) })) : null,
    draft.places.length ? line("place", el("p", { text: draft.places.map((place) => place.displayName).join("; ") })) : null,
    line("people", el("ul", { class: "people" }, ...(event.attendees ?? []).map(person))),
    draft.body ? line("text", el("p", { class: "body", text: draft.body })) : null));

  const showNotifications = () =>
    infobars.replaceChildren(...[...notifications.values()].map(({ type, message }) => el("div", { class: `infobar ${type}`, "data-testid": "infobar" }, icon("room"), el("span", { text: message }))));
  const others = (type) => (event.attendees ?? []).filter((each) => (each.type === "optional") === (type === "optional"))
    .map(({ emailAddress, type: kind }) => asRecipient({ address: emailAddress.address.toLowerCase(), name: emailAddress.name, room: kind === "resource" }, draft.responses));
  return {
    node,
    focus: () => node.querySelector("button").focus(),
    refresh: async () => {},
    item: () => ({
      snapshot: () => ({
        mode: "read", itemId: ewsId(event.id), seriesId: draft.seriesMasterId && draft.isOccurrence ? ewsId(draft.seriesMasterId) : null,
        subject: event.subject ?? "", start: new Date(draft.start), end: new Date(draft.end), location: draft.places.map((place) => place.displayName).join("; "),
        organizer: { emailAddress: (organizer.address ?? "").toLowerCase(), displayName: organizer.name ?? "", recipientType: "user", appointmentResponse: "organizer" },
        requiredAttendees: others("required"), optionalAttendees: others("optional"), created: new Date(event.createdDateTime ?? draft.start), modified: new Date(event.lastModifiedDateTime ?? draft.start),
        recurrence: draft.recurrence && toOffice(draft.recurrence, draft.start, draft.end, draft.zone), sensitivity: event.sensitivity ?? "normal",
      }),
      methods: {
        "enhancedLocation.getAsync": () => draft.places.map(asLocation), "body.getAsync": () => draft.body,
        ...customPropertyMethods(draft, () => undefined), ...notificationMethods(notifications, showNotifications), ...commonMethods(session),
      },
    }),
  };
}
