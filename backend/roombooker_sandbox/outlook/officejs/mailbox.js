// @ts-check
/** Office.context.mailbox: who is signed in, the client's clock, and ids in their two spellings. */

/** @type {Map<string, Function[]>} */
const mailboxHandlers = new Map();

listen("mailboxEvent", ({ name, args }) => {
  for (const handler of mailboxHandlers.get(name) ?? []) handler({ type: name, ...args });
});

/** @param {Date} instant @param {string} zone IANA @returns {number} minutes east of UTC */
function offsetMinutes(instant, zone) {
  const parts = new Intl.DateTimeFormat("en-US", { timeZone: zone, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric" }).formatToParts(instant);
  /** @param {string} type */
  const part = (type) => Number(parts.find((each) => each.type === type)?.value);
  const wall = Date.UTC(part("year"), part("month") - 1, part("day"), part("hour"), part("minute"), part("second"));
  return Math.round((wall - Math.floor(instant.getTime() / 1000) * 1000) / 60000);
}

/** @param {any} context the host's first message */
function makeMailbox(context) {
  /** @param {number} version */
  const has = (version) => version <= context.mailboxSet;
  return /** @satisfies {Partial<Record<keyof Office.Mailbox, unknown>>} */ ({
    userProfile: Object.freeze({ ...context.user }),
    diagnostics: Object.freeze({ hostName: context.hostName, hostVersion: context.hostVersion, OWAView: context.owaView }),
    item: context.item.mode === "compose" ? composedAppointment(context.item, has) : readAppointment(context.item, has),
    ewsUrl: context.ewsUrl,
    restUrl: context.restUrl,
    /** @param {Date} instant */
    convertToLocalClientTime(instant) {
      const offset = offsetMinutes(instant, context.clientZone);
      const wall = new Date(instant.getTime() + offset * 60000);
      return {
        year: wall.getUTCFullYear(), month: wall.getUTCMonth(), date: wall.getUTCDate(), hours: wall.getUTCHours(),
        minutes: wall.getUTCMinutes(), seconds: wall.getUTCSeconds(), milliseconds: wall.getUTCMilliseconds(), timezoneOffset: offset,
      };
    },
    /** @param {{year: number, month: number, date: number, hours: number, minutes: number, seconds: number, milliseconds?: number, timezoneOffset?: number}} local */
    convertToUtcClientTime(local) {
      const wall = Date.UTC(local.year, local.month, local.date, local.hours, local.minutes, local.seconds, local.milliseconds ?? 0);
      const guess = new Date(wall - offsetMinutes(new Date(wall), context.clientZone) * 60000);
      return new Date(wall - (local.timezoneOffset ?? offsetMinutes(guess, context.clientZone)) * 60000);
    },
    ...(has(3) && {
      /** @param {string} id @param {string} _version */
      convertToRestId: (id, _version) => id.replaceAll("/", "-").replaceAll("+", "_"),
      /** @param {string} id @param {string} _version */
      convertToEwsId: (id, _version) => id.replaceAll("-", "/").replaceAll("_", "+"),
    }),
    ...(has(5) && handlerMethods("mailbox", mailboxHandlers)),
  });
}
