/** Mail that the sandbox delivered to this person: invitations, answers, and what Room Booker wrote. */

import { avatar, el } from "./dom.js";

/** @param {any} mail @returns {{from: string, subject: string, text: string, at: string}} whatever shape the outbox has */
function plain(mail) {
  const message = mail.message ?? mail;
  const from = message.from?.emailAddress ?? message.sender?.emailAddress ?? message.from ?? mail.sender ?? {};
  const body = message.body?.content ?? message.bodyPreview ?? message.body ?? message.comment ?? "";
  const text = new DOMParser().parseFromString(String(body).replaceAll(/<br\s*\/?>|<\/p>/gi, "\n"), "text/html").body.textContent ?? "";
  return {
    from: typeof from === "string" ? from : (from.name ?? from.address ?? "Outlook"), subject: message.subject ?? "(no subject)", text: text.trim(),
    at: message.sentDateTime ?? message.receivedDateTime ?? mail.sent_at ?? mail.at ?? "",
  };
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
    open.replaceChildren(el("h1", { text: mail.subject }), el("div", { class: "organizer" }, avatar(mail.from), el("span", {}, el("b", { text: mail.from }), el("small", { text: mail.at ? new Date(mail.at).toLocaleString() : "" }))), el("p", { class: "body", text: mail.text || "(empty)" }));
  };

  async function refresh() {
    const response = await fetch(`../graph/outbox?to=${encodeURIComponent(session.mail)}`).catch(() => null);
    if (!response?.ok) {
      list.replaceChildren(el("li", { class: "empty", text: "Mail is not available in this sandbox." }));
      return;
    }
    const answer = await response.json();
    const mails = (Array.isArray(answer) ? answer : (answer.value ?? answer.messages ?? [])).map(plain).sort((a, b) => b.at.localeCompare(a.at));
    const picture = JSON.stringify(mails);
    if (picture === shown) return;
    shown = picture;
    list.replaceChildren(...mails.map((mail) => {
      const button = el("button", { type: "button", "data-testid": "mail-item", onclick: () => read(mail, button) }, avatar(mail.from), el("span", {}, el("b", { text: mail.from }), el("span", { class: "subject-line", text: mail.subject }), el("small", { text: mail.text.slice(0, 90) })));
      return el("li", {}, button);
    }));
    if (!mails.length) list.replaceChildren(el("li", { class: "empty", text: "No mail yet." }));
  }
  return { node, refresh, focus: () => list.querySelector("button")?.focus() };
}
