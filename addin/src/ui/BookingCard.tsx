/** A booking: where it stands in plain words, what happens next, and what may be done with it. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Failure } from '../api/client.ts';
import type { Alternative, Booking } from '../api/shapes.ts';
import { meaningOf, roomsOf, slotOfBooking, type Tone } from '../model/booking.ts';
import type { Slot } from '../model/form.ts';
import { remainingMs } from '../model/hold.ts';
import { BookedRooms } from './BookedRooms.tsx';
import { Button } from './Button.tsx';
import { FaultPanel } from './FaultPanel.tsx';
import { city, dayAndTimes, sameDay, times, zonesDiffer } from './format.ts';
import { Icon, type IconName } from './Icon.tsx';
import { useNow, useSpeech } from './speech.ts';
import { Timeline } from './Timeline.tsx';
import { Ways } from './Ways.tsx';

const ICONS: Record<Tone, IconName> = { progress: 'refresh', waiting: 'clock', good: 'free', over: 'undo', bad: 'warning' };

export interface CardActions {
  cancel: (booking: Booking) => void;
  change?: (booking: Booking) => void;
  bookAgain?: (booking: Booking) => void;
  followTime?: (booking: Booking) => void;
  setTimeBack?: (booking: Booking) => void;
  take?: (way: Alternative) => void;
  signIn?: () => void;
}

interface Props {
  booking: Booking;
  zone: string;
  /** The form's time, when it is no longer the booking's. */
  drift?: Slot | null;
  working?: 'book' | 'move' | 'cancel' | null;
  fault?: { what: 'book' | 'move' | 'cancel'; fault: Failure } | null;
  readOnly?: boolean;
  /** Takes the focus when it appears, after a press that the person made. */
  focus?: boolean;
  actions: CardActions;
}

export function BookingCard({ booking, zone, drift = null, working = null, fault = null, readOnly = false, focus = false, actions }: Props) {
  const { words, locale } = useSpeech();
  const heading = useRef<HTMLHeadingElement>(null);
  const { tone, live } = meaningOf(booking.state);
  const slot = slotOfBooking(booking);
  const rooms = roomsOf(booking);
  const when = { locale, zone };
  useEffect(() => {
    if (focus) heading.current?.focus();
  }, [focus]);
  const state = words.state[booking.state];
  return (
    <article class={`card ${tone}`} aria-labelledby={`state-${booking.id}`}>
      <div class="card-state">
        <span class={`card-icon${tone === 'progress' ? ' turning' : ''}`}><Icon name={ICONS[tone]} size={24} /></span>
        <div>
          <h2 id={`state-${booking.id}`} tabIndex={-1} ref={heading}>{state.title}</h2>
          {booking.state === 'awaiting_appointment' && booking.held_until ? <Hold booking={booking} readOnly={readOnly} />
            : <p>{booking.reason?.message || state.text}</p>}
        </div>
      </div>
      <dl class="card-facts">
        <dt class="unseen">{words.search.list}</dt>
        <BookedRooms booking={booking} zone={zone} />
        <dd class="card-time">
          {dayAndTimes(slot.start, slot.end, when)}
          {rooms.map((room) => zonesDiffer(zone, room.time_zone, slot.start, locale) && room.time_zone && (
            <span key={room.id} class="quiet line">
              {words.room.roomTime(times(slot.start, slot.end, { locale, zone: room.time_zone }), city(room.time_zone))}
            </span>
          ))}
        </dd>
      </dl>
      {drift && !readOnly && (
        <div class="panel mild">
          <Icon name="info" />
          <div class="panel-body">
            <p>{words.booking.drift(...(sameDay(slot.start, drift.start, when)
              ? [times(slot.start, slot.end, when), times(drift.start, drift.end, when)] as const
              : [dayAndTimes(slot.start, slot.end, when), dayAndTimes(drift.start, drift.end, when)] as const))}</p>
            <div class="actions">
              <Button rank="primary" busy={working === 'move'} onPress={() => actions.followTime?.(booking)}>
                {working === 'move' ? words.booking.moving : words.booking.follow}
              </Button>
              <Button onPress={() => actions.setTimeBack?.(booking)}>{words.booking.setBack}</Button>
            </div>
          </div>
        </div>
      )}
      {fault && (
        <FaultPanel
          fault={fault.fault}
          {...(actions.signIn ? { onSignIn: actions.signIn } : {})}
          {...(fault.what === 'cancel' ? { onRetry: () => actions.cancel(booking) } : {})}
        >
          <Ways ways={fault.fault.alternatives} room={booking.rooms[0]?.room ?? null} slot={drift ?? slot} zone={zone} onTake={(way) => actions.take?.(way)} />
        </FaultPanel>
      )}
      {!fault && actions.take && booking.alternatives.length > 0 && (
        <Ways ways={booking.alternatives} room={booking.rooms[0]?.room ?? null} slot={slot} zone={zone} onTake={(way) => actions.take?.(way)} />
      )}
      {!readOnly && <CardButtons booking={booking} live={live} working={working} actions={actions} />}
      {readOnly && <p class="quiet">{words.booking.readOnly}</p>}
      {booking.timeline.length > 0 && <Timeline entries={booking.timeline} zone={zone} />}
    </article>
  );
}

function CardButtons({ booking, live, working, actions }: Pick<Props, 'booking' | 'working' | 'actions'> & { live: boolean }) {
  const { words } = useSpeech();
  const [asking, setAsking] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const was = useRef(asking);
  useEffect(() => {
    // Into the question when it opens, back to its button when it is answered with no.
    if (asking !== was.current) box.current?.querySelector<HTMLElement>(asking ? '.actions button:last-child' : '.ask-cancel button')?.focus();
    was.current = asking;
  }, [asking]);
  if (!live) {
    const may = actions.bookAgain && (booking.state === 'cancelled' || booking.state === 'released');
    return may ? <div class="actions"><Button icon="undo" onPress={() => actions.bookAgain?.(booking)}>{words.booking.undo}</Button></div> : null;
  }
  return (
    <div ref={box} onKeyDown={(event) => event.key === 'Escape' && setAsking(false)}>
      {asking ? (
        <div class="question" role="group" aria-label={words.booking.cancelQuestion}>
          <p><strong>{words.booking.cancelQuestion}</strong> {words.booking.cancelText}</p>
          <div class="actions">
            <Button danger busy={working === 'cancel'} onPress={() => actions.cancel(booking)}>
              {working === 'cancel' ? words.booking.cancelling : words.booking.cancelYes}
            </Button>
            <Button onPress={() => setAsking(false)}>{words.booking.cancelNo}</Button>
          </div>
        </div>
      ) : (
        <div class="actions">
          {actions.change && <Button onPress={() => actions.change?.(booking)}>{words.booking.change}</Button>}
          <span class="ask-cancel"><Button onPress={() => setAsking(true)}>{words.booking.cancel}</Button></span>
        </div>
      )}
    </div>
  );
}

function Hold({ booking, readOnly }: { booking: Booking; readOnly: boolean }) {
  const { words } = useSpeech();
  const now = useNow(1_000);
  const whole = useRef(0);
  const left = remainingMs(booking.held_until, now) ?? 0;
  whole.current = Math.max(whole.current, left);
  const text = left === 0 ? words.hold.over
    : left < 90_000 ? words.hold.seconds(Math.ceil(left / 1_000)) : words.hold.send(Math.floor(left / 60_000));
  return (
    <>
      <p>{text}</p>
      <progress class="hold" max={whole.current || 1} value={left} aria-label={words.hold.label} />
      {!readOnly && left > 0 && <p class="quiet small">{words.hold.extends}</p>}
    </>
  );
}
