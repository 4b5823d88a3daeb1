import { describe, expect, test, vi } from 'vitest';
import { createClient, Failure, type FailureCode } from '../../src/api/client.ts';
import { createPress } from '../../src/api/press.ts';
import { createRoomBooker } from '../../src/api/resources.ts';
import { HoldAnswer } from '../../src/api/shapes.ts';
import { availability, booking, END, row, START } from '../people.ts';

const BASE = 'https://rooms.contoso.example/sub/taskpane.html';

function server(...answers: Array<Response | Error>) {
  const asked: Array<{ url: string; init: RequestInit }> = [];
  const send = ((url: string, init: RequestInit) => {
    asked.push({ url, init });
    const next = answers.shift();
    return next instanceof Error ? Promise.reject(next) : Promise.resolve(next ?? new Response('', { status: 500 }));
  }) as typeof fetch;
  const tokens = vi.fn(({ fresh }: { fresh: boolean }) => Promise.resolve(fresh ? 'new' : 'old'));
  return { asked, tokens, client: createClient(BASE, tokens, send) };
}

const json = (value: unknown, status = 200, headers = {}) => new Response(JSON.stringify(value), { status, headers });
const failureOf = async (promise: Promise<unknown>): Promise<Failure> => {
  const fault: unknown = await promise.then(() => null, (reason: unknown) => reason);
  if (!(fault instanceof Failure)) throw new Error(`no Failure but ${String(fault)}`);
  return fault;
};

test('the API is found beside the page, and the token goes with every call', async () => {
  const { asked, client } = server(json({ held_until: END }));
  await client.call('api/v1/bookings/1/hold', HoldAnswer, { method: 'POST' });
  expect(asked[0]?.url).toBe('https://rooms.contoso.example/sub/api/v1/bookings/1/hold');
  expect(new Headers(asked[0]?.init.headers).get('Authorization')).toBe('Bearer old');
});

test('a refused token is renewed once, never twice', async () => {
  const { asked, tokens, client } = server(json({}, 401), json({ held_until: END }));
  await client.call('x', HoldAnswer);
  expect(tokens.mock.calls.map(([how]) => how.fresh)).toEqual([false, true]);
  expect(new Headers(asked[1]?.init.headers).get('Authorization')).toBe('Bearer new');
  const stubborn = server(json({}, 401), json({}, 401));
  expect((await failureOf(stubborn.client.call('x', HoldAnswer))).code).toBe('not_signed_in');
  expect(stubborn.asked).toHaveLength(2);
});

test('a refusal keeps its code, its sentence, its request id and its alternatives', async () => {
  const { client } = server(json({ code: 'slot_taken', message: 'Taken.', request_id: 'r1', alternatives: [{ kind: 'later', start: START, end: END }] }, 409));
  const fault = await failureOf(createRoomBooker(client).availability({ start: START, end: END, attendees: 1, filters: {} }));
  expect(fault).toMatchObject({ code: 'slot_taken', detail: 'Taken.', requestId: 'r1', alternatives: [{ kind: 'later', room: null }] });
});

describe('what is not our API is told apart', () => {
  test.each<[Response | Error, FailureCode]>([
    [new TypeError('Failed to fetch'), 'offline'],
    [new Response('<html>Bad gateway</html>', { status: 502 }), 'side_unavailable'],
    [new Response('<html>Sign in to the Wi-Fi</html>', { status: 200 }), 'side_garbled'],
    [json({ held_until: 'tomorrow' }), 'side_garbled'],
    [json({ held_until: '2026-11-24T09:00:00' }), 'side_garbled'],
    [json({ code: 'brand_new', message: 'x', request_id: 'y' }, 418), 'unknown'],
    [json({}, 429, { 'Retry-After': '7' }), 'rate_limited'],
  ])('%o is %s', async (answer, code) => {
    expect((await failureOf(server(answer).client.call('x', HoldAnswer))).code).toBe(code);
  });

  test('silence ends after the time limit', async () => {
    const silent = ((_: string, init: RequestInit) => new Promise((_resolve, reject) => init.signal?.addEventListener('abort', () => reject(new Error('aborted'))))) as typeof fetch;
    const client = createClient(BASE, () => Promise.resolve('t'), silent);
    expect((await failureOf(client.call('x', HoldAnswer, { timeoutMs: 5 }))).code).toBe('too_slow');
  });

  test('no sign-in is a reason of its own', async () => {
    const refused = Object.assign(new Error('x'), { name: 'SignInNeeded' });
    const client = createClient(BASE, () => Promise.reject(refused), () => Promise.reject(new Error('not asked')));
    expect((await failureOf(client.call('x', HoldAnswer))).code).toBe('sign_in_needed');
  });
});

test('answers are parsed: members that may be missing are filled in, unknown ones dropped', async () => {
  const { rooms: [plain] } = availability([row('1')]);
  const bare = { room: { id: '1', name: 'Maas', mailbox: 'm@c.example', surprise: 1 }, state: plain?.state };
  const { client } = server(json({ as_of: START, total: 1, counts: { free: 1, busy: 0, not_bookable: 0 }, rooms: [bare] }));
  const answer = await createRoomBooker(client).availability({ start: START, end: END, attendees: 1, filters: {} });
  expect(answer.rooms[0]).toMatchObject({ conflicts: [], alternatives: [], slots: null, room: { equipment: [], requires_approval: false } });
  expect(answer.rooms[0]?.room).not.toHaveProperty('surprise');
});

test('booking sends its key and answers 201 and 202 alike', async () => {
  const { asked, client } = server(json(booking('reserving'), 202));
  const request = { rooms: ['1'], start: START, end: END, subject: 's', organizer: 'a@b', attendees: 1 };
  expect((await createRoomBooker(client).book(request, 'key-12345')).state).toBe('reserving');
  expect(new Headers(asked[0]?.init.headers).get('Idempotency-Key')).toBe('key-12345');
});

describe('a press', () => {
  const count = () => {
    let n = 0;
    return () => `key-${(n += 1)}`;
  };
  const sendWith = (seen: string[], ...answers: Array<Failure | string>) => (key: string) => {
    seen.push(key);
    const next = answers.shift() ?? 'done';
    return next instanceof Failure ? Promise.reject(next) : Promise.resolve(next);
  };

  test('in doubt keeps its key, also past a failed sign-in, and a final answer ends it', async () => {
    const press = createPress(count());
    const seen: string[] = [];
    const send = sendWith(seen, new Failure('too_slow'), new Failure('sign_in_needed'), 'booked', 'booked again');
    await press.run('wish', send).catch(() => undefined);
    await press.run('wish', send).catch(() => undefined);
    await press.run('wish', send);
    await press.run('wish', send);
    expect(seen).toEqual(['key-1', 'key-1', 'key-1', 'key-2']);
  });

  test('refused for good gets a new key next time, and so does another wish', async () => {
    const press = createPress(count());
    const seen: string[] = [];
    await press.run('wish', sendWith(seen, new Failure('slot_taken'))).catch(() => undefined);
    await press.run('wish', sendWith(seen, new Failure('offline'))).catch(() => undefined);
    await press.run('other wish', sendWith(seen));
    expect(seen).toEqual(['key-1', 'key-2', 'key-3']);
  });
});
