/** Tells when the form changed: by Outlook's events where there are any, by looking now and then in any case. */
import { supports, type Compose } from './host.ts';
import { ask } from './queue.ts';

/** Without events (Mailbox 1.5) looking is all there is; with them it catches what they miss (drag and drop, some Macs). */
const LOOK_MS = 2_500;
const LOOK_WITH_EVENTS_MS = 15_000;
/** Several events come for one change of the form. */
const SETTLE_MS = 250;

/** Calls `changed` after something may have changed; the caller re-reads. Returns how to stop. */
export function watchForm(item: Compose, changed: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(changed, SETTLE_MS);
  };
  const stops: Array<() => void> = [];
  const events = supports('1.7') ? [
    Office.EventType.AppointmentTimeChanged, Office.EventType.RecipientsChanged, Office.EventType.RecurrenceChanged,
    ...(supports('1.8') ? [Office.EventType.EnhancedLocationsChanged] : []),
  ] : [];
  let listening = 0;
  for (const event of events) {
    // Through the queue like every call: unasked-for handlers would push a question of ours over Outlook's limit.
    ask<void>((done) => item.addHandlerAsync(event, soon, done)).then(() => {
      listening += 1;
    }, () => undefined);
    stops.push(() => item.removeHandlerAsync(event, () => undefined));
  }
  let looker: ReturnType<typeof setTimeout>;
  const look = () => {
    looker = setTimeout(() => {
      if (document.visibilityState !== 'hidden') changed();
      look();
    }, listening > 0 ? LOOK_WITH_EVENTS_MS : LOOK_MS);
  };
  look();
  stops.push(() => clearTimeout(looker), () => clearTimeout(timer));
  return () => stops.forEach((stop) => stop());
}
