import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { readCompose } from '../../src/office/form.ts';
import { recall, remember } from '../../src/office/memory.ts';
import { addRoom, removeRoom, setTime } from '../../src/office/place.ts';
import { ask, askOr, OfficeRefused } from '../../src/office/queue.ts';
import { themeOf } from '../../src/office/theme.ts';
import { watchForm } from '../../src/office/watch.ts';
import { ianaZone } from '../../src/office/zones.ts';
import { authorityOf } from '../../src/office/config.ts';
import { attendees, install, no, yes, type Done } from './office.ts';

type Compose = Office.AppointmentCompose;
const ROOM = { name: 'Maas', mailbox: 'Maas@contoso.example' };

beforeEach(() => install('1.10'));

describe('calls into Office', () => {
  test('are never more than three at a time', async () => {
    let under = 0;
    let most = 0;
    const slow = (done: Done<number>) => {
      under += 1;
      most = Math.max(most, under);
      setTimeout(() => {
        under -= 1;
        done({ status: 'succeeded', value: 1 });
      }, 2);
    };
    const all = await Promise.all(Array.from({ length: 12 }, () => ask<number>(slow as never)));
    expect(all).toHaveLength(12);
    expect(most).toBe(3);
  });

  test('nor four while a place changes hands', async () => {
    let under = 0;
    let most = 0;
    const call = (done: Done<number>) => {
      under += 1;
      most = Math.max(most, under);
      setTimeout(() => {
        under -= 1;
        done({ status: 'succeeded', value: 1 });
      });
    };
    // Each answer is followed by a newcomer, who must queue behind those that wait.
    const chain = async () => {
      for (let at = 0; at < 5; at += 1) await ask<number>(call as never);
    };
    await Promise.all(Array.from({ length: 6 }, chain));
    expect(most).toBe(3);
  });

  test('that fail say why, and give their place to the next', async () => {
    await expect(ask(no as never)).rejects.toMatchObject({ name: 'OfficeRefused', code: 9000 });
    await expect(Promise.all(Array.from({ length: 6 }, () => askOr(no as never, 'instead')))).resolves.toEqual(Array(6).fill('instead'));
  });

  test('that are never answered end by themselves', async () => {
    await expect(ask(() => undefined, 5)).rejects.toBeInstanceOf(OfficeRefused);
    await expect(ask<string>(((done: Done<string>) => yes(done, 'fine')) as never)).resolves.toBe('fine');
  });
});

function places() {
  return {
    all: [] as Array<{ locationIdentifier: { id: string; type: string }; emailAddress: string; displayName: string }>,
    getAsync(done: Done<unknown>) { yes(done, this.all); },
    addAsync(added: Array<{ id: string; type: string }>, done: Done<void>) {
      this.all.push(...added.map((one) => ({ locationIdentifier: one, emailAddress: one.id, displayName: one.id })));
      yes(done);
    },
    removeAsync(gone: Array<{ id: string }>, done: Done<void>) {
      this.all = this.all.filter((one) => !gone.some(({ id }) => id === one.locationIdentifier.id));
      yes(done);
    },
  };
}

function item(more: object = {}): Compose & { requiredAttendees: ReturnType<typeof attendees>; enhancedLocation: ReturnType<typeof places> } {
  return { requiredAttendees: attendees([]), optionalAttendees: attendees([]), enhancedLocation: places(), ...more } as never;
}

describe('a room is put on the appointment', () => {
  test('as a location, once, however often it is asked', async () => {
    const it = item();
    await addRoom(it, ROOM);
    await addRoom(it, { ...ROOM, mailbox: 'maas@CONTOSO.example' });
    expect(it.enhancedLocation.all.map((one) => one.locationIdentifier)).toEqual([{ id: 'Maas@contoso.example', type: 'room' }]);
    expect(it.requiredAttendees.people).toEqual([]);
  });

  test('as an attendee where the client has no locations', async () => {
    install('1.5');
    const it = item();
    await addRoom(it, ROOM);
    expect(it.requiredAttendees.people).toEqual([{ displayName: 'Maas', emailAddress: 'Maas@contoso.example' }]);
  });

  test('as an attendee when Outlook says yes and adds nothing', async () => {
    const it = item({ enhancedLocation: { ...places(), addAsync: (_: unknown, done: Done<void>) => yes(done) } });
    await addRoom(it, ROOM);
    expect(it.requiredAttendees.people).toHaveLength(1);
  });

  test('and taken off everywhere, since Outlook leaves it among the attendees', async () => {
    const it = item({ requiredAttendees: attendees([{ displayName: 'Maas', emailAddress: 'maas@contoso.example' }, { displayName: 'Bob', emailAddress: 'bob@contoso.example' }]) });
    await it.enhancedLocation.addAsync([{ id: 'Maas@contoso.example', type: 'room' }], () => undefined);
    await removeRoom(it, ROOM);
    expect(it.enhancedLocation.all).toEqual([]);
    expect(it.requiredAttendees.people.map((one) => one.displayName)).toEqual(['Bob']);
  });

  test('a time is set start first, so that the end has the last word', async () => {
    const order: string[] = [];
    const time = (name: string) => ({ setAsync: (value: Date, done: Done<void>) => { order.push(`${name} ${value.toISOString()}`); yes(done); } });
    await setTime(item({ start: time('start'), end: time('end') }), '2026-11-24T09:00:00Z', '2026-11-24T10:00:00Z');
    expect(order).toEqual(['start 2026-11-24T09:00:00.000Z', 'end 2026-11-24T10:00:00.000Z']);
  });
});

describe('the booking is kept in the item', () => {
  function withProperties(saves: Array<typeof yes | typeof no>) {
    const kept: Record<string, string> = {};
    let draft: Record<string, string> = {};
    return {
      kept,
      it: item({
        loadCustomPropertiesAsync: (done: Done<unknown>) => {
          draft = { ...kept };
          yes(done, {
            get: (name: string) => draft[name], set: (name: string, value: string) => (draft[name] = value),
            saveAsync: (saved: Done<never>) => {
              const how = saves.shift() ?? yes;
              if (how === yes) Object.assign(kept, draft);
              how(saved);
            },
          });
        },
      }),
    };
  }

  test('and read back, also after a first save that failed', async () => {
    const { it } = withProperties([no as never]);
    expect(await remember(it, { bookings: ['b1'], keys: ['ORB-1'] })).toBe(true);
    expect(await recall(it)).toEqual({ bookings: ['b1'], keys: ['ORB-1'] });
  });

  test('and what somebody else wrote there is no booking', async () => {
    const { it, kept } = withProperties([]);
    kept['roomBookerBookings'] = '{"bookings": "b1"}';
    expect(await recall(it)).toEqual({ bookings: [], keys: [] });
    kept['roomBookerBookings'] = 'not json';
    expect(await recall(it)).toEqual({ bookings: [], keys: [] });
  });
});

describe('the form is read', () => {
  const get = (value: unknown) => ({ getAsync: (done: Done<unknown>) => yes(done, value) });
  const written = () => ({
    subject: get('Planning'), start: get(new Date('2026-11-24T09:00:00Z')), end: get(new Date('2026-11-24T10:00:00Z')),
    organizer: get({ emailAddress: 'alice.jansen@contoso.example' }), recurrence: get(null),
    requiredAttendees: attendees([
      { displayName: 'Bob', emailAddress: 'bob@contoso.example' }, { displayName: 'Alice', emailAddress: 'Alice.Jansen@contoso.example' },
      { displayName: 'Maas', emailAddress: 'Maas@contoso.example', recipientType: 'resource' },
    ]),
    optionalAttendees: attendees([{ displayName: 'Bob', emailAddress: 'BOB@contoso.example' }, { displayName: 'Carol', emailAddress: 'carol@contoso.example' }]),
  });

  test('people are counted once, the organizer with them, rooms not', async () => {
    const form = await readCompose(item(written()));
    expect(form).toMatchObject({ persons: 3, rooms: ['maas@contoso.example'], start: '2026-11-24T09:00:00.000Z', organizer: 'alice.jansen@contoso.example', recurrence: null });
  });

  test('on Mailbox 1.5 the organizer is the person whose mailbox it is', async () => {
    install('1.5');
    const { organizer: _organizer, recurrence: _recurrence, ...old } = written();
    expect(await readCompose(item(old))).toMatchObject({ organizer: 'alice.jansen@contoso.example', recurrence: null });
  });
});

describe('the form is followed', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  test('by events, several of which are one change', async () => {
    const handlers: Record<string, () => void> = {};
    const changed = vi.fn();
    const stop = watchForm(item({
      addHandlerAsync: (event: string, handler: () => void, done: Done<void>) => { handlers[event] = handler; done({ status: 'succeeded' }); },
      removeHandlerAsync: () => undefined,
    }), changed);
    await vi.advanceTimersByTimeAsync(0);
    handlers['time']?.();
    handlers['people']?.();
    vi.advanceTimersByTime(300);
    expect(changed).toHaveBeenCalledTimes(1);
    stop();
    vi.advanceTimersByTime(60_000);
    expect(changed).toHaveBeenCalledTimes(1);
  });

  test('by looking where there are no events', () => {
    install('1.5');
    const changed = vi.fn();
    const stop = watchForm(item({ addHandlerAsync: () => { throw new Error('not in Mailbox 1.5'); } }), changed);
    vi.advanceTimersByTime(8_000);
    expect(changed).toHaveBeenCalledTimes(3);
    stop();
  });
});

test('Windows zone names become IANA ones, the browser’s own among equals', async () => {
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  expect(await ianaZone('Eastern Standard Time')).toBe('America/New_York');
  expect(await ianaZone('Asia/Tokyo')).toBe('Asia/Tokyo');
  expect(await ianaZone('No Such Time')).toBe(here);
  expect(await ianaZone(undefined)).toBe(here);
});

test('dark is what Outlook says, or what its background looks like', () => {
  expect(themeOf({ isDarkTheme: true, bodyBackgroundColor: '#ffffff' })).toBe('dark');
  expect(themeOf({ bodyBackgroundColor: '#292929' })).toBe('dark');
  expect(themeOf({ bodyBackgroundColor: '#FFFFFF' })).toBe('light');
  expect(themeOf(undefined)).toBeNull();
});

test('the authority has its tenant once', () => {
  const config = { clientId: 'c', tenantId: 't', apiScope: 's' };
  expect(authorityOf({ ...config, authority: 'https://localhost:8443/entra/' })).toBe('https://localhost:8443/entra/t');
  expect(authorityOf({ ...config, authority: 'https://localhost:8443/entra/t' })).toBe('https://localhost:8443/entra/t');
});
