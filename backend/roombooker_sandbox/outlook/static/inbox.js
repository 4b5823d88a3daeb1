/** Mail that the sandbox delivered to this person: invitations, answers, and what Room Booker wrote. */

import { avatar, el } from "./dom.js";

const KINDS = { invitation: "Invitation", update: "Updated invitation", cancellation: "Cancelled", accepted: "Accepted", tentativelyAccepted: "Tentative", declined: "Declined", pending: "Waiting for approval" };

/** @param {any} mail a row of the sandbox's outbox @param {Map<string, string>} names by address */
function plain({ id, at, kind, from, subject, body }, names) {
  const parsed = new DOMParser().parseFromString(String(body ?? "").replaceAll(/<br\s*\/?>|<\/p>/gi, "\n"), "text/html");
  return { id, at, kind: KINDS[kind] ?? "", from: names.get(from.toLowerCase()) ?? from, subject: subject || "(no subject)", text: parsed.body.textContent.trim() };
}

async function namesOf(addresses) {
  if (!addresses.length) return new Map();
  const query = addresses.map((address) => `mail=${encodeURIComponent(address)}`).join("&");
  const entries = await (await fetch(`addresses?kind=any&${query}`)).json();
  return new Map(entries.map(({ address, name }) => [address, name]));
}

/** @param {{session: any}} parts */
export function inboxView({ session }) {
  const list = el("ul", { class: "mails", "data-testid": "inbox" });
  const open = el("article", { class: "mail", "aria-live": "polite", "data-testid": "mail" }, el("p", { class: "empty", text: "Select a message to read it." }));
  const node = el("section", { class: "inbox", "aria-label": "Inbox" }, list, open);
  let shown = "";

  const read = (mail, item) => {
    list.querySelectorAll("[aria-current]").forEach((each) => each.removeAttribute("aria-current"));
    item.setAttribute("aria-current", "true");
    open.replaceChildren(el("h1", { text: mail.subject }), el("div", { class: "organizer" }, avatar(mail.from), el("span", {}, el("b", { text: mail.from }), el("small", { text: [mail.kind, new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short", timeZone: session.zone }).format(new Date(mail.at))].filter(Boolean).join(" · ") }))), el("p", { class: "body", text: mail.text || "(empty)" }));
  };

  async function refresh() {
    const response = await fetch(`../graph/outbox?to=${encodeURIComponent(session.mail)}`).catch(() => null);
    if (!response?.ok) {
      list.replaceChildren(el("li", { class: "empty", text: "Mail is not available in this sandbox." }));
      return;
    }
    const answer = await response.json();
    const rows = Array.isArray(answer) ? answer : (answer.value ?? []);
    const newest = rows.length ? `${rows.at(-1).id}` : "none";
    if (newest === shown) return;
    const names = await namesOf([...new Set(rows.map(({ from }) => from.toLowerCase()))]);
    const mails = rows.map((row) => plain(row, names)).sort((a, b) => b.id - a.id);
    shown = newest;
    list.replaceChildren(...mails.map((mail) => {
      const button = el("button", { type: "button", "data-testid": "mail-item", onclick: () => read(mail, button) }, avatar(mail.from), el("span", {}, el("b", { text: mail.from }), el("span", { class: "subject-line", text: mail.subject }), el("small", { text: [mail.kind, mail.text.slice(0, 90)].filter(Boolean).join(" · ") })));
      return el("li", {}, button);
    }));
    if (!mails.length) list.replaceChildren(el("li", { class: "empty", text: "No mail yet." }));
  }
  return { node, refresh, focus: () => list.querySelector("button")?.focus() };
}
