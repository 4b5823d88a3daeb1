/** Ways out of a refusal, each one press. */
import type { Alternative, Room } from '../api/shapes.ts';
import { sameSlot, type Slot } from '../model/form.ts';
import { Button } from './Button.tsx';
import { dayAndTimes, sameDay, times, type When } from './format.ts';
import type { IconName } from './Icon.tsx';
import { useSpeech } from './speech.ts';

interface Props {
  ways: Alternative[];
  room: Room | null;
  slot: Slot | null;
  zone: string;
  onTake: (way: Alternative, room: Room | null) => void;
  /** Where a search hides other rooms: shows them. The way on when there is no other. */
  onOthers?: (() => void) | undefined;
}

const ICONS: Record<Alternative['kind'], IconName> = { earlier: 'clock', later: 'clock', shorter: 'clock', other_room: 'room' };

export function Ways({ ways, room, slot, zone, onTake, onOthers }: Props) {
  const { words, locale } = useSpeech();
  if (ways.length === 0) {
    return onOthers ? <div class="ways"><Button icon="search" wide onPress={onOthers}>{words.ways.others}</Button></div> : null;
  }
  const when: When = { locale, zone };
  const describe = (way: Alternative): string => {
    const span = slot && !sameDay(slot.start, way.start, when) ? dayAndTimes(way.start, way.end, when) : times(way.start, way.end, when);
    if (way.kind === 'other_room' && way.room) {
      return slot && sameSlot(slot, way) ? words.ways.otherRoom(way.room.name) : words.ways.otherRoomAt(way.room.name, span);
    }
    return way.kind === 'other_room' ? span : words.ways[way.kind](span);
  };
  return (
    <div class="ways">
      <p class="quiet">{words.ways.title}</p>
      {ways.map((way) => (
        <Button key={way.kind + way.start + way.end + (way.room?.id ?? '')} icon={ICONS[way.kind]} wide onPress={() => onTake(way, room)}>
          {describe(way)}
        </Button>
      ))}
    </div>
  );
}
