/** A field of chips with suggestions from the address book: for attendees and for locations. */

import { el, icon } from "./dom.js";

const ANSWERS = {
  accepted: ["accept", "accepted"],
  declined: ["decline", "declined"],
  tentativelyAccepted: ["tentative", "tentative"],
};

/**
 * @param {{id: string, label: string, kind: "person" | "room" | "any", freeText?: boolean, placeholder: string,
 *   onadd: (entry: {name: string, address: string, kind: string}) => void, onremove: (key: string) => void}} how
 */
export function picker({ id, label, kind, freeText = false, placeholder, onadd, onremove }) {
  const chips = el("span", { class: "chips" });
  const list = el("ul", { class: "suggestions", id: `${id}-list`, role: "listbox", "aria-label": `${label}: suggestions`, hidden: true });
  const input = el("input", {
    id, type: "text", autocomplete: "off", role: "combobox", "aria-label": label, "aria-expanded": "false", "aria-controls": `${id}-list`, "aria-autocomplete": "list",
    placeholder, "data-testid": id,
  });
  let entries = [];
  let active = -1;
  let asked = 0;

  const hide = () => {
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
    active = -1;
  };
  const choose = (entry) => {
    asked++;
    input.value = "";
    hide();
    onadd(entry);
  };
  const mark = (index) => {
    active = index;
    [...list.children].forEach((item, at) => item.setAttribute("aria-selected", String(at === index)));
    if (list.children[index]) {
      input.setAttribute("aria-activedescendant", list.children[index].id);
      list.children[index].scrollIntoView({ block: "nearest" });
    }
  };
  const suggest = async () => {
    const turn = ++asked;
    const found = await (await fetch(`addresses?kind=${kind}&q=${encodeURIComponent(input.value.trim())}`)).json();
    if (turn !== asked || document.activeElement !== input) return;
    entries = found;
    list.replaceChildren(
      ...found.map((entry, index) =>
        el("li", { id: `${id}-option-${index}`, role: "option", "aria-selected": "false", onmousedown: (event) => (event.preventDefault(), choose(entry)) },
          icon(entry.kind === "room" ? "room" : "people"), el("span", {}, el("b", { text: entry.name }), el("small", { text: entry.detail }))),
      ),
    );
    list.hidden = !found.length;
    input.setAttribute("aria-expanded", String(found.length > 0));
  };
  const commit = () => {
    const typed = input.value.trim();
    if (active >= 0 && !list.hidden) return choose(entries[active]);
    if (!typed) return undefined;
    const exact = entries.find((entry) => entry.address === typed.toLowerCase() || entry.name.toLowerCase() === typed.toLowerCase());
    if (exact) return choose(exact);
    if (freeText || /^[^@\s]+@[^@\s]+$/.test(typed)) return choose({ name: typed, address: freeText ? "" : typed.toLowerCase(), kind: "text" });
    return undefined;
  };

  input.addEventListener("input", suggest);
  input.addEventListener("focus", suggest);
  input.addEventListener("blur", () => (commit(), hide()));
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" && !list.hidden) mark((active + 1) % entries.length);
    else if (event.key === "ArrowUp" && !list.hidden) mark((active - 1 + entries.length) % entries.length);
    else if (["Enter", ";", ","].includes(event.key)) commit();
    else if (event.key === "Escape" && !list.hidden) hide();
    else if (event.key === "Backspace" && !input.value && chips.lastChild) chips.lastChild.querySelector("button").click();
    else return;
    if (event.key !== "Backspace") event.preventDefault();
  });

  return {
    node: el("div", { class: "picker", onclick: (event) => event.target === event.currentTarget && input.focus() }, chips, input, list),
    /** @param {Array<{key: string, text: string, room?: boolean, response?: string}>} items */
    show(items) {
      chips.replaceChildren(
        ...items.map(({ key, text, room, response }) => {
          const [sign, words] = ANSWERS[response] ?? [];
          return el("span", { class: `chip ${words ?? ""}`, title: key, "data-testid": "chip", "data-key": key, "data-response": response ?? "none" },
            room ? icon("room") : null, el("span", { text }), sign ? icon(sign) : null, sign ? el("span", { class: "visually-hidden", text: words }) : null,
            el("button", { type: "button", "aria-label": `Remove ${text}`, onclick: () => onremove(key) }, icon("close")));
        }),
      );
    },
  };
}
