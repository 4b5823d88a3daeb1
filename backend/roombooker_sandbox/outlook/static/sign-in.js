/** Choose who you are. */

import { avatar, el } from "./dom.js";
import { Session } from "./session.js";

/** @param {any} config @param {(session: Session) => void} onsigned */
export function signInView(config, onsigned) {
  const problem = el("p", { class: "problem", role: "alert", "data-testid": "problem" });
  const enter = async (mail, password) => {
    problem.textContent = "";
    try {
      onsigned(await new Session(config, mail, password).signIn());
    } catch (error) {
      problem.textContent = error.status === 400 || error.status === 401 ? "That address and password do not belong together." : `Signing in failed: ${error.message}`;
    }
  };
  const mail = el("input", { type: "email", "aria-label": "E-mail", placeholder: "E-mail", autocomplete: "username", required: true, "data-testid": "mail" });
  const password = el("input", { type: "password", "aria-label": "Password", placeholder: "Password", autocomplete: "current-password", required: true, "data-testid": "password" });
  return el("main", { class: "sign-in" }, el("div", { class: "card" },
    el("div", { class: "brand" }, el("img", { src: "static/favicon.svg", alt: "", width: 28, height: 28 }), el("span", { text: "Contoso" })),
    el("h1", { text: "Pick an account" }),
    el("ul", {}, ...config.cast.map((person) => el("li", {}, el("button", { type: "button", "data-testid": `as-${person.mail.split("@")[0]}`, onclick: () => enter(person.mail, config.password) },
      avatar(person.name), el("span", {}, el("b", { text: person.name }), el("small", { text: [person.mail, person.note].filter(Boolean).join(" · ") })))))),
    el("form", { onsubmit: (event) => (event.preventDefault(), enter(mail.value, password.value)) }, el("p", { class: "hint", text: "or sign in as anybody at contoso.example" }), mail, password, el("button", { type: "submit", class: "primary", "data-testid": "sign-in", text: "Sign in" })),
    problem, el("p", { class: "hint", text: "This is a stand-in for Outlook that belongs to the Room Booker sandbox." })));
}
