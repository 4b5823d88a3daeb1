/** Reads the appointment that is being written, or that an attendee looks at, into our own neutral form. */
import { toPatternedRecurrence } from '../model/recurrence.ts';
import type { Form } from '../model/form.ts';
import { me, supports, type Compose, type Read } from './host.ts';
import { askOr } from './queue.ts';
import { ianaZone } from './zones.ts';

const ROOM = 'room';

export async function readCompose(item: Compose): Promise<Form> {
  void ianaZone(profileZone()); // its table is fetched while Outlook answers
  // Some clients hand out an item without `recurrence`, or answer null for a single one.
  const mayRepeat = supports('1.7') && Boolean(item.recurrence);
  const [subject, start, end, required, optional, organizer, recurrence, sensitivity] = await Promise.all([
    askOr<string>((done) => item.subject.getAsync(done), ''),
    askOr<Date | null>((done) => item.start.getAsync(done), null),
    askOr<Date | null>((done) => item.end.getAsync(done), null),
    askOr<Office.EmailAddressDetails[]>((done) => item.requiredAttendees.getAsync(done), []),
    askOr<Office.EmailAddressDetails[]>((done) => item.optionalAttendees.getAsync(done), []),
    supports('1.7') ? askOr<Office.EmailAddressDetails | null>((done) => item.organizer.getAsync(done), null) : null,
    mayRepeat ? askOr<Office.Recurrence | null>((done) => item.recurrence.getAsync(done), null) : null,
    supports('1.14') && item.sensitivity ? askOr<unknown>((done) => item.sensitivity.getAsync(done), null) : null,
  ]);
  const rooms = await readRooms(item, [...required, ...optional]);
  return assemble({ subject, start, end, required, optional, organizer, recurrence, rooms, sensitivity });
}

export async function readRead(item: Read): Promise<Form> {
  const attendees = [...(item.requiredAttendees ?? []), ...(item.optionalAttendees ?? [])];
  const places = supports('1.8') && item.enhancedLocation
    ? await askOr<Office.LocationDetails[]>((done) => item.enhancedLocation.getAsync(done), [])
    : [];
  return assemble({
    subject: item.subject, start: item.start, end: item.end,
    required: item.requiredAttendees ?? [], optional: item.optionalAttendees ?? [],
    organizer: item.organizer ?? null, recurrence: item.recurrence ?? null,
    rooms: roomAddresses(places, attendees), sensitivity: null,
  });
}

async function readRooms(item: Compose, attendees: Office.EmailAddressDetails[]): Promise<string[]> {
  const places = supports('1.8') && item.enhancedLocation
    ? await askOr<Office.LocationDetails[]>((done) => item.enhancedLocation.getAsync(done), [])
    : [];
  return roomAddresses(places, attendees);
}

function roomAddresses(places: Office.LocationDetails[], attendees: Office.EmailAddressDetails[]): string[] {
  const named = places
    .filter((place) => String(place.locationIdentifier.type) === ROOM)
    .map((place) => place.emailAddress || place.locationIdentifier.id);
  const invited = attendees.filter(isResource).map((one) => one.emailAddress);
  return [...new Set([...named, ...invited].map((address) => address.toLowerCase()))].sort();
}

function isResource(person: Office.EmailAddressDetails): boolean {
  return /resource|room/i.test(String(person.recipientType ?? ''));
}

interface Parts {
  subject: string;
  start: Date | null;
  end: Date | null;
  required: Office.EmailAddressDetails[];
  optional: Office.EmailAddressDetails[];
  organizer: Office.EmailAddressDetails | null;
  recurrence: Office.Recurrence | null;
  rooms: string[];
  sensitivity: unknown;
}

async function assemble(parts: Parts): Promise<Form> {
  const zone = await ianaZone(profileZone());
  const organizer = parts.organizer?.emailAddress || me().email;
  const taken = new Set([...parts.rooms, organizer.toLowerCase()]);
  const people = new Set(
    [...parts.required, ...parts.optional]
      .filter((one) => !isResource(one))
      .map((one) => (one.emailAddress || one.displayName).toLowerCase())
      .filter((address) => !taken.has(address)),
  );
  const recurrence = parts.recurrence
    ? toPatternedRecurrence(parts.recurrence, await ianaZone(parts.recurrence.recurrenceTimeZone?.name ?? profileZone()))
    : null;
  return {
    subject: parts.subject ?? '',
    start: parts.start?.toISOString() ?? null,
    end: parts.end?.toISOString() ?? null,
    zone,
    organizer,
    persons: people.size + 1,
    rooms: parts.rooms,
    recurrence,
    isPrivate: /private|personal|confidential/i.test(String(parts.sensitivity ?? '')),
    unknownSeries: Boolean(parts.recurrence) && recurrence === null,
  };
}

function profileZone(): string | undefined {
  try {
    return Office.context.mailbox.userProfile.timeZone;
  } catch {
    return undefined;
  }
}
