/** The pane as a whole: the appointment above, then its booking or the search, or the person's own bookings. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { driftOf, meaningOf } from '../model/booking.ts';
import { slotOf } from '../model/form.ts';
import { bookable, countFilters, NO_FILTERS } from '../model/list.ts';
import { BookingCard, type CardActions } from '../ui/BookingCard.tsx';
import { BookingsView } from '../ui/BookingsView.tsx';
import { Button } from '../ui/Button.tsx';
import { FaultPanel } from '../ui/FaultPanel.tsx';
import { FormSummary } from '../ui/FormSummary.tsx';
import { Icon } from '../ui/Icon.tsx';
import { RoomList, Waiting } from '../ui/RoomList.tsx';
import { SearchBar } from '../ui/SearchBar.tsx';
import { SpeechContext } from '../ui/speech.ts';
import { Tabs } from '../ui/Tabs.tsx';
import { Ways } from '../ui/Ways.tsx';
import { BookBar } from './BookBar.tsx';
import { ReadView } from './ReadView.tsx';
import type { Pane } from './pane.ts';
import type { PaneState, Store } from './state.ts';

export function App({ store, pane }: { store: Store; pane: Pane }) {
  const [state, setState] = useState(store.get());
  useEffect(() => {
    setState(store.get());
    return store.subscribe(() => setState(store.get()));
  }, [store]);
  const { speech, stage, view, form } = state;
  const { words } = speech;
  return (
    <SpeechContext.Provider value={speech}>
      {stage === 'not_outlook' || stage === 'no_appointment' ? (
        <main class="empty whole">
          <Icon name="room" size={32} />
          <h1>{words.product}</h1>
          <p>{stage === 'not_outlook' ? words.form.notOutlook : words.form.noAppointment}</p>
        </main>
      ) : (
        <>
          <FormSummary form={form} />
          {stage === 'read' ? <ReadView state={state} pane={pane} /> : (
            <main>
              <Tabs
                label={words.tabs.label} open={view} onOpen={pane.view}
                tabs={[{ id: 'search', text: words.tabs.search }, { id: 'bookings', text: words.tabs.bookings }]}
              />
              <div class="view" id={`view-${view}`} role="tabpanel" aria-labelledby={`tab-${view}`}>
                {view === 'search' ? <SearchView state={state} store={store} pane={pane} /> : (
                  <BookingsView
                    mine={state.mine} detail={state.detail} doing={state.doing} zone={form?.zone ?? 'UTC'}
                    onOpen={pane.openBooking} onRetry={pane.loadMine} onSignIn={pane.signIn} onCancel={pane.cancel}
                  />
                )}
              </div>
            </main>
          )}
        </>
      )}
      <div class="unseen" role="status" aria-live="polite"><span key={state.said.n}>{state.said.text}</span></div>
    </SpeechContext.Provider>
  );
}

function SearchView({ state, store, pane }: { state: PaneState; store: Store; pane: Pane }) {
  const { speech: { words }, form, bookings, choosing, doing, notice, rows, chosen } = state;
  const pressed = useRef(false);
  if (doing.is === 'working') pressed.current = true;
  useEffect(() => {
    // Into the search that a press of "Change room" has just opened.
    if (choosing.is !== 'no') document.querySelector<HTMLElement>('.searchbar input')?.focus();
  }, [choosing.is]);
  const slot = form && slotOf(form);
  const zone = form?.zone ?? 'UTC';
  const live = bookings.filter((one) => meaningOf(one.state).live || one.state === 'reserving' || one.state === 'releasing');
  const narrowed = state.filters.text.trim() !== '' || countFilters(state.filters) > 0;
  const searching = live.length === 0 || choosing.is !== 'no';
  const actions: CardActions = {
    cancel: pane.cancel,
    change: (booking) => store.set({ choosing: { is: 'instead', of: booking.id }, several: false, chosen: [], opened: null }),
    bookAgain: pane.bookAgain,
    followTime: pane.followTime,
    setTimeBack: pane.setTimeBack,
    take: (way) => void pane.take(way, null),
    signIn: pane.signIn,
  };
  const about = (id: string) => (doing.is !== 'nothing' && doing.about === id && choosing.is === 'no' ? doing : null);
  return (
    <>
      <div class="stack">
        {notice && (
          <div class="panel warn" role="alert">
            <Icon name="warning" />
            <div class="panel-body">
              <p>{{ room_not_added: words.book.roomNotAdded, not_remembered: words.book.notRemembered, outlook_refused: words.outlookRefused }[notice]}</p>
              <div class="actions">
                {notice === 'room_not_added' && <Button onPress={pane.addRoomAgain}>{words.book.addRoom}</Button>}
                <Button rank="subtle" onPress={() => store.set({ notice: null })}>{words.action.dismiss}</Button>
              </div>
            </div>
          </div>
        )}
        {state.lookFault && bookings.length > 0 && <FaultPanel fault={state.lookFault} onSignIn={pane.signIn} />}
        {bookings.map((booking) => {
          const at = about(booking.id);
          return (
            <BookingCard
              key={booking.id} booking={booking} zone={zone} drift={driftOf(form, booking)} focus={pressed.current}
              working={at?.is === 'working' ? at.what : null} fault={at?.is === 'failed' ? at : null} actions={actions}
            />
          );
        })}
        {live.length > 0 && choosing.is === 'no' && (
          <div><Button rank="subtle" icon="room" onPress={() => store.set({ choosing: { is: 'beside' }, chosen: [], opened: null })}>{words.booking.another}</Button></div>
        )}
        {live.length > 0 && choosing.is !== 'no' && (
          <div><Button rank="subtle" icon="back" onPress={() => store.set({ choosing: { is: 'no' }, chosen: [], opened: null, doing: { is: 'nothing' } })}>{words.booking.keepRoom}</Button></div>
        )}
      </div>
      {state.restoring && live.length === 0 && <Waiting since={null} />}
      {searching && !state.restoring && (
        <>
          <SearchBar
            filters={state.filters} persons={form?.persons ?? 1} rooms={state.rooms.length > 0 ? state.rooms : rows.map((row) => row.room)}
            several={state.several} maySeveral={choosing.is !== 'instead'} onFilter={pane.searching.filter} onSeveral={pane.searching.several}
          />
          {form?.unknownSeries && <p class="hint">{words.form.unknownSeries}</p>}
          {form && !slot && <p class="hint" role="status">{words.form.noTime}</p>}
          {slot ? (
            <RoomList
              search={state.search} rows={rows} slot={slot} zone={zone} several={state.several} chosen={chosen} opened={state.opened}
              onChoose={pane.searching.choose} onTake={(way, room) => void pane.take(way, room)} onRetry={pane.retrySearch} onSignIn={pane.signIn}
              onOthers={narrowed ? () => pane.searching.filter(NO_FILTERS) : undefined}
            />
          ) : !form && <RoomList search={{ is: 'idle' }} rows={[]} slot={NO_SLOT} zone={zone} several={false} chosen={[]} opened={null} onChoose={pane.searching.choose} onTake={() => undefined} onRetry={pane.retrySearch} onSignIn={pane.signIn} />}
          <BookBar
            rooms={slot ? bookable(chosen, rows) : []} change={choosing.is === 'instead'} slot={slot} zone={zone}
            working={doing.is === 'working' && doing.what !== 'cancel'} onBook={pane.book}
          >
            {doing.is === 'failed' && (doing.about === null || choosing.is !== 'no') && (
              <FaultPanel fault={doing.fault} onSignIn={pane.signIn} onDismiss={() => store.set({ doing: { is: 'nothing' } })}>
                <Ways ways={doing.fault.alternatives} room={chosen.length === 1 ? chosen[0] ?? null : null} slot={slot} zone={zone} onTake={(way, room) => void pane.take(way, room)} />
              </FaultPanel>
            )}
          </BookBar>
        </>
      )}
    </>
  );
}

const NO_SLOT = { start: '1970-01-01T00:00:00Z', end: '1970-01-01T00:00:00Z' };
