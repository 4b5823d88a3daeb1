/** The one thing to press, always in reach at the foot of the pane: book what is chosen. */
import type { ComponentChildren } from 'preact';
import type { Room } from '../api/shapes.ts';
import type { Slot } from '../model/form.ts';
import { Button } from '../ui/Button.tsx';
import { dayAndTimes } from '../ui/format.ts';
import { useSpeech } from '../ui/speech.ts';

interface Props {
  rooms: Room[];
  /** Takes the place of a room that is booked already. */
  change: boolean;
  slot: Slot | null;
  zone: string;
  working: boolean;
  /** What went wrong with the last press, where the eyes are. */
  children?: ComponentChildren;
  onBook: () => void;
}

export function BookBar({ rooms, change, slot, zone, working, children, onBook }: Props) {
  const { words, locale } = useSpeech();
  const [first] = rooms;
  if (!first || !slot) return children ? <div class="bookbar">{children}</div> : null;
  const text = change ? words.book.move(first.name) : rooms.length === 1 ? words.book.one(first.name) : words.book.many(rooms.length);
  return (
    <div class="bookbar">
      {children}
      <p class="quiet">
        {rooms.length > 1 && <span>{rooms.map((room) => room.name).join(', ')}</span>}
        <span>{dayAndTimes(slot.start, slot.end, { locale, zone })}</span>
      </p>
      <Button id="book" rank="primary" wide busy={working} onPress={onBook}>{working ? words.book.working : text}</Button>
    </div>
  );
}
