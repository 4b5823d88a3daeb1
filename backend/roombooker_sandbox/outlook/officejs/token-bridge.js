// @ts-check
/** window.nestedAppAuthBridge: what MSAL finds inside a host that brokers tokens. JSON text both ways. */

/** @type {Set<(response: string) => void>} */
const tokenListeners = new Set();

listen("naa", ({ text }) => {
  for (const listener of tokenListeners) listener(text);
});

if (frame?.naa) {
  Object.defineProperty(window, "nestedAppAuthBridge", {
    value: Object.freeze({
      /** @param {string} name @param {(response: string) => void} listener */
      addEventListener: (name, listener) => void (name === "message" && tokenListeners.add(listener)),
      /** @param {string} name @param {(response: string) => void} listener */
      removeEventListener: (name, listener) => void (name === "message" && tokenListeners.delete(listener)),
      /** @param {string} text */
      postMessage: (text) => post({ type: "naa", text }),
    }),
  });
}
