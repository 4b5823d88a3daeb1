"""Whatever is answered and whenever it crashes: never two live, never lost, always an end. Played against a small TOPdesk."""

from dataclasses import dataclass

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from domain.saga.builders import LATER, NUDGED, OLD, SLOT, booking, moving, record
from roombooker.domain import saga as sagas
from roombooker.domain.booking import Standing
from roombooker.domain.saga import Answer, Item, ItemPhase, Outcome, Phase, Saga, Step
from roombooker.domain.slot import Slot

LOST = ("lost before", "lost after")


@dataclass
class Kept:
    key: str
    room: str
    slot: Slot
    live: bool = True
    flagged: bool = False


class Play(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.world: dict[str, Kept] = {}
        self.mode = "reject"
        self.theirs = 0
        self.outvoted: set[str] = set()  # keys of items that were shown a rival

    @initialize(
        mode=st.sampled_from(["reject", "flag", "silent"]),
        wish=st.sampled_from(["book", "two rooms", "series", "move", "nudge", "other room", "move and wait", "nudge and wait", "cancel"]),
        services=st.booleans(),
    )
    def begin(self, mode: str, wish: str, services: bool) -> None:
        self.mode, self.services = mode, services
        self.saga: Saga = {
            "book": booking(),
            "two rooms": booking(2),
            "series": booking(3, all_or_nothing=False),
            "move": moving(LATER),
            "nudge": moving(NUDGED),
            "other room": moving(SLOT, room="beryl"),
            "move and wait": moving(LATER, awaits=True),
            "nudge and wait": moving(NUDGED, awaits=True),
            "cancel": sagas.cancel([OLD]),
        }[wish]
        if self.saga.items[0].old:
            self.world["ref-old"] = Kept(OLD.match_key, OLD.room_id, OLD.slot)
        self.kept = sagas.to_json(self.saga)

    @precondition(lambda self: sagas.wanted(self.saga) is not None)
    @rule(luck=st.sampled_from(["good", "good", "good", "away", *LOST, "killed before", "killed after"]))
    def step(self, luck: str) -> None:
        step = sagas.wanted(self.saga)
        assert step is not None
        writes = isinstance(step, sagas.Create | sagas.ChangeRecord | sagas.ChangeBack | sagas.Remove)
        if writes:
            self.kept = sagas.to_json(self.saga)
        if luck == "killed before":
            return self.restart()
        if luck == "away":
            answer: Answer = sagas.Unavailable(sagas.Reason("side_unavailable", "Away."))
        elif luck == "lost before":
            answer = sagas.Unknown()
        else:
            shown = set(self.outvoted)
            answer = self.answer(step)
            if luck in ("killed after", "lost after"):
                self.outvoted = shown
            if luck == "killed after":
                return self.restart()
            if luck == "lost after":
                answer = sagas.Unknown()
        self.saga = sagas.advance(self.saga, answer)
        if writes or sagas.wanted(self.saga) is None:
            self.kept = sagas.to_json(self.saga)
        return None

    @rule(roll=st.integers(0, 9))
    def killed_between_steps(self, roll: int) -> None:
        if roll == 4:  # seldom: or no run would come far
            self.restart()

    def restart(self) -> None:
        self.saga = sagas.resumed(sagas.from_json(self.kept))

    @rule(room=st.sampled_from(["amber", "beryl"]), slot=st.sampled_from([SLOT, LATER, NUDGED]), roll=st.integers(0, 9))
    def somebody_reserves(self, room: str, slot: Slot, roll: int) -> None:
        """In TOPdesk itself, which refuses what clashes unless it is told to let it pass."""
        if roll not in (4, 6):
            return
        clash = self.overlapping(room, slot)
        if self.mode == "silent" or not clash:
            self.theirs += 1
            self.world[f"theirs-{self.theirs}"] = Kept("", room, slot)

    @precondition(lambda self: self.saga.phase is Phase.AWAIT)
    @rule(follows=st.booleans())
    def hold_ends(self, follows: bool) -> None:
        self.saga = sagas.arrived(self.saga) if follows else sagas.lapsed(self.saga)
        self.kept = sagas.to_json(self.saga)

    @rule(roll=st.integers(0, 9))
    def nobody_wants_it(self, roll: int) -> None:
        if roll != 4:
            return
        self.saga = sagas.give_up(self.saga)
        self.kept = sagas.to_json(self.saga)

    @invariant()
    def the_saga_survives_its_json(self) -> None:
        if hasattr(self, "saga"):
            assert sagas.from_json(sagas.to_json(self.saga)) == self.saga

    @invariant()
    def a_move_never_leaves_the_person_without_a_room(self) -> None:
        if hasattr(self, "saga") and self.saga.kind is sagas.Kind.MOVE:
            assert any(kept.live and kept.key for kept in self.world.values())

    def teardown(self) -> None:
        """From here on all goes well: it must come to a right end, in a bounded number of steps."""
        if not hasattr(self, "saga"):
            return
        self.restart()
        for _ in range(100):
            if self.saga.phase is Phase.AWAIT:
                self.saga = sagas.lapsed(self.saga)
            step = sagas.wanted(self.saga)
            if step is None:
                break
            self.saga = sagas.advance(self.saga, self.answer(step))
        assert self.saga.is_done
        self.check_end()

    def check_end(self) -> None:
        if self.saga.outcome is Outcome.STUCK:
            return  # a person has a work item; that it is only reached from real trouble is tested phase by phase
        for item in self.saga.items:
            mine = [kept for kept in self.world.values() if kept.live and kept.key in (item.key, item.match_key)]
            old = [kept for kept in self.world.values() if item.old and kept.live and kept.key == item.old.match_key]
            match item.phase:
                case ItemPhase.STANDS:
                    assert item.key not in self.outvoted
                    assert [(kept.room, kept.slot) for kept in mine] == [(item.room_id, item.slot)]
                    assert item.way is sagas.Way.CHANGE or not old
                case ItemPhase.GONE:
                    assert not mine
                case _:
                    assert len(old) == (1 if item.old else 0)
                    assert not [kept for kept in mine if kept not in old]
                    assert all((kept.room, kept.slot) == (OLD.room_id, OLD.slot) for kept in old)

    # A small TOPdesk

    def overlapping(self, room: str, slot: Slot, *, besides: str = "") -> list[str]:
        return [ref for ref, k in self.world.items() if k.live and k.room == room and k.slot.overlaps(slot) and ref != besides]

    def answer(self, step: Step) -> Answer:
        match step:
            case sagas.FindPerson():
                return sagas.PersonFound("person-1")
            case sagas.CheckExchange():
                return sagas.Checked()
        item = self.saga.items[step.index]
        match step:
            case sagas.Look():
                assert item.old
                return sagas.Looked(record("ref-old") if self.world["ref-old"].live else None, has_services=self.services)
            case sagas.Create():
                return self.create(item)
            case sagas.Find():
                found = [(ref, kept) for ref, kept in self.world.items() if kept.key == item.match_key]
                return sagas.Done(self.told(*found[0])) if found else sagas.Absent()
            case sagas.Relist(back=back):
                return self.listed(item, back=back)
            case sagas.ChangeRecord():
                return self.change(item.room_id, item.slot)
            case sagas.ChangeBack():
                return self.change(OLD.room_id, OLD.slot)
            case sagas.Remove(ref=ref):
                self.world[ref].live = False
                return sagas.Done()

    def create(self, item: Item) -> Answer:
        clash = bool(self.overlapping(item.room_id, item.slot))
        if clash and self.mode == "reject":
            return sagas.Refused(sagas.Reason("side_refused", "Not available."))
        assert not [k for k in self.world.values() if k.key == item.match_key and k.live], "created twice"
        ref = f"ref-{item.key}-{len(self.world)}"
        self.world[ref] = Kept(item.match_key, item.room_id, item.slot, flagged=clash and self.mode == "flag")
        return sagas.Done(self.told(ref, self.world[ref]))

    def change(self, room: str, slot: Slot) -> Answer:
        kept = self.world["ref-old"]
        if (kept.room, kept.slot) != (room, slot):
            clash = bool(self.overlapping(room, slot, besides="ref-old"))
            if clash and self.mode == "reject":
                return sagas.Refused(sagas.Reason("side_refused", "Not available."))
            kept.room, kept.slot, kept.flagged = room, slot, clash and self.mode == "flag"
        return sagas.Done(self.told("ref-old", kept))

    def listed(self, item: Item, *, back: bool) -> Answer:
        room, slot = (OLD.room_id, OLD.slot) if back else (item.room_id, item.slot)
        own = item.record.ref if item.record else ""
        there = [ref for ref in self.overlapping(room, slot, besides=own) if ref != "ref-old"]
        doubles = tuple(ref for ref in there if self.world[ref].key == item.match_key)
        rivals = tuple(sagas.Rival() for ref in there if ref not in doubles)
        if rivals and not back:
            self.outvoted.add(item.key)
        return sagas.Listed(rivals, doubles, is_conflicting=own in self.world and self.world[own].flagged)

    def told(self, ref: str, kept: Kept) -> sagas.Record:
        standing = Standing.CANCELLED if not kept.live else Standing.CONFLICTING if kept.flagged else Standing.PLANNED
        return record(ref, standing)


TestPlay = Play.TestCase
TestPlay.settings = settings(max_examples=200, stateful_step_count=40, deadline=None)
