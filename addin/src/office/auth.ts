/** Signs the person in: nested app authentication where Outlook offers it, a window of our own where not. */
import type { AuthenticationResult, IPublicClientApplication } from '@azure/msal-browser';
import { authorityOf, type Config } from './config.ts';

/** The person has to do something (or closed the window); a button is the way on. */
export class SignInNeeded extends Error {
  override readonly name = 'SignInNeeded';
}

export interface SignIn {
  /** Fetches what signing in needs, so that it is there when Outlook is. */
  prepare(): void;
  /** A token for our API. `fresh` after the API refused one; `pressed` when a person just asked for it. */
  token(how?: { fresh?: boolean; pressed?: boolean }): Promise<string>;
}

const MICROSOFT = 'login.microsoftonline.com';
/** Ask for a new one this long before the old one ends. */
const SPARE_MS = 120_000;

export function createSignIn(config: Config): SignIn {
  let app: Promise<IPublicClientApplication> | undefined;
  let held: { token: string; until: number } | undefined;
  let asking: Promise<string> | undefined;

  const client = () => (app ??= create(config).catch((fault: unknown) => {
    app = undefined; // a chunk that did not load is tried again
    throw fault;
  }));

  async function ask(fresh: boolean, pressed: boolean): Promise<string> {
    const msal = await client();
    const request = { scopes: [config.apiScope] };
    let answer: AuthenticationResult;
    try {
      const account = msal.getActiveAccount() ?? msal.getAllAccounts()[0];
      answer = await msal.acquireTokenSilent({ ...request, forceRefresh: fresh, ...(account ? { account } : {}) });
    } catch (fault) {
      if (!needsPerson(fault)) throw fault;
      // A browser window opened without a press is blocked; Outlook's own dialogue is not.
      if (!pressed && !hasBridge()) throw new SignInNeeded('sign-in needs a press');
      try {
        answer = await msal.acquireTokenPopup(request);
      } catch (refusal) {
        if (isFromMsal(refusal)) throw new SignInNeeded(errorCode(refusal));
        throw refusal;
      }
    }
    msal.setActiveAccount(answer.account);
    held = { token: answer.accessToken, until: answer.expiresOn?.getTime() ?? 0 };
    return answer.accessToken;
  }

  return {
    prepare() {
      void load().catch(() => undefined);
    },
    token({ fresh = false, pressed = false } = {}) {
      if (fresh) held = undefined;
      if (held && held.until - SPARE_MS > Date.now()) return Promise.resolve(held.token);
      if (pressed) asking = undefined;
      asking ??= ask(fresh, pressed).finally(() => {
        asking = undefined;
      });
      return asking;
    },
  };
}

function hasBridge(): boolean {
  return 'nestedAppAuthBridge' in window && Boolean(window.nestedAppAuthBridge);
}

/** A chunk of its own: nothing that is drawn first waits for it. */
const load = () => import('@azure/msal-browser');

async function create(config: Config): Promise<IPublicClientApplication> {
  const msal = await load();
  const authority = authorityOf(config);
  const host = new URL(authority).host;
  return msal.createNestablePublicClientApplication({
    auth: {
      clientId: config.clientId,
      authority: host === MICROSOFT ? authority : `${authority}/v2.0`,
      redirectUri: new URL('auth-redirect.html', document.baseURI).href,
      clientCapabilities: ['CP1'],
      ...(host === MICROSOFT ? {} : { knownAuthorities: [host] }),
    },
    // Any other host than Microsoft's is plain OpenID Connect: no instance discovery over the network, and its description
    // is looked for right below the authority, which for v2.0 tokens ends so.
    ...(host === MICROSOFT ? {} : { system: { protocolMode: msal.ProtocolMode.OIDC } }),
    cache: { cacheLocation: msal.BrowserCacheLocation.MemoryStorage },
  });
}

/** MSAL 5 puts only a link into `message`: its codes are what may be branched on. */
function errorCode(fault: unknown): string {
  return typeof fault === 'object' && fault !== null && 'errorCode' in fault ? String(fault.errorCode) : '';
}

function isFromMsal(fault: unknown): boolean {
  return errorCode(fault) !== '';
}

function needsPerson(fault: unknown): boolean {
  const name = fault instanceof Error ? fault.name : '';
  return name === 'InteractionRequiredAuthError'
    || ['no_account_error', 'no_tokens_found', 'login_required', 'interaction_required', 'consent_required',
      'monitor_window_timeout', 'timed_out', 'silent_sso_error', 'empty_response'].includes(errorCode(fault));
}
