/** The frame around everything: header, navigation, the page in the middle and the task pane at the right. */

import { avatar, el, icon } from "./dom.js";
import { PROFILES } from "./profiles.js";

const WIDTH = { least: 300, usual: 320, most: 640 };

/**
 * @param {{session: any, look: any, onlook: () => void, onnavigate: (name: string) => void, onsignout: () => void, onpaneclose: () => void}} parts
 */
export function shell({ session, look, onlook, onnavigate, onsignout, onpaneclose }) {
  const main = el("main", { class: "page" });
  const paneBody = el("div", { class: "pane-body" });
  const pane = el("aside", { class: "pane", "aria-label": "Room Booker task pane", "data-testid": "pane", hidden: true },
    el("header", {}, icon("room"), el("h2", { text: "Room Booker" }), el("button", { type: "button", class: "quiet", "aria-label": "Close the pane", "data-testid": "close-pane", onclick: onpaneclose }, icon("close"))), paneBody);
  const splitter = el("div", { class: "splitter", role: "separator", tabindex: 0, "aria-orientation": "vertical", "aria-label": "Width of the pane", "aria-valuemin": WIDTH.least, "aria-valuemax": WIDTH.most, "data-testid": "splitter", hidden: true });

  let width = WIDTH.usual;
  const resize = (to) => {
    width = Math.min(WIDTH.most, Math.max(WIDTH.least, Math.round(to)));
    pane.style.width = `${width}px`;
    splitter.setAttribute("aria-valuenow", String(width));
  };
  resize(WIDTH.usual);
  splitter.addEventListener("keydown", ({ key }) => resize(width + ({ ArrowLeft: 16, ArrowRight: -16 }[key] ?? 0)));
  splitter.addEventListener("pointerdown", (down) => {
    const from = width;
    splitter.setPointerCapture(down.pointerId);
    document.body.classList.add("resizing");
    const move = ({ clientX }) => resize(from + down.clientX - clientX);
    splitter.addEventListener("pointermove", move);
    splitter.addEventListener("pointerup", () => (splitter.removeEventListener("pointermove", move), document.body.classList.remove("resizing")), { once: true });
  });

  const rail = (name, symbol, text) => el("button", { type: "button", "data-testid": `nav-${name}`, "data-name": name, onclick: () => onnavigate(name) }, icon(symbol), el("span", { text }));
  const nav = el("nav", { "aria-label": "Folders" }, rail("inbox", "mail", "Mail"), rail("calendar", "calendar", "Calendar"));
  const profile = el("select", { "aria-label": "Client", "data-testid": "profile", onchange: () => (look.name = profile.value, onlook()) }, ...Object.entries(PROFILES).map(([value, { label }]) => el("option", { value, text: label })));
  const theme = el("button", { type: "button", "aria-label": "Dark theme", "data-testid": "theme", onclick: () => (look.theme = look.theme === "dark" ? "light" : "dark", onlook()) });
  const node = el("div", { class: "shell" },
    el("header", { class: "top" }, el("span", { class: "product" }, el("b", { text: "Outlook" }), el("small", { text: "sandbox" })), el("span", { class: "gap" }), profile, theme,
      el("span", { class: "me", "data-testid": "me" }, avatar(session.person.name), el("span", { text: session.person.name })), el("button", { type: "button", "data-testid": "sign-out", onclick: onsignout, text: "Sign out" })),
    el("div", { class: "below" }, nav, main, splitter, pane));

  const dress = () => {
    profile.value = look.name;
    theme.setAttribute("aria-pressed", String(look.theme === "dark"));
    theme.textContent = look.theme === "dark" ? "Light" : "Dark";
    Object.assign(document.documentElement.dataset, { theme: look.theme, skin: PROFILES[look.name].skin });
  };
  dress();
  return {
    node, paneBody, dress,
    show(view, name) {
      main.replaceChildren(view.node);
      for (const button of nav.children) button.setAttribute("aria-current", String(button.dataset.name === name));
    },
    showPane(open) {
      pane.hidden = splitter.hidden = !open;
      main.querySelector(".addin")?.setAttribute("aria-pressed", String(open));
    },
  };
}
