/** What happened to a booking, newest last, behind one button. */
import type { TimelineEntry } from '../api/shapes.ts';
import { day, time } from './format.ts';
import { useSpeech } from './speech.ts';

export function Timeline({ entries, zone, open = false }: { entries: TimelineEntry[]; zone: string; open?: boolean }) {
  const { words, locale } = useSpeech();
  const when = { locale, zone };
  // What a machine noticed ("notice", "sweep") was done by nobody.
  const byWhom = (by: string | null) => {
    if (by === null || (by !== 'you' && /^[a-z_:.-]+$/.test(by))) return null;
    return <span class="quiet"> {by === 'you' ? words.booking.byYou : words.booking.by(by)}</span>;
  };
  return (
    <details class="timeline" open={open}>
      <summary>{words.booking.history}</summary>
      {entries.length === 0 ? <p class="quiet">{words.booking.historyEmpty}</p> : (
        <ol>
          {entries.map((entry, at) => (
            <li key={`${entry.at}${at}`}>
              <time dateTime={entry.at}>{day(entry.at, when)}, {time(entry.at, when)}</time>
              <span>{entry.message}{byWhom(entry.by)}</span>
            </li>
          ))}
        </ol>
      )}
    </details>
  );
}
