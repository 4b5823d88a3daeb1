/** One room of the list: what it is, whether it is free, and when chosen everything else about it. */
import type { Alternative, Room, RoomAvailability } from '../api/shapes.ts';
import type { Slot } from '../model/form.ts';
import { eachOnce } from '../model/list.ts';
import { city, day, times, until, zonesDiffer, type When } from './format.ts';
import { Icon, type IconName } from './Icon.tsx';
import { reasonText } from './reason.ts';
import { useSpeech } from './speech.ts';
import { Ways } from './Ways.tsx';
import type { Speech } from '../strings/index.ts';

const ICONS: Record<RoomAvailability['state'], IconName> = { free: 'free', busy: 'busy', not_bookable: 'blocked' };
const CLASHES_SHOWN = 6;
/** A room that is free this much longer than asked need not say until when. */
const LONG_MS = 4 * 3_600_000;

export function placeOf(room: Room, { words }: Speech): string[] {
  return [
    room.capacity === null ? '' : words.room.seats(room.capacity),
    room.floor ? words.room.floor(room.floor) : '',
    room.building ?? '',
  ].filter(Boolean);
}

function stateText(row: RoomAvailability, slot: Slot, when: When, { words }: Speech): string {
  if (row.slots && row.state !== 'not_bookable') return words.room.dates(row.slots.free, row.slots.total);
  if (row.state === 'not_bookable') return words.room.notBookable;
  if (row.state === 'free') {
    const soon = row.free_until && Date.parse(row.free_until) - Date.parse(slot.end) < LONG_MS;
    return soon && row.free_until ? words.room.freeUntil(until(row.free_until, slot.start, when)) : words.room.free;
  }
  const last = row.conflicts.reduce<string | null>((end, one) => (end && end > one.end ? end : one.end), null);
  return last ? words.room.busyUntil(until(last, slot.start, when)) : words.room.busy;
}

interface Props {
  row: RoomAvailability;
  slot: Slot;
  zone: string;
  several: boolean;
  chosen: boolean;
  open: boolean;
  onChoose: (room: Room) => void;
  onTake: (way: Alternative, room: Room | null) => void;
  onOthers?: (() => void) | undefined;
}

export function RoomRow({ row, slot, zone, several, chosen, open, onChoose, onTake, onOthers }: Props) {
  const speech = useSpeech();
  const { words, locale } = speech;
  const { room, state } = row;
  const when = { locale, zone };
  const away = zonesDiffer(zone, room.time_zone, slot.start, locale);
  // Several at once are ticked; of what is not free there is nothing to tick, only to read.
  const kind = several ? 'checkbox' : 'radio';
  return (
    <div class={`room ${state}${open ? ' open' : ''}${chosen ? ' chosen' : ''}`}>
      <label class="room-head">
        <input
          type={kind} name={several ? undefined : 'room'} class={several && state === 'free' ? 'tick' : 'unseen'}
          checked={several ? chosen : open} onChange={() => onChoose(room)} aria-describedby={open ? `about-${room.id}` : undefined}
        />
        {!(several && state === 'free') && <span class="state-icon"><Icon name={ICONS[state]} /></span>}
        <span class="room-text">
          <span class="room-name">{room.name}</span>
          <span class="room-place quiet">{placeOf(room, speech).join(' · ')}</span>
          {away && room.time_zone && (
            <span class="room-place quiet">{times(slot.start, slot.end, { locale, zone: room.time_zone })} {city(room.time_zone)}</span>
          )}
        </span>
        <span class="room-state">{stateText(row, slot, when, speech)}</span>
      </label>
      {open && (
        <div class="room-about" id={`about-${room.id}`}>
          {room.photo_url && <img class="photo" src={room.photo_url} alt={words.room.photo(room.name)} loading="lazy" />}
          {row.reason && <p class="reason"><Icon name="info" size={16} /><span>{reasonText(row.reason, speech)}</span></p>}
          <ul class="tags">
            {room.number && room.number !== room.name && <li>{room.number}</li>}
            {room.requires_approval && <li class="tag-warn">{words.room.approval}</li>}
            {room.wheelchair_accessible && <li><Icon name="step" size={16} />{words.room.stepFree}</li>}
            {eachOnce(room.equipment).map((one) => <li key={one}>{one}</li>)}
          </ul>
          {state !== 'free' && <Clashes row={row} when={when} />}
          {row.slots && state === 'free' && row.conflicts.length > 0 && <Clashes row={row} when={when} />}
          <Ways ways={row.alternatives} room={room} slot={slot} zone={zone} onTake={onTake} onOthers={state === 'free' ? undefined : onOthers} />
        </div>
      )}
    </div>
  );
}

function Clashes({ row, when }: { row: RoomAvailability; when: When }) {
  const { words } = useSpeech();
  if (row.conflicts.length === 0) return null;
  const shown = row.conflicts.slice(0, CLASHES_SHOWN);
  return (
    <div class="clashes">
      {row.slots && <p class="quiet">{words.room.clashes}</p>}
      <ul>
        {shown.map((one) => (
          <li key={one.start}>
            {row.slots ? day(one.start, when)
              : one.by ? words.room.takenBy(one.by, until(one.start, one.start, when), until(one.end, one.start, when))
                : words.room.taken(until(one.start, one.start, when), until(one.end, one.start, when))}
          </li>
        ))}
        {row.conflicts.length > shown.length && <li class="quiet">{words.room.moreClashes(row.conflicts.length - shown.length)}</li>}
      </ul>
    </div>
  );
}
