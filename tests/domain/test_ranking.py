"""Which room is offered first."""

from hypothesis import given
from hypothesis import strategies as st

from roombooker.domain.ranking import Taste, by_size, rank
from roombooker.domain.room import Room


def room(name: str, capacity: int | None = 8, building: str = "Harbour", floor: str = "1") -> Room:
    return Room(
        id=name, location_id=f"l-{name}", mailbox=f"{name}@contoso.example", name=name, capacity=capacity, building=building, floor=floor
    )


def names(rooms: list[Room], attendees: int, **taste: object) -> list[str]:
    return [one.name for one in rank(by_size(rooms), attendees, Taste(**taste))]  # type: ignore[arg-type]


def test_the_closest_fit_comes_first_and_the_too_small_last() -> None:
    assert names([room("a", 20), room("b", 6), room("c", 4), room("d", 2), room("e", None)], 5) == ["b", "a", "e", "c", "d"]


def test_the_floor_of_last_time_comes_before_the_building_and_that_before_size() -> None:
    rooms = [room("a", 5, "Castle"), room("b", 8, floor="2"), room("c", 12, floor="1"), room("d", 6, "Castle")]
    assert names(rooms, 5, building="Harbour", floor="1") == ["c", "b", "a", "d"]


def test_a_favourite_comes_before_all() -> None:
    assert names([room("a", 5), room("b", 50)], 5, favourites=frozenset({"b"})) == ["b", "a"]


def test_a_favourite_that_is_too_small_stays_behind() -> None:
    assert names([room("a", 5), room("b", 2)], 5, favourites=frozenset({"b"})) == ["a", "b"]


@given(st.lists(st.one_of(st.none(), st.integers(1, 30)), max_size=15), st.integers(1, 30))
def test_ranking_loses_and_doubles_no_room(capacities: list[int | None], attendees: int) -> None:
    rooms = [room(f"r{at}", capacity) for at, capacity in enumerate(capacities)]
    assert sorted(names(rooms, attendees, building="Harbour")) == sorted(one.name for one in rooms)
