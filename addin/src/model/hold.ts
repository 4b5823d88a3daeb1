/** The countdown of a hold, and when an open pane asks for more time. */

const EXTEND_BELOW_MS = 5 * 60_000;

/** Milliseconds left, never below zero; null without a hold. */
export function remainingMs(heldUntil: string | null, now: number): number | null {
  return heldUntil === null ? null : Math.max(0, Date.parse(heldUntil) - now);
}

/**
 * Whether to ask now. Below five minutes, or below half of a hold that is shorter than ten: `wholeMs` is how long the
 * hold was when it was first seen.
 */
export function shouldExtend(remaining: number, wholeMs: number): boolean {
  return remaining > 0 && remaining < Math.min(EXTEND_BELOW_MS, wholeMs / 2);
}
