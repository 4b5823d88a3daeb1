/** What somebody sees who is invited: the state of the room, and nothing to press. */
import { meaningOf } from '../model/booking.ts';
import { BookingCard } from '../ui/BookingCard.tsx';
import { FaultPanel } from '../ui/FaultPanel.tsx';
import { Icon } from '../ui/Icon.tsx';
import type { Pane } from './pane.ts';
import type { PaneState } from './state.ts';

export function ReadView({ state, pane }: { state: PaneState; pane: Pane }) {
  const { speech: { words }, form, bookings, rooms, standing, lookFault } = state;
  const invited = (form?.rooms ?? []).map((mailbox) => ({
    mailbox, name: rooms.find((room) => room.mailbox.toLowerCase() === mailbox)?.name ?? mailbox, state: standing[mailbox] ?? null,
  }));
  return (
    <main class="stack">
      {lookFault && <FaultPanel fault={lookFault} onSignIn={pane.signIn} />}
      {bookings.map((booking) => (
        <BookingCard key={booking.id} booking={booking} zone={form?.zone ?? 'UTC'} readOnly actions={{ cancel: () => undefined }} />
      ))}
      {bookings.length === 0 && form && (
        <div class="card">
          <div class="card-state">
            <span class="card-icon"><Icon name="room" size={24} /></span>
            <div>
              <h2>{invited.length > 0 ? words.booking.roomsInvited : words.booking.noRoom}</h2>
              {invited.length > 0 && (
                <ul class="plain" role="list">
                  {invited.map(({ mailbox, name, state: stands }) => (
                    <li key={mailbox} class={`standing ${stands ? meaningOf(stands).tone : ''}`}>
                      <span>{name}</span>
                      {stands && <strong class="state-icon">{words.state[stands].title}</strong>}
                    </li>
                  ))}
                </ul>
              )}
              <p class="quiet">{words.booking.notYours}</p>
            </div>
          </div>
        </div>
      )}
    </main>
  );
}
