/** The rooms that were found, with how many and how fresh; waiting, empty and failed included. */
import type { Failure } from '../api/client.ts';
import type { Alternative, Availability, Room, RoomAvailability } from '../api/shapes.ts';
import type { Slot } from '../model/form.ts';
import { latest, type Remote } from '../model/remote.ts';
import { Button } from './Button.tsx';
import { FaultPanel } from './FaultPanel.tsx';
import { Icon } from './Icon.tsx';
import { RoomRow } from './RoomRow.tsx';
import { useNow, useSpeech } from './speech.ts';

/** Until here the skeleton says enough by itself. */
const SLOW_MS = 3_000;

interface Props {
  search: Remote<Availability, Failure>;
  rows: RoomAvailability[];
  slot: Slot;
  zone: string;
  several: boolean;
  chosen: Room[];
  opened: string | null;
  onChoose: (room: Room) => void;
  onTake: (way: Alternative, room: Room | null) => void;
  /** Only while words or filters hide rooms. */
  onOthers?: (() => void) | undefined;
  onRetry: () => void;
  onSignIn: () => void;
}

export function RoomList(props: Props) {
  const { search, rows, slot, zone, several, chosen, opened, onChoose, onTake, onOthers, onRetry, onSignIn } = props;
  const { words } = useSpeech();
  const answer = latest(search);
  return (
    <section class="rooms" aria-label={words.search.list} aria-busy={search.is === 'loading'}>
      {search.is === 'failed' && <FaultPanel fault={search.fault} onRetry={onRetry} onSignIn={onSignIn} />}
      {answer && <Counts answer={answer} working={search.is === 'loading'} onRefresh={onRetry} />}
      {!answer && search.is !== 'failed' && <Waiting since={search.is === 'loading' ? search.since : null} />}
      {answer && rows.length === 0 && (
        <div class="empty">
          <Icon name="search" size={32} />
          <p class="panel-title">{words.search.none}</p>
          <p class="quiet">{words.search.noneAdvice}</p>
          {onOthers && <Button icon="search" onPress={onOthers}>{words.ways.others}</Button>}
        </div>
      )}
      {answer && rows.length > 0 && answer.counts.free === 0 && <p class="hint">{words.search.noneFree}</p>}
      {answer && rows.length > 0 && (
        <div class="roomlist" role={several ? 'group' : 'radiogroup'} aria-label={words.search.list}>
          {rows.map((row) => (
            <RoomRow
              key={row.room.id} row={row} slot={slot} zone={zone} several={several}
              chosen={chosen.some((room) => room.id === row.room.id)} open={opened === row.room.id} onChoose={onChoose} onTake={onTake} onOthers={onOthers}
            />
          ))}
        </div>
      )}
      {answer && answer.total > rows.length && rows.length > 0 && <p class="hint">{words.search.more(rows.length, answer.total)}</p>}
    </section>
  );
}

function Counts({ answer, working, onRefresh }: { answer: Availability; working: boolean; onRefresh: () => void }) {
  const { words } = useSpeech();
  const now = useNow(5_000);
  const age = answer.as_of === null ? null : Math.max(0, Math.round((now - Date.parse(answer.as_of)) / 1_000));
  const fresh = age === null ? '' : age < 5 ? words.fresh.justNow : age < 60 ? words.fresh.seconds(age) : words.fresh.minutes(Math.round(age / 60));
  const { free, busy, not_bookable: notBookable } = answer.counts;
  return (
    <div class="counts">
      <p>
        <strong class={free > 0 ? 'some' : ''}>{words.search.free(free)}</strong>
        {busy > 0 && <span class="quiet">{words.search.busy(busy)}</span>}
        {notBookable > 0 && <span class="quiet">{words.search.notBookable(notBookable)}</span>}
      </p>
      <button type="button" class="fresh" onClick={onRefresh} title={words.search.refresh}>
        <span>{fresh}</span>
        <span class={working ? 'turning' : ''}><Icon name="refresh" size={16} /></span>
        <span class="unseen">{words.search.refresh}</span>
      </button>
    </div>
  );
}

export function Waiting({ since }: { since: number | null }) {
  const { words } = useSpeech();
  const now = useNow(1_000);
  const waited = since === null ? 0 : now - since;
  return (
    <div class="ghosts">
      <p class="quiet" role="status">{waited > SLOW_MS ? words.search.slow(Math.round(waited / 1_000)) : words.search.loading}</p>
      {[1, 2, 3, 4, 5, 6].map((n) => (
        <div key={n} class="ghost" aria-hidden="true"><i /><b /><s /></div>
      ))}
    </div>
  );
}
