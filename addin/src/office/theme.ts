/** Takes light or dark from Outlook's own theme; high contrast comes from the system through CSS (forced-colors). */
import { supports } from './host.ts';
import { askOr } from './queue.ts';

export type Theme = 'light' | 'dark';

/** Office says so outright in newer clients; older ones only give the colour of the pane's background. */
export function themeOf(theme: { isDarkTheme?: boolean; bodyBackgroundColor?: string } | undefined | null): Theme | null {
  if (!theme) return null;
  if (typeof theme.isDarkTheme === 'boolean') return theme.isDarkTheme ? 'dark' : 'light';
  const match = /^#?([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})/i.exec(theme.bodyBackgroundColor ?? '');
  if (!match) return null;
  const [red, green, blue] = match.slice(1).map((pair) => parseInt(pair, 16));
  return 0.299 * (red ?? 0) + 0.587 * (green ?? 0) + 0.114 * (blue ?? 0) < 128 ? 'dark' : 'light';
}

/** Follows Outlook's theme from now on. Without one the system's preference stands, which CSS knows by itself. */
export function followTheme(apply: (theme: Theme) => void): void {
  const say = (theme: unknown) => {
    const found = themeOf(theme as Parameters<typeof themeOf>[0]);
    if (found) apply(found);
  };
  say(Office.context.officeTheme);
  if (supports('1.14')) {
    const heard = (event: { officeTheme?: unknown }) => say(event.officeTheme);
    void askOr<void>((done) => Office.context.mailbox.addHandlerAsync(Office.EventType.OfficeThemeChanged, heard, done), undefined);
  }
}
