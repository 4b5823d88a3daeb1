/** Calls into Office.js as promises, made once here, never more than three at a time. */

/** Outlook on the web, the new Outlook and mobile refuse a fourth call in flight (Microsoft's documented limit). */
const AT_ONCE = 3;
/** A call that Outlook never answers must not stop the pane: some clients drop callbacks. */
const PATIENCE_MS = 10_000;

/** What Outlook said no to; `code` is Office's number or our own word. */
export class OfficeRefused extends Error {
  override readonly name = 'OfficeRefused';
  constructor(readonly code: number | string, message: string) {
    super(message);
  }
}

type Callback<T> = (result: Office.AsyncResult<T>) => void;

let running = 0;
const waiting: Array<() => void> = [];

/** The place goes straight to who waits longest: given back in between, a newcomer would take it and be a fourth. */
function release(): void {
  const next = waiting.shift();
  if (next) next();
  else running -= 1;
}

async function place(): Promise<void> {
  if (running < AT_ONCE) running += 1;
  else await new Promise<void>((go) => waiting.push(go));
}

/** Runs one asynchronous Office call and gives its value, or throws OfficeRefused. */
export async function ask<T>(call: (done: Callback<T>) => void, patienceMs: number = PATIENCE_MS): Promise<T> {
  await place();
  try {
    return await new Promise<T>((resolve, reject) => {
      const timer = setTimeout(() => reject(new OfficeRefused('no_answer', 'Outlook did not answer')), patienceMs);
      call((result) => {
        clearTimeout(timer);
        // Compared with the text: the enum object is missing in some older clients' builds.
        if (String(result.status) === 'succeeded') resolve(result.value);
        else reject(new OfficeRefused(result.error?.code ?? 'unknown', result.error?.message ?? 'Outlook refused'));
      });
    });
  } finally {
    release();
  }
}

/** The same, for what is nice to have: `otherwise` when Outlook refuses. */
export async function askOr<T>(call: (done: Callback<T>) => void, otherwise: T): Promise<T> {
  try {
    return await ask(call);
  } catch {
    return otherwise;
  }
}
