/** The signed-in person: tokens by the password grant, and calls to their own mailbox with them. */

/** @param {string} token a JWT @returns {any} its claims, unchecked: the page trusts its own server */
export function claimsOf(token) {
  const bytes = Uint8Array.from(atob(token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
  return JSON.parse(new TextDecoder().decode(bytes));
}

export class Refused extends Error {
  /** @param {number} status @param {string} code @param {string} message */
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

const GRAPH_SCOPE = "https://graph.microsoft.com/Calendars.ReadWrite";

export class Session {
  /** @param {any} config from config.json @param {string} mail @param {string} password */
  constructor(config, mail, password) {
    this.config = config;
    this.mail = mail.toLowerCase();
    this._password = password;
    /** @type {{token: string, until: number} | null} */
    this._graph = null;
    this.person = null;
    this.claims = null;
  }

  async signIn() {
    const answer = await this.grant(this.config.clientId, `${GRAPH_SCOPE} openid profile offline_access`);
    this._keep(answer);
    this.claims = answer.id_token ? claimsOf(answer.id_token) : {};
    const card = await fetch(`people/${encodeURIComponent(this.mail)}`);
    this.person = card.ok ? await card.json() : { name: this.claims.name ?? this.mail, mail: this.mail, timeZone: "Europe/Amsterdam", office: "" };
    this.mail = this.person.mail;
    return this;
  }

  get zone() {
    return this.person.timeZone;
  }

  /** The token endpoint's answer. @param {string} clientId @param {string} scope */
  async grant(clientId, scope) {
    const body = new URLSearchParams({ grant_type: "password", client_id: clientId, username: this.mail, password: this._password, scope });
    const response = await fetch(`../entra/${this.config.tenantId}/oauth2/v2.0/token`, { method: "POST", body });
    const answer = await response.json().catch(() => ({}));
    if (!response.ok) throw new Refused(response.status, answer.error ?? "server_error", answer.error_description ?? `Sign-in answered ${response.status}`);
    return answer;
  }

  _keep(answer) {
    this._graph = { token: answer.access_token, until: Date.now() + (answer.expires_in - 120) * 1000 };
  }

  /**
   * One call to Graph below the person's own mailbox.
   * @param {string} path from the mailbox on, such as "/events"
   * @param {{method?: string, body?: unknown, zone?: string}} [how]
   */
  async mailbox(path, { method = "GET", body, zone = this.zone } = {}) {
    if (!this._graph || this._graph.until < Date.now()) this._keep(await this.grant(this.config.clientId, GRAPH_SCOPE));
    const headers = { Authorization: `Bearer ${this._graph.token}`, Prefer: `outlook.timezone="${zone}", outlook.body-content-type="text"` };
    if (body !== undefined) headers["Content-Type"] = "application/json";
    const response = await fetch(`../graph/v1.0/users/${encodeURIComponent(this.mail)}${path}`, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
    const text = await response.text();
    const answer = text && response.headers.get("content-type")?.includes("json") ? JSON.parse(text) : null;
    if (!response.ok) throw new Refused(response.status, answer?.error?.code ?? "unknown", answer?.error?.message ?? `Exchange answered ${response.status}`);
    return answer;
  }
}
