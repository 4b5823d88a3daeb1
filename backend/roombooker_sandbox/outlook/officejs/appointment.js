// @ts-check
/** Office.context.mailbox.item: every property asynchronous while composing, plain values while reading. */

/** @type {Map<string, Function[]>} handlers of the item's events, by Office.EventType value */
const itemHandlers = new Map();

/** @param {string} scope @param {Map<string, Function[]>} handlers */
function handlerMethods(scope, handlers) {
  return {
    /** @param {string} type @param {Function} handler @param {...any} rest */
    addHandlerAsync(type, handler, ...rest) {
      call(`${scope}.addHandlerAsync`, [type], rest, (value) => {
        handlers.set(type, [...(handlers.get(type) ?? []), handler]);
        return value;
      });
    },
    /** @param {string} type @param {...any} rest */
    removeHandlerAsync(type, ...rest) {
      call(`${scope}.removeHandlerAsync`, [type], rest, (value) => {
        handlers.delete(type);
        return value;
      });
    },
  };
}

listen("event", ({ name, args }) => {
  const read = name === EVENT_TYPES.RecurrenceChanged ? { ...args, recurrence: readRecurrence(args.recurrence) } : args;
  for (const handler of itemHandlers.get(name) ?? []) handler({ type: name, ...read });
});

/** @param {string} name */
const readable = (name) => ({ getAsync: method(`${name}.getAsync`, 0) });

/** @param {string} name */
const writable = (name) => ({ ...readable(name), setAsync: method(`${name}.setAsync`, 1) });

/** @param {string} name */
const recipients = (name) => ({ ...writable(name), addAsync: method(`${name}.addAsync`, 1) });

const bodyMethods = { getAsync: method("body.getAsync", 1), getTypeAsync: method("body.getTypeAsync", 0), setAsync: method("body.setAsync", 1), prependAsync: method("body.prependAsync", 1) };

const notificationMethods = {
  addAsync: method("notificationMessages.addAsync", 2),
  replaceAsync: method("notificationMessages.replaceAsync", 2),
  removeAsync: method("notificationMessages.removeAsync", 1),
  getAllAsync: method("notificationMessages.getAllAsync", 0),
};

const loadCustomPropertiesAsync = method("customProperties.load", 0, { read: (values) => new CustomProperties(values, "customProperties.save") });

/**
 * The item of an organizer's form. Members above the client's requirement set are simply missing, as in the real one.
 * @param {{seriesId: string | null}} item
 * @param {(version: number) => boolean} has is Mailbox 1.<version> offered
 */
function composedAppointment(item, has) {
  const handlers = handlerMethods("item", itemHandlers);
  return /** @satisfies {Partial<Record<keyof Office.AppointmentCompose, unknown>>} */ ({
    itemType: "appointment",
    subject: writable("subject"),
    start: writable("start"),
    end: writable("end"),
    location: writable("location"),
    requiredAttendees: recipients("requiredAttendees"),
    optionalAttendees: recipients("optionalAttendees"),
    body: bodyMethods,
    loadCustomPropertiesAsync,
    ...(has(3) && { notificationMessages: notificationMethods, saveAsync: method("item.saveAsync", 0), close: () => post({ type: "close" }) }),
    ...(has(7) && {
      organizer: readable("organizer"),
      seriesId: item.seriesId,
      recurrence: {
        getAsync: method("recurrence.getAsync", 0, { read: readRecurrence }),
        setAsync: method("recurrence.setAsync", 1, { write: ([pattern]) => [writeRecurrence(pattern)] }),
      },
      ...handlers,
    }),
    ...(has(8) && {
      enhancedLocation: { getAsync: method("enhancedLocation.getAsync", 0), addAsync: method("enhancedLocation.addAsync", 1), removeAsync: method("enhancedLocation.removeAsync", 1) },
      getItemIdAsync: method("item.getItemIdAsync", 0),
      getSharedPropertiesAsync: method("item.getSharedPropertiesAsync", 0),
    }),
    ...(has(11) && {
      sessionData: {
        getAsync: method("sessionData.getAsync", 1),
        getAllAsync: method("sessionData.getAllAsync", 0),
        setAsync: method("sessionData.setAsync", 2),
        removeAsync: method("sessionData.removeAsync", 1),
        clearAsync: method("sessionData.clearAsync", 0),
      },
    }),
    ...(has(14) && { sensitivity: writable("sensitivity") }),
    ...(has(15) && { sendAsync: method("item.sendAsync", 0) }),
  });
}

/**
 * The item of an attendee's form.
 * @param {any} item the host's picture of the meeting
 * @param {(version: number) => boolean} has
 */
function readAppointment(item, has) {
  return /** @satisfies {Partial<Record<keyof Office.AppointmentRead, unknown>>} */ ({
    itemType: "appointment",
    itemClass: item.seriesId ? "IPM.Appointment.Occurrence" : "IPM.Appointment",
    itemId: item.itemId,
    subject: item.subject,
    normalizedSubject: item.subject,
    start: item.start,
    end: item.end,
    location: item.location,
    organizer: item.organizer,
    requiredAttendees: item.requiredAttendees,
    optionalAttendees: item.optionalAttendees,
    dateTimeCreated: item.created,
    dateTimeModified: item.modified,
    body: { getAsync: bodyMethods.getAsync },
    loadCustomPropertiesAsync,
    ...(has(3) && { notificationMessages: notificationMethods }),
    ...(has(7) && { seriesId: item.seriesId, recurrence: readRecurrence(item.recurrence), ...handlerMethods("item", itemHandlers) }),
    ...(has(8) && { enhancedLocation: { getAsync: method("enhancedLocation.getAsync", 0) }, getSharedPropertiesAsync: method("item.getSharedPropertiesAsync", 0) }),
    ...(has(14) && { sensitivity: item.sensitivity }),
  });
}
