/** My bookings: what is ahead, what is over, and one of them opened with its story. */
import type { ComponentChildren } from 'preact';
import type { Failure } from '../api/client.ts';
import type { Booking } from '../api/shapes.ts';
import { meaningOf, roomsOf, type Tone } from '../model/booking.ts';
import { latest, type Remote } from '../model/remote.ts';
import type { Doing } from '../taskpane/state.ts';
import { BookingCard } from './BookingCard.tsx';
import { Button } from './Button.tsx';
import { FaultPanel } from './FaultPanel.tsx';
import { dayAndTimes } from './format.ts';
import { Icon, type IconName } from './Icon.tsx';
import { useSpeech } from './speech.ts';

const ICONS: Record<Tone, IconName> = { progress: 'refresh', waiting: 'clock', good: 'free', over: 'undo', bad: 'warning' };

interface Props {
  mine: Remote<Booking[], Failure>;
  detail: Remote<Booking, Failure>;
  doing: Doing;
  zone: string;
  onOpen: (id: string | null) => void;
  onRetry: () => void;
  onSignIn: () => void;
  onCancel: (booking: Booking) => void;
}

export function BookingsView({ mine, detail, doing, zone, onOpen, onRetry, onSignIn, onCancel }: Props) {
  const { words } = useSpeech();
  const open = latest(detail);
  if (detail.is !== 'idle') {
    const current = latest(mine)?.find((one) => one.id === open?.id);
    // Cancelling changes the list at once; the opened one follows it, with its story.
    const booking = open && current && current.state !== open.state ? { ...open, state: current.state, reason: current.reason } : open;
    const about = doing.is !== 'nothing' && doing.about === booking?.id ? doing : null;
    return (
      <div class="stack">
        <div><Button rank="subtle" icon="back" onPress={() => onOpen(null)}>{words.bookings.back}</Button></div>
        {detail.is === 'failed' && <FaultPanel fault={detail.fault} onSignIn={onSignIn} {...(booking ? { onRetry: () => onOpen(booking.id) } : {})} />}
        {booking && (
          <>
            <h2 class="section">{titleOf(booking, words)}</h2>
            <BookingCard
              key={booking.id} booking={booking} zone={zone} focus working={about?.is === 'working' ? about.what : null}
              fault={about?.is === 'failed' ? about : null} actions={{ cancel: onCancel, signIn: onSignIn }}
            />
          </>
        )}
      </div>
    );
  }
  const all = latest(mine);
  const now = Date.now();
  const isAhead = (one: Booking) => Date.parse(one.end) > now && (meaningOf(one.state).live || one.state === 'reserving');
  return (
    <div class="stack">
      <h2 class="unseen">{words.bookings.title}</h2>
      {mine.is === 'failed' && <FaultPanel fault={mine.fault} onRetry={onRetry} onSignIn={onSignIn} />}
      {!all && mine.is === 'loading' && <p class="quiet" role="status">{words.bookings.loading}</p>}
      {all && !all.some(isAhead) && (
        <div class="empty">
          <Icon name="calendar" size={32} />
          <p class="panel-title">{words.bookings.empty}</p>
          <p class="quiet">{words.bookings.emptyAdvice}</p>
        </div>
      )}
      {all && <List bookings={all.filter(isAhead)} zone={zone} onOpen={onOpen} />}
      {all && all.some((one) => !isAhead(one)) && (
        <details class="past">
          <summary>{words.bookings.past}</summary>
          <List bookings={all.filter((one) => !isAhead(one))} zone={zone} onOpen={onOpen} />
        </details>
      )}
    </div>
  );
}

function titleOf(booking: Booking, words: ReturnType<typeof useSpeech>['words']): string {
  return booking.private ? words.bookings.private : booking.subject || words.bookings.untitled;
}

function List({ bookings, zone, onOpen }: { bookings: Booking[]; zone: string; onOpen: (id: string) => void }): ComponentChildren {
  const { words, locale } = useSpeech();
  return (
    <ul class="mine">
      {bookings.map((booking) => {
        const { tone } = meaningOf(booking.state);
        return (
          <li key={booking.id}>
            <button type="button" class={`mine-row ${tone}`} onClick={() => onOpen(booking.id)}>
              <span class="state-icon"><Icon name={ICONS[tone]} /></span>
              <span class="room-text">
                <span class="room-name">{titleOf(booking, words)}</span>
                <span class="quiet">{dayAndTimes(booking.start, booking.end, { locale, zone })}</span>
                <span class="quiet">{roomsOf(booking).map((room) => room.name).join(', ')}</span>
              </span>
              <span class="room-state">{words.state[booking.state].title}</span>
            </button>
          </li>
        );
      })}
    </ul>
  );
}
