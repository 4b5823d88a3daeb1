/** Words to search by, and behind one button the filters: seats, building, equipment. */
import { useState } from 'preact/hooks';
import type { Room } from '../api/shapes.ts';
import { choicesOf, countFilters, NO_FILTERS, type Filters } from '../model/list.ts';
import { Button } from './Button.tsx';
import { Icon } from './Icon.tsx';
import { useSpeech } from './speech.ts';

const MOST_SEATS = 9_999;

interface Props {
  filters: Filters;
  persons: number;
  rooms: Room[];
  several: boolean;
  /** Whether several rooms at once make sense here. */
  maySeveral: boolean;
  onFilter: (change: Partial<Filters>) => void;
  onSeveral: (on: boolean) => void;
}

export function SearchBar({ filters, persons, rooms, several, maySeveral, onFilter, onSeveral }: Props) {
  const { words } = useSpeech();
  const [open, setOpen] = useState(false);
  const active = countFilters(filters);
  const { buildings, equipment } = choicesOf(rooms);
  return (
    <div class="searchbar" role="search">
      <div class="searchline">
        <label class="textbox">
          <Icon name="search" size={16} />
          <input
            type="search" value={filters.text} placeholder={words.search.text} aria-label={words.search.text} maxLength={100}
            onInput={(event) => onFilter({ text: event.currentTarget.value })}
          />
        </label>
        <button
          type="button" class={`button secondary square${active > 0 ? ' on' : ''}`} aria-expanded={open} aria-controls="filters"
          aria-label={active > 0 ? words.search.filtersOn(active) : words.search.filters} title={words.search.filters}
          onClick={() => setOpen(!open)}
        >
          <Icon name="filter" />
          {active > 0 && <span class="count" aria-hidden="true">{active}</span>}
        </button>
      </div>
      <div id="filters" class="filters" hidden={!open}>
        <div class="pair">
          <SeatsField seats={filters.capacity} persons={persons} onSeats={(capacity) => onFilter({ capacity })} />
          <label class="field grow">
            <span>{words.search.building}</span>
            <select value={filters.building} onChange={(event) => onFilter({ building: event.currentTarget.value })}>
              <option value="">{words.search.anyBuilding}</option>
              {buildings.map((name) => <option key={name} value={name}>{name}</option>)}
            </select>
          </label>
        </div>
        {equipment.length > 0 && (
          <fieldset class="chips">
            <legend>{words.search.equipment}</legend>
            {equipment.map((name) => (
              <label key={name} class="chip">
                <input
                  type="checkbox" checked={filters.equipment.includes(name)}
                  onChange={(event) => onFilter({
                    equipment: event.currentTarget.checked ? [...filters.equipment, name] : filters.equipment.filter((one) => one !== name),
                  })}
                />
                <span>{name}</span>
              </label>
            ))}
          </fieldset>
        )}
        {maySeveral && (
          <label class="switch">
            <input type="checkbox" role="switch" checked={several} onChange={(event) => onSeveral(event.currentTarget.checked)} />
            <span>{words.search.several}</span>
          </label>
        )}
        {active > 0 && <Button rank="subtle" icon="close" onPress={() => onFilter({ ...NO_FILTERS, text: filters.text })}>{words.search.clear}</Button>}
      </div>
    </div>
  );
}

/** Follows the number of people on the appointment until somebody types another; emptied, it follows again. */
function SeatsField({ seats, persons, onSeats }: { seats: number | null; persons: number; onSeats: (seats: number | null) => void }) {
  const { words } = useSpeech();
  const [typed, setTyped] = useState<string | null>(null);
  return (
    <label class="field">
      <span>{words.search.capacity}</span>
      <input
        type="number" inputMode="numeric" min={1} max={MOST_SEATS} value={typed ?? seats ?? persons}
        onInput={(event) => {
          const wanted = Math.floor(event.currentTarget.valueAsNumber);
          setTyped(event.currentTarget.value);
          onSeats(wanted >= 1 && wanted !== persons ? Math.min(wanted, MOST_SEATS) : null);
        }}
        onBlur={() => setTyped(null)}
      />
    </label>
  );
}
