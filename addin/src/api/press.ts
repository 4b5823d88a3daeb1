/** A person's press of a button that changes something: one key for it, kept until the answer is final. */
import { Failure } from './client.ts';

/** What was pressed last, so that pressing "try again" asks about the same press and never books twice. */
export interface Press {
  /** Runs `send` with this press's key; the same wish in doubt gets the same key again, another wish a new one. */
  run<T>(wish: unknown, send: (key: string) => Promise<T>, isFinal: (answer: T) => boolean): Promise<T>;
}

export function createPress(newKey: () => string = () => crypto.randomUUID()): Press {
  let open: { wish: string; key: string } | null = null;
  return {
    async run(wish, send, isFinal) {
      const text = JSON.stringify(wish);
      if (open?.wish !== text) open = { wish: text, key: newKey() };
      const { key } = open;
      try {
        const answer = await send(key);
        if (isFinal(answer) && open?.key === key) open = null;
        return answer;
      } catch (fault) {
        const doubt = fault instanceof Failure && fault.leavesDoubt;
        if (!doubt && open?.key === key) open = null;
        throw fault;
      }
    },
  };
}
