/** Puts a room on the appointment, takes it off again, and sets the appointment's time. */
import { supports, type Compose } from './host.ts';
import { ask, askOr } from './queue.ts';

export interface Place {
  name: string;
  mailbox: string;
}

/**
 * Adds the room as a location where the client knows those (Mailbox 1.8), else among the attendees. Looks afterwards:
 * some clients answer success and add nothing (office-js #2388, #2472). Throws OfficeRefused when it is not there.
 */
export async function addRoom(item: Compose, place: Place): Promise<void> {
  if (await isInvited(item, place.mailbox)) return;
  if (supports('1.8') && item.enhancedLocation) {
    try {
      await ask<void>((done) => item.enhancedLocation.addAsync([{ id: place.mailbox, type: roomType() }], done));
      if (await isInvited(item, place.mailbox)) return;
    } catch {
      // Falls through to the attendee list, which every client has.
    }
  }
  await ask<void>((done) =>
    item.requiredAttendees.addAsync([{ displayName: place.name, emailAddress: place.mailbox }], done));
}

function roomType(): Office.MailboxEnums.LocationType {
  return Office.MailboxEnums.LocationType.Room;
}

/** Whether the room is on the appointment, as a location or as an attendee. */
async function isInvited(item: Compose, mailbox: string): Promise<boolean> {
  const wanted = mailbox.toLowerCase();
  const places = supports('1.8') && item.enhancedLocation
    ? await askOr<Office.LocationDetails[]>((done) => item.enhancedLocation.getAsync(done), [])
    : [];
  if (places.some((place) => (place.emailAddress || place.locationIdentifier.id).toLowerCase() === wanted)) return true;
  const attendees = await askOr<Office.EmailAddressDetails[]>((done) => item.requiredAttendees.getAsync(done), []);
  return attendees.some((one) => one.emailAddress.toLowerCase() === wanted);
}

/** Takes the room off as a location and from the attendees, where Outlook sometimes leaves it behind (#2944, #3686). */
export async function removeRoom(item: Compose, place: Place): Promise<void> {
  const wanted = place.mailbox.toLowerCase();
  if (supports('1.8') && item.enhancedLocation) {
    const places = await askOr<Office.LocationDetails[]>((done) => item.enhancedLocation.getAsync(done), []);
    const ours = places.filter((one) => (one.emailAddress || one.locationIdentifier.id).toLowerCase() === wanted);
    if (ours.length > 0) {
      const identifiers = ours.map((one) => one.locationIdentifier);
      await askOr<void>((done) => item.enhancedLocation.removeAsync(identifiers, done), undefined);
    }
  }
  for (const list of [item.requiredAttendees, item.optionalAttendees]) {
    const people = await askOr<Office.EmailAddressDetails[]>((done) => list.getAsync(done), []);
    const rest = people.filter((one) => one.emailAddress.toLowerCase() !== wanted);
    if (rest.length < people.length) await askOr<void>((done) => list.setAsync(rest, done), undefined);
  }
}

/** Start first: Outlook moves the end along to keep the duration, so the end has the last word. */
export async function setTime(item: Compose, start: string, end: string): Promise<void> {
  await ask<void>((done) => item.start.setAsync(new Date(start), done));
  await ask<void>((done) => item.end.setAsync(new Date(end), done));
}
