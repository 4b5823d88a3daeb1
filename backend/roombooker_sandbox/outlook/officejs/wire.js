// @ts-check
/** How the pane talks to the page that hosts it: numbered calls, events and token messages by postMessage. */

const MARK = "roombooker-outlook";

/**
 * What the host left in the frame's name (readable at once, unlike a message): its origin and whether it brokers tokens.
 * The real script finds such facts in the frame's name and address too. Null: opened outside any host.
 * @returns {{origin: string, naa: boolean} | null}
 */
function readFrameName() {
  if (window.parent === window || !window.name.startsWith(`${MARK}=`)) return null;
  try {
    const frame = JSON.parse(window.name.slice(MARK.length + 1));
    const script = /** @type {HTMLScriptElement | null} */ (document.currentScript);
    // The http and the TLS listener differ in scheme and port; the machine must be the one that this script came from.
    const same = !script?.src || new URL(frame.origin).hostname === new URL(script.src).hostname;
    return same ? frame : null;
  } catch {
    return null;
  }
}

const frame = readFrameName();

/** @type {Map<number, (answer: any) => void>} */
const waiting = new Map();
/** @type {Map<string, Array<(message: any) => void>>} */
const listeners = new Map();
let lastCall = 0;

/** @param {Record<string, unknown>} message */
function post(message) {
  if (frame) window.parent.postMessage({ mark: MARK, ...message }, frame.origin);
}

/** @param {string} type @param {(message: any) => void} listener */
function listen(type, listener) {
  listeners.set(type, [...(listeners.get(type) ?? []), listener]);
}

window.addEventListener("message", (event) => {
  if (!frame || event.source !== window.parent || event.origin !== frame.origin || event.data?.mark !== MARK) return;
  const message = event.data;
  if (message.type === "result") {
    waiting.get(message.id)?.(message);
    waiting.delete(message.id);
    return;
  }
  for (const listener of listeners.get(message.type) ?? []) listener(message);
});

/** Web, new Outlook and mobile take three calls at a time; Infinity elsewhere. Set by the host's first message. */
let callLimit = Infinity;

/**
 * One asynchronous call in Office's manner: the callback gets an AsyncResult, never an exception.
 * @param {string} method what the host should do, such as "subject.setAsync"
 * @param {unknown[]} values what goes to the host
 * @param {unknown[]} rest the caller's `options?, callback?, userContext?`
 * @param {(value: any) => any} [read] turns the host's plain value into what Office promises
 */
function call(method, values, rest, read = (value) => value) {
  const callback = /** @type {Function | undefined} */ (rest.find((part) => typeof part === "function"));
  const options = /** @type {any} */ (rest.find((part) => part !== null && typeof part === "object"));
  const afterCallback = callback ? rest[rest.indexOf(callback) + 1] : undefined;
  const asyncContext = options && "asyncContext" in options ? options.asyncContext : afterCallback;
  /** @param {{ok: boolean, value?: any, error?: any}} answer */
  const finish = (answer) => {
    const value = answer.ok ? read(answer.value) : undefined; // also without a callback: a handler is kept by reading the answer
    callback?.({ status: answer.ok ? "succeeded" : "failed", value, error: answer.error, asyncContext, diagnostics: undefined });
  };
  if (waiting.size >= callLimit) {
    const error = { code: 5100, name: "API Call Failed", message: "Too many incomplete requests. Wait until a call has finished." };
    setTimeout(() => finish({ ok: false, error }));
    return;
  }
  const id = ++lastCall;
  waiting.set(id, finish);
  post({ type: "call", id, method, values });
}

/**
 * @param {string} name
 * @param {number} arity how many values come before options and callback
 * @param {{read?: (value: any) => any, write?: (values: any[]) => any[]}} [how]
 * @returns {(...args: any[]) => void}
 */
function method(name, arity, { read, write = (values) => values } = {}) {
  return (...args) => call(name, write(args.slice(0, arity)), args.slice(arity), read);
}
