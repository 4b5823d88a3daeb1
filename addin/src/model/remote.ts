/** Anything that is fetched: it waits, loads, has arrived or has failed, and what was there stays in sight meanwhile. */

export type Remote<T, F = unknown> =
  | { is: 'idle' }
  | { is: 'loading'; last: T | null; since: number }
  | { is: 'ready'; value: T }
  | { is: 'failed'; fault: F; last: T | null };

export const idle = { is: 'idle' } as const;

export function loading<T, F>(before: Remote<T, F>, now: number): Remote<T, F> {
  return { is: 'loading', last: latest(before), since: now };
}

export function ready<T, F>(value: T): Remote<T, F> {
  return { is: 'ready', value };
}

export function failed<T, F>(before: Remote<T, F>, fault: F): Remote<T, F> {
  return { is: 'failed', fault, last: latest(before) };
}

/** The newest value there is, however old. */
export function latest<T, F>(remote: Remote<T, F>): T | null {
  if (remote.is === 'ready') return remote.value;
  return remote.is === 'idle' ? null : remote.last;
}
