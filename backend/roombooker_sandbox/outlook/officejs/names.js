// @ts-check
/** The constants of Office.js that an appointment pane meets. */

const EVENT_TYPES = {
  AppointmentTimeChanged: "olkAppointmentTimeChanged",
  EnhancedLocationsChanged: "olkEnhancedLocationsChanged",
  InfobarClicked: "olkInfobarClicked",
  ItemChanged: "olkItemSelectedChanged",
  OfficeThemeChanged: "officeThemeChanged",
  RecipientsChanged: "olkRecipientsChanged",
  RecurrenceChanged: "olkRecurrenceChanged",
};

/** @param {string[]} words @returns {Record<string, string>} the same word as key (capitalised) and value */
function wordsAsEnum(words) {
  return Object.fromEntries(words.map((word) => [word[0].toUpperCase() + word.slice(1), word]));
}

const MAILBOX_ENUMS = {
  AppointmentSensitivityType: { Normal: "normal", Personal: "personal", Private: "private", Confidential: "confidential" },
  Days: { Mon: "mon", Tue: "tue", Wed: "wed", Thu: "thu", Fri: "fri", Sat: "sat", Sun: "sun", Weekday: "weekday", WeekendDay: "weekendDay", Day: "day" },
  DelegatePermissions: { Read: 1, Write: 2, DeleteOwn: 4, DeleteAll: 8, EditOwn: 16, EditAll: 32 },
  ItemNotificationMessageType: wordsAsEnum(["progressIndicator", "informationalMessage", "errorMessage", "insightMessage"]),
  ItemType: { Message: "message", Appointment: "appointment" },
  LocationType: { Custom: "custom", Room: "room" },
  Month: wordsAsEnum(["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]),
  RecipientType: wordsAsEnum(["user", "distributionList", "externalUser", "other"]),
  RecurrenceType: wordsAsEnum(["daily", "weekday", "weekly", "monthly", "yearly"]),
  ResponseType: { None: "none", Organizer: "organizer", Tentative: "tentative", Accepted: "accepted", Declined: "declined" },
  RestVersion: { v1_0: "v1.0", v2_0: "v2.0", Beta: "beta" },
  WeekNumber: wordsAsEnum(["first", "second", "third", "fourth", "last"]),
};
