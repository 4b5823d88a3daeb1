// @ts-check
/** The global `Office`: there as soon as the script has run, with its context once the host has answered. */

/** @type {(info: {host: string | null, platform: string | null}) => void} */
let becomeReady = () => {};
/** @type {Promise<{host: string | null, platform: string | null}>} */
const readiness = new Promise((resolve) => (becomeReady = resolve));

const office = {
  AsyncResultStatus: { Succeeded: "succeeded", Failed: "failed" },
  CoercionType: { Text: "text", Html: "html" },
  EventType: EVENT_TYPES,
  HostType: { Outlook: "Outlook" },
  MailboxEnums: MAILBOX_ENUMS,
  PlatformType: { PC: "PC", OfficeOnline: "OfficeOnline", Mac: "Mac", iOS: "iOS", Android: "Android", Universal: "Universal" },
  SeriesTime,
  actions: { associate: () => {} },
  context: /** @type {any} */ ({}),
  /** @type {((reason: string) => void) | undefined} */
  initialize: undefined,
  /** @param {(info: {host: string | null, platform: string | null}) => unknown} [callback] */
  onReady(callback) {
    return readiness.then((info) => (callback?.(info), info));
  },
};

/** @param {any} context */
function makeContext(context) {
  return {
    contentLanguage: context.contentLanguage,
    displayLanguage: context.displayLanguage,
    diagnostics: { host: "Outlook", platform: context.platform, version: context.hostVersion },
    host: "Outlook",
    platform: context.platform,
    officeTheme: context.officeTheme,
    mailbox: makeMailbox(context),
    requirements: {
      /** @param {string} name @param {string} [version] */
      isSetSupported(name, version = "1.1") {
        const [major, minor] = version.split(".").map(Number);
        if (name.toLowerCase() === "mailbox") return major === 1 && (minor || 0) <= context.mailboxSet;
        if (name.toLowerCase() === "nestedappauth") return context.naa && major === 1 && (minor || 0) <= 1;
        return ["dialogapi", "openbrowserwindowapi"].includes(name.toLowerCase()) && major === 1 && (minor || 0) <= 1;
      },
    },
    roamingSettings: new CustomProperties(context.roamingSettings, "roamingSettings.save"),
    ui: {
      closeContainer: () => post({ type: "close" }),
      /** @param {string} address */
      openBrowserWindow: (address) => void window.open(address, "_blank", "noopener"),
    },
  };
}

listen("init", ({ context }) => {
  callLimit = context.callLimit ?? Infinity;
  office.context = makeContext(context);
  becomeReady({ host: "Outlook", platform: context.platform });
  office.initialize?.("documentOpened");
});

listen("theme", ({ officeTheme }) => {
  if (!office.context.host) return;
  office.context.officeTheme = officeTheme;
  for (const handler of mailboxHandlers.get(EVENT_TYPES.OfficeThemeChanged) ?? []) handler({ type: EVENT_TYPES.OfficeThemeChanged, officeTheme });
});

Object.defineProperty(window, "Office", { value: office, configurable: true });
// The page may still be loading: a host answers when the document is there, as with the real script.
if (frame) {
  const greet = () => post({ type: "hello" });
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", greet);
  else greet();
} else {
  becomeReady({ host: null, platform: null });
}
