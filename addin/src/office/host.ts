/** Outlook itself: whether it is there, what it can do, in which language, and the item that the pane is beside. */

/** Outlook can take seconds to come up; after this the pane says that it is not inside Outlook. */
const START_PATIENCE_MS = 20_000;

export type Compose = Office.AppointmentCompose;
export type Read = Office.AppointmentRead;

export type Item = { kind: 'compose'; item: Compose } | { kind: 'read'; item: Read } | { kind: 'none' };

let started: Promise<boolean> | undefined;

/** Resolves once to whether the pane runs inside Outlook. Never rejects. */
export function start(): Promise<boolean> {
  started ??= waitForScript().then(
    () => new Promise<boolean>((resolve) => {
      const timer = setTimeout(() => resolve(false), START_PATIENCE_MS);
      void Office.onReady((info) => {
        clearTimeout(timer);
        resolve(String(info.host) === 'Outlook');
      });
    }),
    () => false,
  );
  return started;
}

function waitForScript(): Promise<void> {
  if (typeof Office !== 'undefined') return Promise.resolve();
  const script = document.getElementById('office-js');
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('Office.js did not load')), START_PATIENCE_MS);
    const settle = (loaded: boolean) => {
      clearTimeout(timer);
      if (loaded) resolve();
      else reject(new Error('Office.js did not load'));
    };
    if (!script) return settle(false);
    script.addEventListener('load', () => settle(true));
    script.addEventListener('error', () => settle(false));
    // It may have loaded between the check above and the listener.
    if (typeof Office !== 'undefined') settle(true);
  });
}

export function supports(version: string, set = 'Mailbox'): boolean {
  try {
    return Office.context.requirements.isSetSupported(set, version);
  } catch {
    return false;
  }
}

export function language(): string {
  try {
    return Office.context.displayLanguage || navigator.language;
  } catch {
    return navigator.language;
  }
}

export interface Person {
  name: string;
  email: string;
}

export function me(): Person {
  const profile = Office.context.mailbox.userProfile;
  return { name: profile.displayName, email: profile.emailAddress };
}

/** The item is null while Outlook switches between items, and absent in a plain browser tab. */
export function currentItem(): Item {
  const item: unknown = Office.context.mailbox?.item;
  if (!item || typeof item !== 'object' || !('start' in item)) return { kind: 'none' };
  const composing = typeof item.start === 'object' && item.start !== null && 'getAsync' in item.start;
  return composing ? { kind: 'compose', item: item as Compose } : { kind: 'read', item: item as Read };
}
