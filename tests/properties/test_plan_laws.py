"""The laws of the plan, over worlds that Hypothesis makes."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from properties.worlds import GRACE, World, even_rules, mirrored, rules, worlds
from roombooker.domain.actions import Action, Adopt, Create, Delete, Forget, Hold, Update, Vanish
from roombooker.domain.booking import Booking, Side
from roombooker.domain.link import Link
from roombooker.domain.plan import View, plan

MANY = settings(max_examples=250, deadline=None)
DOMINANCE = st.sampled_from([Side.TOPDESK, Side.EXCHANGE, None])


@MANY
@given(st.data(), DOMINANCE)
def test_a_plan_that_was_carried_out_leaves_nothing_to_plan(data: st.DataObject, dominant: Side | None) -> None:
    under = rules(dominant=dominant)
    world = data.draw(worlds(under))
    actions = world.plan(under)
    world.carry_out(actions, under)
    if any(isinstance(a, Adopt) and a.moves for a in actions):  # it makes its own follow-up possible
        again = world.plan(under)
        assert all(isinstance(a, Update) for a in again), again
        world.carry_out(again, under)
    assert world.plan(under) == ()


@MANY
@given(st.data(), DOMINANCE)
def test_what_was_refused_is_not_planned_again_until_something_changes(data: st.DataObject, dominant: Side | None) -> None:
    under = rules(dominant=dominant)
    world = data.draw(worlds(under))
    for _ in range(2):
        world.carry_out(world.plan(under), under, refuse=True)
    assert world.plan(under) == ()


@MANY
@given(st.data())
def test_nothing_goes_to_and_fro_when_time_passes(data: st.DataObject) -> None:
    under = rules()
    world = data.draw(worlds(under))
    for _ in range(4):
        for _ in range(3):
            world.carry_out(world.plan(under), under)
        assert world.plan(under) == ()
        under = replace(under, now=under.now + GRACE)


@MANY
@given(st.data(), st.randoms(use_true_random=False))
def test_order_never_matters(data: st.DataObject, luck: Any) -> None:
    under = rules()
    world = data.draw(worlds(under))
    links = list(world.links.values())
    sides = {side: list(world.records[side].values()) for side in Side}
    luck.shuffle(links)
    for records in sides.values():
        luck.shuffle(records)
    shuffled = plan(links, *(View(tuple(sides[side]), is_complete=True, endings=world.endings[side]) for side in Side), under)
    assert sorted(map(repr, shuffled)) == sorted(map(repr, world.plan(under)))


@MANY
@given(st.data(), st.sampled_from(list(Side)))
def test_an_incomplete_listing_never_yields_a_delete(data: st.DataObject, side: Side) -> None:
    under = rules()
    world = data.draw(worlds(under, states=st.sampled_from(["unchanged", "moved", "edited"]), loose=0))
    refs = sorted(world.records[side])
    for ref in data.draw(st.sets(st.sampled_from(refs))) if refs else ():
        del world.records[side][ref]
    actions = plan(world.links.values(), *(world.view(s, is_complete=s is not side) for s in Side), under)
    assert not any(isinstance(a, Delete | Forget | Create) or (isinstance(a, Vanish) and not a.is_back) for a in actions), actions


@MANY
@given(st.data())
def test_nothing_is_created_on_a_side_that_was_not_read_whole(data: st.DataObject) -> None:
    under = rules()
    world = data.draw(worlds(under))
    actions = plan(world.links.values(), *(world.view(s, is_complete=False) for s in Side), under)
    assert not any(isinstance(a, Create) for a in actions)


@MANY
@given(st.data(), DOMINANCE)
def test_swapping_the_sides_mirrors_the_plan(data: st.DataObject, dominant: Side | None) -> None:
    """For links that have lived on both sides: matching and room-only meetings are TOPdesk's and Exchange's own. So is what lies in the
    way: TOPdesk says so itself when it is asked, Exchange takes everything."""
    under = even_rules(dominant=dominant)
    states = st.sampled_from(["ended", "tombstone", "gone", "unreadable", "unchanged", "moved", "edited", "approved", "unmapped"])
    world = data.draw(worlds(under, states=states, loose=0))
    swapped = even_rules(dominant=dominant.other if dominant else None)
    here, there = world.plan(under), mirrored(world).plan(swapped)
    assume(not any(isinstance(a, Hold) and a.candidates for a in (*here, *there)))
    assert sorted(map(repr, map(_mirror, there))) == sorted(map(repr, map(_plain, here)))


@MANY
@given(st.data())
def test_what_two_sides_agree_on_is_left_alone(data: st.DataObject) -> None:
    under = rules()
    world = data.draw(worlds(under, states=st.just("unchanged"), loose=0))
    actions = world.plan(under)
    left = [a for a in actions if not isinstance(a, Vanish) and not (isinstance(a, Adopt | Update) and _link(a).writing)]
    assert left == []


def _link(action: Adopt | Update) -> Link:
    assert action.link is not None
    return action.link


def _plain(action: Action) -> tuple[Any, ...]:
    """Without sentences and marks, which name the sides in their own order."""
    match action:
        case Update(side, link, source, target, fields, overrules):
            return ("update", str(side), link.id, source.ref, target.ref, sorted(fields), overrules)
        case Delete(side, link, target, is_inferred):
            return ("delete", str(side), link.id, target.ref, is_inferred)
        case Adopt(topdesk, exchange, _, link):
            return ("adopt", link.id if link else None, topdesk.ref, exchange.ref)
        case Hold(kind=kind, link=link, topdesk=topdesk, exchange=exchange):
            return ("hold", kind, link.id if link else None, _ref(topdesk), _ref(exchange))
        case _:
            return (type(action).__name__, *_ids(action))


def _mirror(action: Action) -> tuple[Any, ...]:
    match _plain(action):
        case ("update" | "delete" as kind, side, *rest):
            return (kind, str(Side(side).other), *rest)
        case ("adopt", link, topdesk, exchange):
            return ("adopt", link, exchange, topdesk)
        case ("hold", kind, link, topdesk, exchange):
            return ("hold", kind, link, exchange, topdesk)
        case other:
            return other
    raise AssertionError


def _ref(booking: Booking | None) -> str | None:
    return booking.ref if booking else None


def _ids(action: Any) -> Iterable[Any]:
    return (action.link.id, getattr(action, "is_back", None))


def test_the_worlds_reach_every_kind_of_action() -> None:
    """A law over worlds that never plan anything would prove nothing."""
    seen: set[str] = set()

    @settings(max_examples=300, deadline=None, database=None, derandomize=True)
    @given(worlds(rules()))
    def look(world: World) -> None:
        seen.update(type(a).__name__ for a in world.plan(rules()))

    look()
    assert seen >= {"Create", "Update", "Delete", "Adopt", "Refresh", "Forget", "Vanish", "Hold"}
