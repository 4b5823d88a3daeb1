/** A person's press of a button that changes something: one key for it, kept until the answer is final. */
import { Failure } from './client.ts';

/** What was pressed last, so that pressing "try again" asks about the same press and never books twice. */
export interface Press {
  /**
   * Runs `send` with this press's key. The same wish, while its outcome is in doubt, gets the same key again; another
   * wish gets a new one. Any answer with a booking is final: from there on the booking's own id finds it.
   */
  run<T>(wish: unknown, send: (key: string) => Promise<T>): Promise<T>;
}

export function createPress(newKey: () => string = () => crypto.randomUUID()): Press {
  let open: { wish: string; key: string } | null = null;
  return {
    async run(wish, send) {
      const text = JSON.stringify(wish);
      if (open?.wish !== text) open = { wish: text, key: newKey() };
      const { key } = open;
      const close = () => {
        if (open?.key === key) open = null;
      };
      try {
        const answer = await send(key);
        close();
        return answer;
      } catch (fault) {
        if (fault instanceof Failure && !fault.leavesDoubt) close();
        throw fault;
      }
    },
  };
}
