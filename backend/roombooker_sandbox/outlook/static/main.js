/**
 * The page's start. Address: ?as=<mail> signs in · compose=1 opens a new meeting · pane=1 its pane · start=2027-03-01T09:00 minutes=60
 * subject= place it · date= the calendar opens there · profile= web|new|classic|mac|onprem · theme= light|dark · lang= · consent=1 the token broker asks first.
 */

import { Broker } from "./broker.js";
import { calendarView } from "./calendar.js";
import { composeView } from "./compose.js";
import { ask, toast } from "./dom.js";
import { Draft, expandProperties } from "./draft.js";
import { inboxView } from "./inbox.js";
import { Pane } from "./pane.js";
import { PROFILES } from "./profiles.js";
import { readView } from "./read.js";
import { Session } from "./session.js";
import { shell } from "./shell.js";
import { signInView } from "./sign-in.js";
import { instant } from "./zones.js";

const POLL_MS = 1500;
const app = document.getElementById("app");
const asked = new URLSearchParams(location.search);
const look = {
  name: Object.hasOwn(PROFILES, asked.get("profile") ?? "") ? asked.get("profile") : "web",
  theme: asked.get("theme") ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light"),
  lang: asked.get("lang") === "nl" ? "nl-NL" : (asked.get("lang") ?? "en-US"),
};
document.documentElement.dataset.theme = look.theme;

const config = await (await fetch("config.json")).json();
const remembered = asked.get("as") ?? sessionStorage.getItem("outlook.as");
const session = remembered && (await new Session(config, remembered, config.password).signIn().catch((error) => (toast(error.message, "error"), null)));
if (session) run(session);
else app.replaceChildren(signInView(config, run));

/** @param {Session} session */
function run(session) {
  sessionStorage.setItem("outlook.as", session.mail);
  const me = { mail: session.mail, name: session.person.name };
  const now = () => Date.now();
  const frame = shell({ session, look, onlook: relook, onnavigate: navigate, onsignout: signOut, onpaneclose: () => togglePane(false) });
  const lookNow = () => ({ profile: PROFILES[look.name], theme: look.theme, lang: look.lang });
  const pane = new Pane({ place: frame.paneBody, paneUrl: config.paneUrl, session, broker: new Broker(session, asked.has("consent")), look: lookNow, onclose: () => togglePane(false) });
  const calendar = calendarView({ session, now, onopen: open, onnew: compose });
  const inbox = inboxView({ session });
  let view = calendar;

  /** @param {any} next @param {string} name @param {number} [at] the calendar opens there, ms */
  function show(next, name, at) {
    togglePane(false);
    view = next;
    frame.show(next, name);
    (next === calendar ? calendar.arrive(at) : next.refresh()).catch(complain);
  }
  function navigate(name) {
    show(name === "inbox" ? inbox : calendar, name);
    view.focus();
  }
  function back(said, at) {
    if (said) toast(said);
    show(calendar, "calendar", at);
    calendar.focus();
  }

  function togglePane(wanted = !pane.isOpen) {
    if (wanted && view.item) pane.open(view.item());
    else pane.close();
    frame.showPane(pane.isOpen);
  }
  function relook() {
    frame.dress();
    if (!pane.isOpen) return;
    // Another client is another start of the pane; another theme is told to the running one.
    if (look.name !== pane.profileName) togglePane(true);
    else pane.retheme();
    pane.profileName = look.name;
  }

  function edit(draft) {
    show(composeView({ draft, session, pane, look: lookNow, ondone: back, togglePane: toggle }), "calendar");
    view.focus();
  }
  function toggle() {
    pane.profileName = look.name;
    togglePane();
  }
  function compose(start, end, subject = "") {
    const draft = new Draft(me, session.zone, start, end);
    draft.subject = subject;
    edit(draft);
  }

  async function open(listed) {
    try {
      let { id } = listed;
      if (listed.isOrganizer && listed.seriesMasterId) {
        const choice = await ask({ title: "This meeting is one of a series", text: "What do you want to open?", buttons: [["occurrence", "This date", "primary"], ["series", "The series"], ["no", "Cancel"]] });
        if (choice !== "occurrence" && choice !== "series") return;
        if (choice === "series") id = listed.seriesMasterId;
      }
      const event = await session.mailbox(`/events/${encodeURIComponent(id)}?${expandProperties(config.addinId)}`);
      const draft = Draft.fromEvent(event, me, session.zone, config.addinId);
      if (event.isOrganizer && !event.isCancelled) edit(draft);
      else {
        show(readView({ event, draft, session, togglePane: toggle, ondone: back }), "calendar");
        view.focus();
      }
    } catch (error) {
      complain(error);
    }
  }

  function complain(error) {
    toast(error.message, "error");
  }
  function signOut() {
    sessionStorage.removeItem("outlook.as");
    location.assign("./");
  }

  app.replaceChildren(frame.node);
  // A quiet poll: the calendar shows a room's answer soon after it was given.
  const timer = setInterval(() => document.hidden || view.refresh().catch(() => undefined), POLL_MS);
  addEventListener("pagehide", () => clearInterval(timer));
  addEventListener("keydown", (event) => {
    if (event.ctrlKey && event.key === "Enter") document.querySelector("[data-testid=send]")?.click();
    else if (event.altKey && event.key.toLowerCase() === "b") (event.preventDefault(), document.querySelector("[data-testid=book-a-room]")?.click());
  });

  if (asked.has("compose")) {
    const half = 30 * 60000;
    const from = asked.has("start") ? instant(...asked.get("start").split("T"), session.zone) : Math.ceil(now() / half) * half;
    compose(from, from + Number(asked.get("minutes") ?? 30) * 60000, asked.get("subject") ?? "");
    if (asked.has("pane")) toggle();
  } else {
    show(calendar, "calendar", asked.has("date") ? instant(asked.get("date"), "12:00", session.zone) : now());
  }
}
