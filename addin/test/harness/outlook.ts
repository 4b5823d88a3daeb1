/** A made-up Outlook for the harness: an appointment, its events, and a broker for nested app authentication. */
const wanted = new URLSearchParams(location.search);
const soon = <T>(value: T, done?: (result: unknown) => void) => setTimeout(() => done?.({ status: 'succeeded', value }), 5);
const refuse = (done?: (result: unknown) => void) => setTimeout(() => done?.({ status: 'failed', error: { code: 9000, message: 'No' } }), 5);

const tomorrow = new Date(Date.now() + 86_400_000);
tomorrow.setUTCHours(9, 0, 0, 0);
const item = {
  subject: 'Quarterly planning',
  start: tomorrow,
  end: new Date(tomorrow.getTime() + 3_600_000),
  required: ['bob', 'carol', 'dirk', 'emma', 'fatima'].map((name) => ({ displayName: name, emailAddress: `${name}@contoso.example`, recipientType: 'user' })),
  locations: [] as Array<{ locationIdentifier: { id: string; type: string }; displayName: string; emailAddress: string }>,
  properties: {} as Record<string, string>,
  recurrence: null as unknown,
};
if (wanted.has('series')) {
  item.recurrence = {
    recurrenceType: 'weekly', recurrenceProperties: { interval: 1, days: ['tue'] }, recurrenceTimeZone: { name: 'W. Europe Standard Time' },
    seriesTime: { getStartDate: () => '2026-11-24', getEndDate: () => '2027-05-18' },
  };
}
if (wanted.get('booked')) item.properties['roomBookerBookings'] = JSON.stringify({ bookings: [wanted.get('booked')], keys: [] });

const handlers = new Map<string, () => void>();
const fire = (event: string) => handlers.get(event)?.();
const time = (which: 'start' | 'end') => ({
  getAsync: (done: (r: unknown) => void) => soon(item[which], done),
  setAsync: (value: Date, done: (r: unknown) => void) => {
    if (which === 'start') item.end = new Date(item.end.getTime() + value.getTime() - item.start.getTime());
    item[which] = value;
    soon(undefined, done);
    fire('timeChanged');
  },
});
const people = (list: 'required' | 'none') => ({
  getAsync: (done: (r: unknown) => void) => soon(list === 'required' ? item.required : [], done),
  addAsync: (added: typeof item.required, done: (r: unknown) => void) => {
    item.required = [...item.required, ...added.map((one) => ({ ...one, recipientType: 'resource' }))];
    soon(undefined, done);
  },
  setAsync: (all: typeof item.required, done: (r: unknown) => void) => {
    item.required = all;
    soon(undefined, done);
  },
});

const read = wanted.has('read');
const compose = {
  subject: { getAsync: (done: (r: unknown) => void) => soon(item.subject, done) },
  start: time('start'), end: time('end'), requiredAttendees: people('required'), optionalAttendees: people('none'),
  organizer: { getAsync: (done: (r: unknown) => void) => soon({ displayName: 'Alice Jansen', emailAddress: 'alice.jansen@contoso.example' }, done) },
  recurrence: { getAsync: (done: (r: unknown) => void) => soon(item.recurrence, done) },
  enhancedLocation: {
    getAsync: (done: (r: unknown) => void) => soon(item.locations, done),
    addAsync: (added: Array<{ id: string; type: string }>, done: (r: unknown) => void) => {
      if (wanted.has('refuse_room')) return refuse(done);
      item.locations.push(...added.map((one) => ({ locationIdentifier: one, displayName: one.id, emailAddress: one.id })));
      return soon(undefined, done);
    },
    removeAsync: (gone: Array<{ id: string }>, done: (r: unknown) => void) => {
      item.locations = item.locations.filter((one) => !gone.some((other) => other.id === one.locationIdentifier.id));
      soon(undefined, done);
    },
  },
  loadCustomPropertiesAsync: (done: (r: unknown) => void) => soon({
    get: (name: string) => item.properties[name], set: (name: string, value: string) => (item.properties[name] = value),
    saveAsync: (saved: (r: unknown) => void) => soon(undefined, saved),
  }, done),
  addHandlerAsync: (event: string, handler: () => void, done: (r: unknown) => void) => {
    handlers.set(event, handler);
    soon(undefined, done);
  },
  removeHandlerAsync: () => undefined,
};
const seen = {
  subject: item.subject, start: item.start, end: item.end, requiredAttendees: item.required, optionalAttendees: [],
  organizer: { displayName: 'Bob', emailAddress: 'bob@contoso.example' }, recurrence: null,
  enhancedLocation: { getAsync: (done: (r: unknown) => void) => soon([{ locationIdentifier: { id: 'room3@contoso.example', type: 'room' }, displayName: 'Maas', emailAddress: 'room3@contoso.example' }], done) },
  loadCustomPropertiesAsync: compose.loadCustomPropertiesAsync,
};

Object.assign(window, {
  harness: {
    shift: (minutes: number) => {
      item.start = new Date(item.start.getTime() + minutes * 60_000);
      item.end = new Date(item.end.getTime() + minutes * 60_000);
      fire('timeChanged');
    },
    item,
  },
  Office: {
    onReady: (ready: (info: unknown) => void) => {
      setTimeout(() => ready({ host: wanted.has('browser') ? null : 'Outlook', platform: 'OfficeOnline' }), Number(wanted.get('office_ms') ?? 30));
      return Promise.resolve();
    },
    context: {
      displayLanguage: wanted.get('lang') ?? 'en-GB',
      officeTheme: { bodyBackgroundColor: wanted.get('theme') === 'dark' ? '#292929' : '#ffffff' },
      requirements: { isSetSupported: (_: string, version: string) => Number(version.split('.')[1]) <= Number(wanted.get('set') ?? 10) },
      mailbox: {
        item: wanted.has('no_item') ? null : read ? seen : compose,
        userProfile: { displayName: 'Alice Jansen', emailAddress: 'alice.jansen@contoso.example', timeZone: 'W. Europe Standard Time' },
        addHandlerAsync: () => undefined,
      },
    },
    EventType: { AppointmentTimeChanged: 'timeChanged', RecipientsChanged: 'recipients', RecurrenceChanged: 'recurrence', EnhancedLocationsChanged: 'locations', OfficeThemeChanged: 'theme' },
    MailboxEnums: { LocationType: { Room: 'room', Custom: 'custom' } },
  },
  nestedAppAuthBridge: bridge(),
});

function bridge() {
  const listeners: Array<(response: unknown) => void> = [];
  const account = { homeAccountId: 'oid.tid', environment: 'login.example', tenantId: 'tid', username: 'alice.jansen@contoso.example', localAccountId: 'oid', name: 'Alice' };
  const b64 = (value: unknown) => btoa(JSON.stringify(value)).replace(/=+$/, '');
  return {
    addEventListener: (_: string, listener: (response: unknown) => void) => listeners.push(listener),
    removeEventListener: () => undefined,
    postMessage: (text: string) => {
      const { method, requestId } = JSON.parse(text) as { method: string; requestId: string };
      const answer = method === 'GetInitContext'
        ? { success: true, initContext: { sdkName: 'harness', sdkVersion: '1', capabilities: { queryAccount: true }, accountContext: { homeAccountId: account.homeAccountId, environment: account.environment, tenantId: account.tenantId } } }
        : wanted.has('signed_out')
          ? { success: false, error: { status: method === 'GetToken' ? 'USER_INTERACTION_REQUIRED' : 'USER_CANCEL', code: '', description: '' } }
          : { success: true, account, token: { access_token: 'made-up', expires_in: 3600, scope: 'api://room-booker/Booking.ReadWrite', id_token: `${b64({ alg: 'none' })}.${b64({ oid: 'oid', tid: 'tid', preferred_username: account.username })}.x` } };
      setTimeout(() => listeners.forEach((listener) => listener({ data: JSON.stringify({ messageType: 'NestedAppAuthResponse', requestId, ...answer }) })), 20);
    },
  };
}
