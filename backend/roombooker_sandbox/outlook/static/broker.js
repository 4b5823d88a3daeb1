/** Nested app authentication: the host fetches the pane's tokens for the signed-in person. Messages are JSON text both ways. */

import { ask } from "./dom.js";
import { claimsOf } from "./session.js";

export class Broker {
  /** @param {import("./session.js").Session} session @param {boolean} asksConsent the first token of each scope needs the person's yes */
  constructor(session, asksConsent) {
    this._session = session;
    this._asksConsent = asksConsent;
    this._consented = new Set();
  }

  /** @param {string} text MSAL's request @returns {Promise<string>} the host's answer */
  async answer(text) {
    const request = JSON.parse(text);
    const base = { messageType: "NestedAppAuthResponse", requestId: request.requestId };
    try {
      return JSON.stringify({ ...base, success: true, ...(await this._fulfil(request)) });
    } catch (error) {
      return JSON.stringify({ ...base, success: false, error: asBridgeError(error) });
    }
  }

  async _fulfil({ method, tokenParams }) {
    const { oid, tid } = this._session.claims;
    if (method === "GetInitContext") {
      const accountContext = { homeAccountId: `${oid}.${tid}`, environment: "login.microsoftonline.com", tenantId: tid };
      return { initContext: { sdkName: "Room Booker sandbox", sdkVersion: "1.0", capabilities: { queryAccount: true }, accountContext } };
    }
    if (method !== "GetToken" && method !== "GetTokenPopup") throw { status: "PERSISTENT_ERROR", code: "unsupported_method", description: `${method} is not supported` };
    if (this._asksConsent && !this._consented.has(tokenParams.scope)) await this._consent(method, tokenParams.scope);
    const scope = [...new Set([...tokenParams.scope.split(" "), "openid", "profile", "offline_access"])].join(" ");
    const answer = await this._session.grant(tokenParams.clientId, scope);
    const claims = claimsOf(answer.id_token);
    return {
      token: { access_token: answer.access_token, id_token: answer.id_token, expires_in: answer.expires_in, scope: answer.scope ?? tokenParams.scope, properties: null },
      account: {
        homeAccountId: `${claims.oid}.${claims.tid}`, localAccountId: claims.oid, tenantId: claims.tid, name: claims.name,
        username: claims.preferred_username, environment: tokenParams.authority ? new URL(tokenParams.authority).host : "login.microsoftonline.com",
      },
    };
  }

  async _consent(method, scope) {
    if (method === "GetToken") throw { status: "USER_INTERACTION_REQUIRED", code: "consent_required", description: "The person has not agreed yet." };
    const answer = await ask({
      title: "Permissions requested", text: "Room Booker would like to book rooms as you.",
      buttons: [["accept", "Accept", "primary"], ["cancel", "Cancel"]],
    });
    if (answer !== "accept") throw { status: "USER_CANCEL", code: "user_cancel", description: "The person said no." };
    this._consented.add(scope);
  }
}

function asBridgeError(error) {
  if (error?.status && typeof error.status === "string") return error;
  if (error instanceof TypeError) return { status: "NO_NETWORK", code: "network", description: "The sign-in service cannot be reached." };
  const again = ["invalid_grant", "interaction_required", "consent_required"].includes(error?.code);
  return { status: again ? "USER_INTERACTION_REQUIRED" : error?.status >= 500 ? "TRANSIENT_ERROR" : "PERSISTENT_ERROR", code: error?.code ?? "unknown", description: error?.message ?? "" };
}
