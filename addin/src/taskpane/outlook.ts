/** What the pane needs of Outlook, so that tests can stand in for it. */
import type { Place } from '../office/place.ts';
import type { Remembered } from '../office/memory.ts';
import type { Form } from '../model/form.ts';
import { currentItem } from '../office/host.ts';
import { readCompose, readRead } from '../office/form.ts';
import { addRoom, removeRoom, setTime } from '../office/place.ts';
import { recall, remember } from '../office/memory.ts';
import { watchForm } from '../office/watch.ts';

export interface Outlook {
  kind: 'compose' | 'read';
  read(): Promise<Form>;
  watch(changed: () => void): () => void;
  setTime(start: string, end: string): Promise<void>;
  addRoom(place: Place): Promise<void>;
  removeRoom(place: Place): Promise<void>;
  recall(): Promise<Remembered>;
  remember(what: Remembered): Promise<boolean>;
}

const refuse = () => Promise.reject(new Error('an attendee cannot change the appointment'));

/** Null when no appointment is open beside the pane. */
export function openOutlook(): Outlook | null {
  const found = currentItem();
  if (found.kind === 'none') return null;
  if (found.kind === 'read') {
    const { item } = found;
    return {
      kind: 'read', read: () => readRead(item), watch: () => () => undefined, recall: () => recall(item),
      setTime: refuse, addRoom: refuse, removeRoom: refuse, remember: refuse,
    };
  }
  const { item } = found;
  return {
    kind: 'compose',
    read: () => readCompose(item),
    watch: (changed) => watchForm(item, changed),
    setTime: (start, end) => setTime(item, start, end),
    addRoom: (place) => addRoom(item, place),
    removeRoom: (place) => removeRoom(item, place),
    recall: () => recall(item),
    remember: (what) => remember(item, what),
  };
}
