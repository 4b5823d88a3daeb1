/** The Outlooks there are, as far as an add-in can tell them apart. Caps of requirement sets: Microsoft's table of June 2026. */

/**
 * mailboxSet: highest Mailbox 1.x · callLimit: async calls at once · seriesStartLocked: start/end of a series cannot be set ·
 * roomStaysInvited: removing a room location leaves the room among the attendees (reported for the web, office-js #2944, #3686) ·
 * latencyMs: how long each call takes (inferred) · naa: the host brokers tokens · clientClock: times shown in the computer's zone
 */
export const PROFILES = {
  web: { label: "Outlook on the web", platform: "OfficeOnline", hostName: "OutlookWebApp", hostVersion: "20261113001.07", mailboxSet: 16, callLimit: 3, roomStaysInvited: true, naa: true, latencyMs: 25, skin: "web" },
  new: { label: "New Outlook for Windows", platform: "OfficeOnline", hostName: "newOutlookWindows", hostVersion: "20261106003.10", mailboxSet: 16, callLimit: 3, roomStaysInvited: true, naa: true, latencyMs: 25, skin: "web" },
  classic: { label: "Classic Outlook for Windows", platform: "PC", hostName: "Outlook", hostVersion: "16.0.19725.20120", mailboxSet: 16, seriesStartLocked: true, naa: true, latencyMs: 60, clientClock: true, skin: "classic" },
  mac: { label: "Outlook for Mac", platform: "Mac", hostName: "MacOutlook", hostVersion: "16.103.26110213", mailboxSet: 14, naa: true, latencyMs: 60, clientClock: true, skin: "mac" },
  onprem: { label: "On-premises (Exchange SE)", platform: "OfficeOnline", hostName: "OutlookWebApp", hostVersion: "15.2.2562.17", mailboxSet: 5, callLimit: 3, naa: false, latencyMs: 80, accountType: "enterprise", skin: "web" },
};

const THEMES = {
  light: { bodyBackgroundColor: "#FFFFFF", bodyForegroundColor: "#242424", controlBackgroundColor: "#FFFFFF", controlForegroundColor: "#242424", isDarkTheme: false },
  dark: { bodyBackgroundColor: "#292929", bodyForegroundColor: "#FFFFFF", controlBackgroundColor: "#333333", controlForegroundColor: "#FFFFFF", isDarkTheme: true },
};

/** @param {string} theme light or dark @returns Office.context.officeTheme */
export const officeTheme = (theme) => THEMES[theme] ?? THEMES.light;
