/** The task pane: an iframe on the product's page, and the wire to the Office.js stand-in inside it. */

import { officeTheme } from "./profiles.js";
import { userProfile } from "./office-host.js";

const MARK = "roombooker-outlook";

export class Pane {
  /**
   * @param {{place: HTMLElement, paneUrl: string, session: any, broker: any, look: () => {profile: any, theme: string, lang: string}, onclose: () => void}} parts
   */
  constructor({ place, paneUrl, session, broker, look, onclose }) {
    Object.assign(this, { _place: place, _url: new URL(paneUrl), _session: session, _broker: broker, _look: look, _onclose: onclose });
    this._frame = null;
    this._item = null;
    addEventListener("message", (event) => this._hear(event));
  }

  get isOpen() {
    return Boolean(this._frame);
  }

  /** @param {{snapshot: () => any, methods: Record<string, Function>}} item what the pane is beside */
  open(item) {
    this.close();
    this._item = item;
    const { profile, lang } = this._look();
    const frame = document.createElement("iframe");
    frame.title = "Room Booker";
    frame.dataset.testid = "pane-frame";
    frame.name = `${MARK}=${JSON.stringify({ origin: location.origin, naa: profile.naa })}`;
    const address = new URL(this._url);
    address.searchParams.set("_host_Info", `Outlook$${profile.platform === "PC" ? "Win32" : profile.platform === "Mac" ? "Mac" : "Web"}$16.01$${lang}$$$$0`);
    frame.src = address.href;
    frame.allow = "clipboard-write";
    this._place.replaceChildren(frame);
    this._frame = frame;
  }

  close() {
    this._frame?.remove();
    this._frame = this._item = null;
  }

  /** @param {string} name an Office.EventType value @param {any} args */
  raise(name, args) {
    this._post({ type: "event", name, args });
  }

  retheme() {
    this._post({ type: "theme", officeTheme: officeTheme(this._look().theme) });
  }

  _post(message) {
    this._frame?.contentWindow?.postMessage({ mark: MARK, ...message }, this._url.origin);
  }

  async _hear({ source, origin, data }) {
    if (!this._frame || source !== this._frame.contentWindow || origin !== this._url.origin || data?.mark !== MARK) return;
    if (data.type === "hello") this._post({ type: "init", context: this._context() });
    else if (data.type === "close") this._onclose();
    else if (data.type === "naa" && this._look().profile.naa) this._post({ type: "naa", text: await this._broker.answer(data.text) });
    else if (data.type === "call") this._post({ type: "result", id: data.id, ...(await this._run(data)) });
  }

  async _run({ method, values }) {
    const item = this._item;
    await new Promise((resolve) => setTimeout(resolve, this._look().profile.latencyMs));
    try {
      if (!Object.hasOwn(item.methods, method)) return { ok: false, error: { code: 5000, name: "Operation Not Supported", message: `${method} is not offered here.` } };
      return { ok: true, value: await item.methods[method](...values) };
    } catch (error) {
      return { ok: false, error: { code: error.code && typeof error.code === "number" ? error.code : 9042, name: typeof error.code === "number" ? error.name : "InternalServerError", message: error.message } };
    }
  }

  _context() {
    const { profile, theme, lang } = this._look();
    const { platform, hostName, hostVersion, mailboxSet, callLimit, naa } = profile;
    return {
      platform, hostName, hostVersion, mailboxSet, callLimit, naa, owaView: platform === "OfficeOnline" ? "ThreeColumns" : undefined,
      displayLanguage: lang, contentLanguage: lang, officeTheme: officeTheme(theme), user: userProfile(this._session, profile),
      clientZone: profile.clientClock ? Intl.DateTimeFormat().resolvedOptions().timeZone : this._session.zone,
      roamingSettings: JSON.parse(localStorage.getItem(`outlook.roaming.${this._session.mail}`) ?? "{}"), item: this._item.snapshot(),
    };
  }
}
