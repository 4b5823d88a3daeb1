/** What the server wrote into the page for this deployment; nothing in it is secret. */
import * as v from 'valibot';

const Config = v.object({
  clientId: v.string(),
  tenantId: v.string(),
  /** With or without the tenant at its end; the sandbox has one of its own. */
  authority: v.string(),
  apiScope: v.string(),
});
export type Config = v.InferOutput<typeof Config>;

export function readConfig(): Config {
  return v.parse(Config, JSON.parse(document.getElementById('config')?.textContent ?? 'null'));
}

export function authorityOf(config: Config): string {
  const base = config.authority.replace(/\/+$/, '');
  return base.endsWith(`/${config.tenantId}`) ? base : `${base}/${config.tenantId}`;
}
