/** What each Office.js call does to the meeting on the screen, with the limits and oddities of the chosen client. */

import { fromOffice, toOffice } from "./recurrence.js";
import { windowsName } from "./zones.js";

class OfficeError extends Error {
  /** Codes and names as in Microsoft's published script. @param {number} code @param {string} name @param {string} message */
  constructor(code, name, message) {
    super(message);
    Object.assign(this, { code, name });
  }
}

const invalid = (message) => new OfficeError(9031, "InvalidParameterValueError", message);

/** Office's ids are Exchange's own; Graph's spelling of them is safe in addresses. */
export const ewsId = (id) => id.replaceAll("-", "/").replaceAll("_", "+");

const RECIPIENT_TYPES = { room: "other", person: "user" };

/** @param {import("./draft.js").Invitee} invitee @param {Map<string, string>} responses */
export function asRecipient({ address, name, room }, responses) {
  const response = { accepted: "accepted", declined: "declined", tentativelyAccepted: "tentative", organizer: "organizer" }[responses.get(address)] ?? "none";
  return { emailAddress: address, displayName: name, recipientType: RECIPIENT_TYPES[room ? "room" : "person"], appointmentResponse: response };
}

export const asLocation = ({ type, id, displayName, emailAddress }) => ({ locationIdentifier: { id, type }, displayName, emailAddress });

/** @param {any} given a string or an Office recipient */
function asInvitee(given) {
  const address = (typeof given === "string" ? given : (given?.emailAddress ?? "")).trim().toLowerCase();
  if (!/^[^@\s]+@[^@\s]+$/.test(address)) throw new OfficeError(9013, "NoValidRecipientsProvided", "No valid recipients were provided.");
  return { address, name: (typeof given === "object" && given.displayName) || address };
}

async function nameOf(address) {
  const [entry] = await (await fetch(`addresses?kind=any&mail=${encodeURIComponent(address)}`)).json();
  return entry;
}

/**
 * @param {{draft: import("./draft.js").Draft, profile: any, session: any, save: () => Promise<void>, send: () => Promise<void>, showNotifications: () => void}} form
 * @returns {Record<string, (...values: any[]) => unknown>} what the pane may call
 */
export function composeMethods({ draft, profile, session, save, send, showNotifications }) {
  const by = "addin";
  const timeLocked = () => {
    if (profile.seriesStartLocked && draft.isSeries) throw new OfficeError(5000, "Operation Not Supported", "Use recurrence.setAsync to change the times of a series.");
  };
  const checkedDate = (date) => {
    if (!(date instanceof Date) || Number.isNaN(date.getTime())) throw invalid("dateTime must be a Date.");
    return date.getTime();
  };
  const text = (name, limit) => ({
    [`${name}.getAsync`]: () => draft[name],
    [`${name}.setAsync`]: (value) => {
      if (typeof value !== "string" || value.length > limit) throw invalid(`${name} takes at most ${limit} characters.`);
      draft.set({ [name]: value }, by);
    },
  });
  const recipients = (name, field) => ({
    [`${name}.getAsync`]: () => draft[field].map((each) => asRecipient(each, draft.responses)),
    [`${name}.setAsync`]: async (given) => draft.set({ [field]: await named(given) }, by),
    [`${name}.addAsync`]: async (given) => {
      const added = (await named(given)).filter((each) => !draft[field].some(({ address }) => address === each.address));
      draft.set({ [field]: [...draft[field], ...added] }, by);
    },
  });
  const named = async (given) => {
    if (!Array.isArray(given) || given.length > 100) throw new OfficeError(9012, "NumberOfRecipientsExceeded", "At most 100 recipients at a time.");
    return Promise.all(given.map(asInvitee).map(async (each) => {
      // An address of a room stays a room's, whichever list it is written into.
      const known = [...draft.required, ...draft.optional].find(({ address }) => address === each.address);
      if (known) return known;
      const entry = await nameOf(each.address);
      return { ...each, name: each.name === each.address ? (entry?.name ?? each.name) : each.name, room: entry?.kind === "room" };
    }));
  };
  return {
    ...text("subject", 255),
    "start.getAsync": () => new Date(draft.start),
    "start.setAsync": (date) => (timeLocked(), draft.moveStart(checkedDate(date), by)),
    "end.getAsync": () => new Date(draft.end),
    "end.setAsync": (date) => {
      timeLocked();
      if (checkedDate(date) < draft.start) throw new OfficeError(9010, "InvalidEndTime", "The end time cannot be before the start time.");
      draft.setTimes(draft.start, checkedDate(date), by);
    },
    "location.getAsync": () => draft.places.map((place) => place.displayName).join("; "),
    // Text replaces whatever was there and is no link to a room any more (office-js #2011); invited rooms stay invited.
    "location.setAsync": (value) => {
      if (typeof value !== "string" || value.length > 255) throw invalid("location takes at most 255 characters.");
      draft.set({ places: value ? [{ type: "custom", id: value, displayName: value, emailAddress: "" }] : [] }, by);
    },
    "enhancedLocation.getAsync": () => draft.places.map(asLocation),
    "enhancedLocation.addAsync": async (given) => {
      for (const place of await Promise.all(checkedPlaces(given).map(resolvedPlace))) draft.addPlace(place, by);
    },
    "enhancedLocation.removeAsync": (given) => {
      const ids = new Set(checkedPlaces(given).map(({ id }) => id.toLowerCase()));
      draft.removePlaces(draft.places.filter((place) => ids.has(place.id.toLowerCase())), by, profile.roomStaysInvited);
    },
    ...recipients("requiredAttendees", "required"),
    ...recipients("optionalAttendees", "optional"),
    "organizer.getAsync": () => ({ emailAddress: draft.organizer.mail, displayName: draft.organizer.name }),
    "recurrence.getAsync": () => draft.recurrence && toOffice(draft.recurrence, draft.start, draft.end, draft.zone),
    "recurrence.setAsync": (office) => {
      if (draft.isOccurrence) throw new OfficeError(9033, "SetRecurrenceOnInstanceError", "The recurrence of one date cannot be set.");
      if (!office) return draft.set({ recurrence: null }, by);
      const series = fromOffice(office, draft.zone);
      if (!series) throw new OfficeError(9035, "RecurrenceZeroOccurrences", "The series has no dates.");
      return draft.set(series, by);
    },
    "body.getTypeAsync": () => "text",
    "body.getAsync": () => draft.body,
    "body.setAsync": (value) => void draft.set({ body: value }, by),
    "body.prependAsync": (value) => void draft.set({ body: value + draft.body }, by),
    "sensitivity.getAsync": () => (draft.isPrivate ? "private" : "normal"),
    "sensitivity.setAsync": (value) => void draft.set({ isPrivate: value === "private" }, by),
    "item.saveAsync": async () => (await save(), ewsId(draft.id)),
    "item.sendAsync": send,
    "item.getItemIdAsync": () => {
      if (!draft.id) throw new OfficeError(9046, "ItemNotSaved", "The item has not been saved.");
      return ewsId(draft.id);
    },
    "item.getSharedPropertiesAsync": () => {
      throw new OfficeError(5000, "Operation Not Supported", "The item is not in a shared folder or mailbox.");
    },
    ...customPropertyMethods(draft, async () => draft.id && save()),
    ...notificationMethods(draft.notifications, showNotifications),
    ...sessionDataMethods(draft, profile),
    ...commonMethods(session),
  };
}

/** @param {{customProperties: any}} item @param {() => unknown} keep write through to Exchange, when the item is there */
export function customPropertyMethods(item, keep) {
  return {
    "customProperties.load": () => ({ ...item.customProperties }),
    "customProperties.save": async (values, limit) => {
      if (JSON.stringify(values).length > limit) throw new OfficeError(9019, "GenericSettingsError", `Custom properties take at most ${limit} characters.`);
      item.customProperties = values;
      await keep();
    },
  };
}

/** @param {Map<string, any>} notifications @param {() => void} show */
export function notificationMethods(notifications, show) {
  const put = (key, details, replace) => {
    if (!replace && notifications.has(key)) throw new OfficeError(9023, "DuplicateNotificationKey", "There is a notification with this key already.");
    if (!notifications.has(key) && notifications.size >= 5) throw new OfficeError(9025, "NumberOfNotificationsExceeded", "An item shows at most five notifications.");
    if (!details?.message || details.message.length > 150) throw invalid("A notification takes 1 to 150 characters.");
    notifications.set(key, { key, ...details });
    show();
  };
  return {
    "notificationMessages.addAsync": (key, details) => put(key, details, false),
    "notificationMessages.replaceAsync": (key, details) => put(key, details, true),
    "notificationMessages.removeAsync": (key) => {
      if (!notifications.delete(key)) throw new OfficeError(9024, "NotificationKeyNotFound", "There is no notification with this key.");
      show();
    },
    "notificationMessages.getAllAsync": () => [...notifications.values()],
  };
}

function sessionDataMethods(draft, profile) {
  const limit = profile.mailboxSet >= 16 ? 2_621_440 : 50_000;
  const known = (key) => {
    if (!(key in draft.sessionData)) throw new OfficeError(9050, "KeyNotFound", "There is no value under this key.");
    return key;
  };
  return {
    "sessionData.getAsync": (key) => draft.sessionData[known(key)],
    "sessionData.getAllAsync": () => ({ ...draft.sessionData }),
    "sessionData.setAsync": (key, value) => {
      const next = { ...draft.sessionData, [key]: String(value) };
      if (JSON.stringify(next).length > limit) throw new OfficeError(9051, "SessionObjectMaxLengthExceeded", `Session data takes at most ${limit} characters.`);
      draft.sessionData = next;
    },
    "sessionData.removeAsync": (key) => void delete draft.sessionData[known(key)],
    "sessionData.clearAsync": () => void (draft.sessionData = {}),
  };
}

/** Handlers live in the pane; roaming settings in this browser, per person. */
export function commonMethods(session) {
  return {
    "item.addHandlerAsync": () => undefined,
    "item.removeHandlerAsync": () => undefined,
    "mailbox.addHandlerAsync": () => undefined,
    "mailbox.removeHandlerAsync": () => undefined,
    "roamingSettings.save": (values) => {
      if (JSON.stringify(values).length > 32_768) throw new OfficeError(9019, "GenericSettingsError", "Roaming settings take at most 32 KB.");
      localStorage.setItem(`outlook.roaming.${session.mail}`, JSON.stringify(values));
    },
  };
}

function checkedPlaces(given) {
  if (!Array.isArray(given) || given.some((each) => !each?.id || !["room", "custom"].includes(each.type))) throw invalid("Each location needs an id and a type.");
  return given;
}

async function resolvedPlace({ id, type }) {
  if (type === "custom") return { type, id, displayName: id, emailAddress: "" };
  const entry = await nameOf(id);
  if (entry?.kind !== "room") throw invalid(`${id} is not a room.`);
  return { type, id: entry.address, displayName: entry.name, emailAddress: entry.address };
}

const OLK = { time: "olkAppointmentTimeChanged", recipients: "olkRecipientsChanged", recurrence: "olkRecurrenceChanged", places: "olkEnhancedLocationsChanged" };

/** The Office events that a change of these fields raises. @returns {Array<{name: string, args: any}>} */
export function eventsFor(draft, fields, { mailboxSet }) {
  const has = (...names) => names.some((name) => fields.includes(name));
  const events = [];
  if (mailboxSet < 7) return events;
  if (has("start", "end")) events.push({ name: OLK.time, args: { start: new Date(draft.start), end: new Date(draft.end) } });
  // Reported on several clients: a change of location raises RecipientsChanged as well, because rooms are recipients.
  if (has("required", "optional", "places")) {
    const changed = { to: false, cc: false, bcc: false, requiredAttendees: has("required"), optionalAttendees: has("optional"), resources: has("places") };
    events.push({ name: OLK.recipients, args: { changedRecipientFields: changed } });
  }
  if (has("recurrence")) events.push({ name: OLK.recurrence, args: { recurrence: draft.recurrence && toOffice(draft.recurrence, draft.start, draft.end, draft.zone) } });
  if (has("places") && mailboxSet >= 8) events.push({ name: OLK.places, args: { enhancedLocations: draft.places.map(asLocation) } });
  return events;
}

/** @returns Office.context.mailbox.userProfile */
export function userProfile(session, profile) {
  return { emailAddress: session.mail, displayName: session.person.name, timeZone: windowsName(session.zone), accountType: profile.accountType ?? "office365" };
}
