"""The dates of a series that is on a room's calendar, reserved together: all made first, then looked at in one listing."""

from collections.abc import Callable, Mapping, Sequence

from roombooker.domain.actions import Create
from roombooker.domain.booking import Booking, Side
from roombooker.domain.calendar import Facilities
from roombooker.domain.slot import Slot
from roombooker.errors import NotFound, OutcomeUnknown, Refused, RoomBookerError, SideError
from roombooker.services.recurring import Recurring, makes_series
from roombooker.services.remembering import Memory, Turn
from roombooker.services.reserving import Reserving
from roombooker.store.models import LinkRow

Failed = list[tuple[Create, RoomBookerError]]
_Begun = tuple[Create, LinkRow]


class Serial:
    def __init__(self, *, facilities: Facilities, reserving: Reserving, memory: Memory) -> None:
        self._facilities = facilities
        self._reserving = reserving
        self._memory = memory
        self._recurring = Recurring(facilities)

    def reserve(self, turn: Turn, actions: Sequence[Create], keep: Callable[[], None]) -> Failed:
        """Those that must be tried again, each with its error; what TOPdesk refuses is settled date by date. `keep` is called between
        the calls and raises where the room is no longer ours."""
        failed: Failed = []
        begun: list[_Begun] = []
        for action in sorted(actions, key=lambda a: a.source.slot):
            try:
                begun.append((action, self._memory.begin_create(turn, action.source, action.link, claims_slot=True)))
            except RoomBookerError as error:
                failed.append((action, error))
        made = self._made(turn, begun, failed, keep)
        if made:
            try:
                self._conclude(turn, made, failed, keep)
            except SideError as error:  # nobody could look: each is looked at when it is found again
                failed += [(action, error) for action, _, _ in made]
        return failed

    def _made(self, turn: Turn, begun: Sequence[_Begun], failed: Failed, keep: Callable[[], None]) -> list[tuple[Create, LinkRow, Booking]]:
        made: list[tuple[Create, LinkRow, Booking]] = []
        spread: Mapping[Slot, Booking] | None = None
        if makes_series(turn.room) and (anchor := self._anchor(turn, begun)) is not None:
            spread = self._spread(turn, anchor, begun)
        for number, (action, row) in enumerate(begun):
            try:
                keep()
                reserved = (spread or {}).get(action.source.slot)
                if reserved is None:
                    reserved = self._reserving.made(turn.room, row, action.source, is_new=action.link is None)
            except Refused as refusal:
                self._reserving.refuse(turn, row, action, refusal.message)
                continue
            except RoomBookerError as error:
                failed.append((action, error))
                continue
            made.append((action, row, reserved))
            if spread is None and makes_series(turn.room):
                spread = self._spread(turn, reserved, begun[number + 1 :])
        return made

    def _anchor(self, turn: Turn, begun: Sequence[_Begun]) -> Booking | None:
        """The last date before these that is in TOPdesk as part of a series already."""
        ref = self._memory.kin_ref(turn.room, begun[0][1], Side.TOPDESK) if begun else None
        try:
            found = self._facilities.get(turn.room, ref) if ref else None
        except (NotFound, SideError):
            return None
        return found if found is not None and found.is_live and found.series_ref else None

    def _spread(self, turn: Turn, first: Booking, begun: Sequence[_Begun]) -> Mapping[Slot, Booking]:
        """A series that could not be made is no harm: its dates become single reservations. OutcomeUnknown where some may stand
        already: then the whole run is left to the next look, which finds them."""
        try:
            return self._recurring.spread(turn.room, first, {action.source.slot: row.match_key for action, row in begun})
        except OutcomeUnknown:
            raise
        except SideError:
            return {}

    def _conclude(self, turn: Turn, made: Sequence[tuple[Create, LinkRow, Booking]], failed: Failed, keep: Callable[[], None]) -> None:
        slots = [reserved.slot for _, _, reserved in made]
        span = Slot(min(s.start for s in slots), max(s.end for s in slots))
        there = self._facilities.occupied([turn.room], span).get(turn.room.id, [])
        for action, row, reserved in made:
            try:
                keep()
                self._reserving.conclude(turn, action, row, reserved, there)
            except RoomBookerError as error:
                failed.append((action, error))
