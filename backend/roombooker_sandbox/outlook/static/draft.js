/** A meeting on its organizer's screen: its fields, who changed them, and what goes to Exchange. Emits "change" with the field's name. */

import { DAY_MS, graphInstant, graphStamp, ianaName, instant, wallClock } from "./zones.js";

const NAMED = "{00020329-0000-0000-C000-000000000046}";
/** Attendees of a saved meeting that nobody has been invited to yet: Graph invites whoever is on the event, so they wait here. */
const UNSENT = `String ${NAMED} Name outlook-unsent`;
export const customPropertiesId = (addinId) => `String ${NAMED} Name cecp-${addinId}`;

/** The query that brings an event with our extended properties. @param {string} addinId */
export function expandProperties(addinId) {
  const filter = `id eq '${customPropertiesId(addinId)}' or id eq '${UNSENT}'`;
  return `$expand=${encodeURIComponent(`singleValueExtendedProperties($filter=${filter})`)}`;
}

/** @typedef {{address: string, name: string, room?: boolean}} Invitee  @typedef {{type: "room" | "custom", id: string, displayName: string, emailAddress: string}} Place */

export class Draft extends EventTarget {
  /** @param {{mail: string, name: string}} organizer @param {string} zone @param {number} start ms @param {number} end ms */
  constructor(organizer, zone, start, end) {
    super();
    Object.assign(this, { organizer, zone, start, end, subject: "", body: "", isPrivate: false, isAllDay: false, recurrence: null });
    /** @type {Invitee[]} */ this.required = [];
    /** @type {Invitee[]} */ this.optional = [];
    /** @type {Place[]} */ this.places = [];
    /** @type {Map<string, string>} */ this.responses = new Map();
    this.customProperties = {};
    this.sessionData = {};
    this.notifications = new Map();
    Object.assign(this, { id: null, seriesMasterId: null, type: "singleInstance", isSent: false, isCancelled: false });
    this.transactionId = crypto.randomUUID();
    this._stored = null;
  }

  /** @param {any} event from Graph @param {any} organizer @param {string} zone the mailbox's @param {string} addinId */
  static fromEvent(event, organizer, zone, addinId) {
    const shown = event.originalStartTimeZone ? ianaName(event.originalStartTimeZone) : zone;
    const draft = new Draft(organizer, shown, graphInstant(event.start), graphInstant(event.end));
    draft._load(event, addinId);
    return draft;
  }

  _load(event, addinId) {
    const properties = new Map((event.singleValueExtendedProperties ?? []).map(({ id, value }) => [id.toLowerCase(), value]));
    const unsent = JSON.parse(properties.get(UNSENT.toLowerCase()) ?? "null");
    const people = (event.attendees ?? []).filter((each) => each.type !== "optional");
    const invitee = ({ emailAddress, type }) => ({ address: emailAddress.address.toLowerCase(), name: emailAddress.name ?? emailAddress.address, room: type === "resource" });
    this.required = people.length ? people.map(invitee) : (unsent?.required ?? []);
    this.optional = unsent && !people.length ? unsent.optional : (event.attendees ?? []).filter((each) => each.type === "optional").map(invitee);
    this.places = placesOf(event);
    this.customProperties = JSON.parse(properties.get(customPropertiesId(addinId).toLowerCase()) ?? "{}");
    Object.assign(this, {
      id: event.id, type: event.type, seriesMasterId: event.seriesMasterId ?? null, subject: event.subject ?? "", body: (event.body?.content ?? event.bodyPreview ?? "").trim(),
      isPrivate: event.sensitivity === "private", isAllDay: event.isAllDay, recurrence: event.recurrence ?? null, isSent: (event.attendees ?? []).length > 0, isCancelled: event.isCancelled,
    });
    this.noteResponses(event);
    this._stored = this.toEvent({ withAttendees: this.isSent });
  }

  /** @returns {boolean} did an answer change */
  noteResponses(event) {
    const before = JSON.stringify([...this.responses]);
    this.responses = new Map((event.attendees ?? []).map(({ emailAddress, status }) => [emailAddress.address.toLowerCase(), status?.response ?? "none"]));
    return before !== JSON.stringify([...this.responses]);
  }

  /** Set fields; says which changed. @param {Record<string, any>} fields @param {"person" | "addin"} by */
  set(fields, by = "person") {
    const changed = Object.keys(fields).filter((name) => JSON.stringify(this[name]) !== JSON.stringify(fields[name]));
    Object.assign(this, fields);
    if (changed.length) this.dispatchEvent(new CustomEvent("change", { detail: { fields: changed, by } }));
    return changed;
  }

  /** Move the start; the length stays. @param {number} start ms */
  moveStart(start, by = "person") {
    this.setTimes(start, start + (this.end - this.start), by);
  }

  setTimes(start, end, by = "person") {
    const fields = { start, end };
    if (this.recurrence) {
      const { date } = wallClock(start, this.zone);
      fields.recurrence = { ...this.recurrence, range: { ...this.recurrence.range, startDate: date } };
    }
    this.set(fields, by);
  }

  /** The clock's reading stays, the instant moves. @param {string} zone */
  setZone(zone) {
    const move = (ms) => {
      const { date, time } = wallClock(ms, this.zone);
      return instant(date, time, zone);
    };
    this.set({ start: move(this.start), end: move(this.end), zone });
  }

  /** A room becomes a location and is invited with it. @param {Place} place */
  addPlace(place, by = "person") {
    if (this.places.some((each) => each.id === place.id)) return;
    const fields = { places: [...this.places, place] };
    const invited = [...this.required, ...this.optional].some((each) => each.address === place.emailAddress);
    if (place.type === "room" && !invited) fields.required = [...this.required, { address: place.emailAddress, name: place.displayName, room: true }];
    this.set(fields, by);
  }

  /** @param {Place[]} gone @param {boolean} staysInvited the web's oddity: the room remains an attendee */
  removePlaces(gone, by = "person", staysInvited = false) {
    const names = new Set(gone.map((place) => place.displayName));
    const fields = { places: this.places.filter((place) => !names.has(place.displayName)) };
    const rooms = new Set(gone.filter((place) => place.type === "room").map((place) => place.emailAddress));
    if (!staysInvited) fields.required = this.required.filter((each) => !rooms.has(each.address));
    this.set(fields, by);
  }

  get isSeries() {
    return Boolean(this.recurrence);
  }

  get isOccurrence() {
    return this.type === "occurrence" || this.type === "exception";
  }

  /** @param {{withAttendees: boolean}} how @returns {Record<string, any>} Graph's event */
  toEvent({ withAttendees }) {
    const attendee = (type) => ({ address, name, room }) => ({ type: room ? "resource" : type, emailAddress: { address, name } });
    const [start, end] = this.isAllDay ? wholeDays(this.start, this.end, this.zone) : [graphStamp(this.start, this.zone), graphStamp(this.end, this.zone)];
    const locations = this.places.map(({ type, displayName, emailAddress }) => ({
      displayName, locationType: type === "room" ? "conferenceRoom" : "default", ...(emailAddress && { locationEmailAddress: emailAddress }),
    }));
    const event = {
      subject: this.subject, body: { contentType: "text", content: this.body }, start, end, isAllDay: this.isAllDay,
      sensitivity: this.isPrivate ? "private" : "normal", locations, attendees: withAttendees ? [...this.required.map(attendee("required")), ...this.optional.map(attendee("optional"))] : [],
    };
    if (!this.isOccurrence) event.recurrence = this.recurrence && { ...this.recurrence, range: { ...this.recurrence.range, recurrenceTimeZone: this.zone } };
    return event;
  }

  /** What an update must say: the fields that differ from what Exchange holds. */
  changesFor(event) {
    return Object.fromEntries(Object.entries(event).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(this._stored?.[name])));
  }

  /** Keep in Exchange; invite people only when sending. @param {import("./session.js").Session} session @param {boolean} send */
  async store(session, send) {
    const { addinId } = session.config;
    const withAttendees = send || this.isSent;
    const event = this.toEvent({ withAttendees });
    const unsent = withAttendees ? null : { required: this.required, optional: this.optional };
    const properties = [{ id: UNSENT, value: JSON.stringify(unsent) }];
    if (Object.keys(this.customProperties).length) properties.push({ id: customPropertiesId(addinId), value: JSON.stringify(this.customProperties) });
    const body = { ...(this.id ? this.changesFor(event) : event), singleValueExtendedProperties: properties };
    if (!this.id && !event.recurrence) delete body.recurrence;
    const answer = this.id
      ? await session.mailbox(`/events/${encodeURIComponent(this.id)}`, { method: "PATCH", body })
      : await session.mailbox("/events", { method: "POST", body: { ...body, transactionId: this.transactionId } });
    this.id = answer?.id ?? this.id;
    this.type = answer?.type ?? this.type;
    this.isSent = event.attendees.length > 0;
    this._stored = event;
    if (answer) this.noteResponses(answer);
  }

  get isDirty() {
    return Object.keys(this.changesFor(this.toEvent({ withAttendees: this.isSent }))).length > 0;
  }
}

function wholeDays(start, end, zone) {
  const first = wallClock(start, zone).date;
  const last = wallClock(Math.max(start, end - 1), zone).date;
  const after = new Date(Date.parse(`${last}T00:00Z`) + DAY_MS).toISOString().slice(0, 10);
  return [`${first}`, after].map((date) => ({ dateTime: `${date}T00:00:00.0000000`, timeZone: zone }));
}

function placesOf(event) {
  const listed = event.locations?.length ? event.locations : event.location?.displayName ? [event.location] : [];
  const rooms = (event.attendees ?? []).filter((each) => each.type === "resource").map((each) => each.emailAddress);
  return listed.map(({ displayName, locationEmailAddress }) => {
    const mail = (locationEmailAddress || rooms.find((room) => room.name === displayName)?.address || "").toLowerCase();
    return mail ? { type: "room", id: mail, displayName, emailAddress: mail } : { type: "custom", id: displayName, displayName, emailAddress: "" };
  });
}
