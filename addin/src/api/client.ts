/** Calls our own API: a time limit on each, one renewed token, answers parsed, failures by cause. */
import * as v from 'valibot';
import { Refusal, type Alternative } from './shapes.ts';

/** `code` is the API's, or one of ours: what happened between here and there. */
export type FailureCode =
  | 'invalid_input' | 'not_signed_in' | 'not_allowed' | 'not_found' | 'slot_taken' | 'version_moved' | 'key_reused'
  | 'in_progress' | 'side_unavailable' | 'side_refused' | 'side_denied' | 'side_garbled' | 'rate_limited' | 'safety_stop'
  | 'offline' | 'too_slow' | 'sign_in_needed' | 'unknown';

const CODES: ReadonlySet<string> = new Set<FailureCode>([
  'invalid_input', 'not_signed_in', 'not_allowed', 'not_found', 'slot_taken', 'version_moved', 'key_reused', 'in_progress',
  'side_unavailable', 'side_refused', 'side_denied', 'side_garbled', 'rate_limited', 'safety_stop',
]);

export class Failure extends Error {
  override readonly name = 'Failure';
  readonly alternatives: Alternative[];
  readonly requestId: string | null;
  /** Seconds the server asked us to wait. */
  readonly retryAfterS: number | null;
  constructor(readonly code: FailureCode, readonly detail = '', more: Partial<Pick<Failure, 'alternatives' | 'requestId' | 'retryAfterS'>> = {}) {
    super(`${code}: ${detail}`);
    this.alternatives = more.alternatives ?? [];
    this.requestId = more.requestId ?? null;
    this.retryAfterS = more.retryAfterS ?? null;
  }

  /** Says nothing about whether it was done: the same press must be asked about again with the same key. */
  get leavesDoubt(): boolean {
    return !FINAL.has(this.code);
  }
}

const FINAL: ReadonlySet<string> = new Set<FailureCode>([
  'invalid_input', 'not_allowed', 'not_found', 'slot_taken', 'version_moved', 'key_reused', 'side_refused', 'side_denied', 'safety_stop',
]);

export interface Call {
  method?: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  body?: unknown;
  key?: string;
  signal?: AbortSignal;
  timeoutMs?: number;
}

/** How the client gets its tokens; `SignInNeeded` and all else it may throw becomes a Failure. */
export type TokenSource = (how: { fresh: boolean }) => Promise<string>;

export interface Client {
  call<S extends v.GenericSchema>(path: string, schema: S, call?: Call): Promise<v.InferOutput<S>>;
}

const TIMEOUT_MS = 15_000;

export function createClient(base: string, tokens: TokenSource, send: typeof fetch = (...args) => fetch(...args)): Client {
  async function once(path: string, call: Call, fresh: boolean): Promise<{ response: Response; json: unknown }> {
    const token = await tokenFrom(tokens, fresh);
    const limit = new AbortController();
    let expired = false;
    const timer = setTimeout(() => {
      expired = true;
      limit.abort();
    }, call.timeoutMs ?? TIMEOUT_MS);
    const stop = () => limit.abort();
    call.signal?.addEventListener('abort', stop);
    if (call.signal?.aborted) stop();
    try {
      const response = await send(new URL(path, base).href, {
        method: call.method ?? 'GET',
        signal: limit.signal,
        credentials: 'omit',
        cache: 'no-store',
        headers: {
          Accept: 'application/json',
          Authorization: `Bearer ${token}`,
          ...(call.body === undefined ? {} : { 'Content-Type': 'application/json' }),
          ...(call.key ? { 'Idempotency-Key': call.key } : {}),
        },
        ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
      });
      return { response, json: parseJson(await response.text()) };
    } catch (fault) {
      if (call.signal?.aborted) throw fault; // somebody asked something newer: not a failure to show
      throw new Failure(expired ? 'too_slow' : 'offline');
    } finally {
      clearTimeout(timer);
      call.signal?.removeEventListener('abort', stop);
    }
  }

  return {
    async call(path, schema, call = {}) {
      let { response, json } = await once(path, call, false);
      if (response.status === 401) ({ response, json } = await once(path, call, true));
      if (!response.ok) throw failureOf(response, json);
      const parsed = v.safeParse(schema, json);
      if (!parsed.success) throw new Failure('side_garbled', v.getDotPath(parsed.issues[0]) ?? '');
      return parsed.output;
    },
  };
}

async function tokenFrom(tokens: TokenSource, fresh: boolean): Promise<string> {
  try {
    return await tokens({ fresh });
  } catch (fault) {
    if (fault instanceof Failure) throw fault;
    const named = fault instanceof Error ? fault.name : '';
    if (named === 'SignInNeeded') throw new Failure('sign_in_needed');
    // The chunk with MSAL did not come: our own server is away.
    if (fault instanceof TypeError) throw new Failure('offline');
    // Without a network even signing in fails; say the cause, not the symptom.
    throw new Failure(navigator.onLine ? 'sign_in_needed' : 'offline');
  }
}

function failureOf(response: Response, json: unknown): Failure {
  const parsed = v.safeParse(Refusal, json);
  const retryAfter = Number(response.headers.get('Retry-After') ?? '');
  const retryAfterS = retryAfter > 0 ? retryAfter : null;
  if (parsed.success) {
    const { code, message, request_id: requestId, alternatives } = parsed.output;
    return new Failure(isCode(code) ? code : 'unknown', message, { alternatives, requestId, retryAfterS });
  }
  if (response.status === 401) return new Failure('not_signed_in');
  if (response.status === 403) return new Failure('not_allowed');
  if (response.status === 404) return new Failure('not_found');
  if (response.status === 429) return new Failure('rate_limited', '', { retryAfterS });
  return new Failure('side_unavailable', '', { retryAfterS });
}

function isCode(code: string): code is FailureCode {
  return CODES.has(code);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
