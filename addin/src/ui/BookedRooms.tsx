/** The rooms of a booking, each once; of a series with its dates and how each of them stands. */
import type { BookedRoom, Booking } from '../api/shapes.ts';
import { BOOKING_STATES } from '../api/shapes.ts';
import { day } from './format.ts';
import { placeOf } from './RoomRow.tsx';
import { useSpeech } from './speech.ts';

/** More dates than these are folded away. */
const DATES_SHOWN = 6;

export function BookedRooms({ booking, zone }: { booking: Booking; zone: string }) {
  const speech = useSpeech();
  const { words } = speech;
  const byRoom = new Map<string, BookedRoom[]>();
  for (const one of booking.rooms) byRoom.set(one.room.id, [...(byRoom.get(one.room.id) ?? []), one]);
  return (
    <>
      {[...byRoom.values()].map((dates) => {
        const [first] = dates;
        if (!first) return null;
        return (
          <dd key={first.room.id}>
            <strong>{first.room.name}</strong>
            {dates.length === 1 && first.reservation?.number && <span class="quiet number">{words.booking.number(first.reservation.number)}</span>}
            <span class="quiet line">{placeOf(first.room, speech).join(' · ')}</span>
            {dates.length > 1 && <Dates dates={dates} booking={booking} zone={zone} />}
          </dd>
        );
      })}
    </>
  );
}

function Dates({ dates, booking, zone }: { dates: BookedRoom[]; booking: Booking; zone: string }) {
  const { words, locale } = useSpeech();
  return (
    <details class="dates" open={dates.length <= DATES_SHOWN}>
      <summary>{words.booking.dates(dates.length)}</summary>
      <ul>
        {dates.map((one, at) => {
          const state = one.state === booking.state ? undefined : BOOKING_STATES.find((known) => known === one.state);
          return (
            <li key={one.match_key ?? at}>
              <span>{day(one.start ?? booking.start, { locale, zone })}</span>
              {state ? <strong>{words.state[state].title}</strong>
                : one.reservation?.number && <span class="quiet">{words.booking.number(one.reservation.number)}</span>}
              {one.reason && <span class="quiet why">{one.reason.message}</span>}
            </li>
          );
        })}
      </ul>
    </details>
  );
}
