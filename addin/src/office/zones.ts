/** Outlook speaks of zones by their Windows names, we by IANA ones: the one place that translates. */

export function browserZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';
}

function isIana(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/**
 * The IANA name of what Outlook gave. Prefers the browser's own zone when it is one of those that the Windows name
 * stands for ("W. Europe Standard Time" is Amsterdam to somebody in Amsterdam). The table is fetched only when needed.
 */
export async function ianaZone(name: string | undefined): Promise<string> {
  const here = browserZone();
  if (!name || name === here) return here;
  if (isIana(name) && name.includes('/')) return name;
  if (name === 'UTC') return 'UTC';
  try {
    const table = await import('windows-iana');
    if (table.findWindows(here).some((windows: string) => windows === name)) return here;
    return table.findIana(name)[0] ?? here;
  } catch {
    return here;
  }
}
