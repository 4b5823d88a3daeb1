/** Elements in one line, and the few icons of the page. */

/**
 * @param {string} tag
 * @param {Record<string, any>} [props] attributes; `on…` functions are listeners, `class`, `text`, `data-…` as they read
 * @param {...(Node | string | null | undefined | false)} children
 */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "text") node.textContent = value;
    else if (name === "value" || name === "checked" || name === "selected") node[name] = value;
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

const PATHS = {
  accept: "M3 8.5 6.5 12 13 4.5",
  add: "M8 3v10M3 8h10",
  back: "M10 3 5 8l5 5",
  calendar: "M2.5 4.5h11v9h-11zM2.5 7h11M5.5 2.5v2M10.5 2.5v2",
  clock: "M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11zM8 5v3.2l2 1.3",
  close: "M4 4l8 8M12 4l-8 8",
  decline: "M4 4l8 8M12 4l-8 8",
  discard: "M3 4.5h10M6.5 4V2.8h3V4M4.3 4.5l.6 8.7h6.2l.6-8.7",
  forward: "M6 3l5 5-5 5",
  lock: "M4.5 7.5h7v5.5h-7zM6 7.5V5.4a2 2 0 0 1 4 0v2.1",
  mail: "M2.5 4h11v8.5h-11zM2.5 4.5 8 9l5.5-4.5",
  people: "M6 7.5a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.4zM2.2 13c.2-2.4 1.8-3.8 3.8-3.8S9.6 10.600 9.800 13M10.500 7.400a1.900 1.900 0 1 0-.8-3.600M11 9.300c1.700.1 2.700 1.400 2.900 3.400",
  place: "M8 14s4.500-4 4.500-7.300a4.500 4.500 0 0 0-9 0C3.500 10 8 14 8 14zM8 8.200a1.600 1.600 0 1 0 0-3.200 1.600 1.600 0 0 0 0 3.200z",
  repeat: "M3 7.500V7a3 3 0 0 1 3-3h6M10 2l2.200 2L10 6M13 8.500V9a3 3 0 0 1-3 3H4M6 14l-2.200-2L6 10",
  room: "M3.500 13.500v-11h7v11M2 13.500h12M10.500 5.500h2v8M8.300 8.200v.6",
  save: "M3 3h8l2 2v8H3zM5.500 3v3h4V3M5 13V9h6v4",
  send: "M2.500 3 13.500 8 2.500 13l1.600-5zM4.100 8h5",
  tentative: "M6 6a2 2 0 1 1 2.700 1.900c-.5.2-.7.6-.7 1.100v.4M8 11.800v.2",
  text: "M3 4h10M3 7h10M3 10h6",
};

/** @param {keyof typeof PATHS} name */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

/** @param {string} name of a person, as two letters on a coloured disc */
export function avatar(name) {
  const letters = name.split(" ").filter(Boolean);
  const text = `${letters[0]?.[0] ?? "?"}${letters.length > 1 ? letters.at(-1)[0] : ""}`.toUpperCase();
  const tone = [...name].reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % 6;
  return el("span", { class: `avatar tone-${tone}`, "aria-hidden": "true", text });
}

let toastTimer = 0;

/** Say something that passes, to eyes and screen readers. @param {string} text @param {"info" | "error"} [kind] */
export function toast(text, kind = "info") {
  const place = document.getElementById("toast");
  place.textContent = text;
  place.dataset.kind = kind;
  place.classList.add("shown");
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => place.classList.remove("shown"), kind === "error" ? 9000 : 4000);
}

/** Ask before something happens. @returns {Promise<string | null>} the chosen button's key; null: closed */
export function ask({ title, text, buttons, content = null }) {
  return new Promise((resolve) => {
    const dialog = el("dialog", { class: "ask", "aria-label": title, "data-testid": "dialog" }, el("h2", { text: title }), text ? el("p", { text }) : null, content);
    const finish = (key) => (dialog.close(), dialog.remove(), resolve(key));
    const row = el("div", { class: "buttons" });
    for (const [key, label, style] of buttons) {
      row.append(el("button", { type: "button", class: style ?? "", "data-testid": `dialog-${key}`, text: label, onclick: () => finish(key) }));
    }
    dialog.append(row);
    dialog.addEventListener("cancel", () => finish(null));
    document.body.append(dialog);
    dialog.showModal();
  });
}
