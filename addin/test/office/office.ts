/** A made-up Office.js, as small as the tests of src/office need it. */

export type Done<T> = (result: { status: string; value?: T; error?: { code: number; message: string } }) => void;

export function yes<T>(done: Done<T>, value?: T): void {
  queueMicrotask(() => done(value === undefined ? { status: 'succeeded' } : { status: 'succeeded', value }));
}

export function no(done: Done<never>, code = 9000): void {
  queueMicrotask(() => done({ status: 'failed', error: { code, message: 'refused' } }));
}

export interface Attendee {
  displayName: string;
  emailAddress: string;
  recipientType?: string;
}

export function attendees(people: Attendee[]) {
  return {
    people,
    getAsync(done: Done<Attendee[]>) { yes(done, this.people); },
    addAsync(added: Attendee[], done: Done<void>) { this.people = [...this.people, ...added]; yes(done); },
    setAsync(all: Attendee[], done: Done<void>) { this.people = all; yes(done); },
  };
}

export function install(mailboxSet: string): void {
  const highest = Number(mailboxSet.split('.')[1]);
  Object.assign(globalThis, {
    Office: {
      context: {
        requirements: { isSetSupported: (_: string, version: string) => Number(version.split('.')[1]) <= highest },
        mailbox: { userProfile: { displayName: 'Alice', emailAddress: 'alice.jansen@contoso.example', timeZone: 'W. Europe Standard Time' } },
      },
      MailboxEnums: { LocationType: { Room: 'room', Custom: 'custom' } },
      EventType: { AppointmentTimeChanged: 'time', RecipientsChanged: 'people', RecurrenceChanged: 'series', EnhancedLocationsChanged: 'places' },
    },
  });
}
