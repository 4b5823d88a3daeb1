"""Queries answered from the index find the same cards as the plain reading of the query does."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from roombooker_sandbox import topdesk
from roombooker_sandbox.topdesk.fiql import matches, parse_query
from roombooker_sandbox.topdesk.listing import RESERVATION_FIELDS, list_reservations
from roombooker_sandbox.topdesk.rendering import Reader
from roombooker_sandbox.topdesk.seed import first_day

from .conftest import Topdesk, make_world


@pytest.fixture(scope="module")
def busy() -> Iterator[Topdesk]:
    """Six rooms and four days of the seed, with a few reservations that have everything."""
    world = make_world(rooms=6, people=12, days=4)
    topdesk.seed(world)
    api = Topdesk(world)
    world.switches.conflict_mode = "flag"
    rooms = [room.location_id for room in world.directory.rooms]
    for number, room in enumerate(rooms[:4]):
        more = {
            "optionalFields1": {"text1": f"ORB-{number}"},
            "externalLink": {"id": f"e{number}", "type": "7"},
            "processingStatus": {"name": "New"},
        }
        draft = api.draft(room, **more) | {"reservedFacilities": [{"location": {"id": room}}, {"location": {"id": rooms[-1]}}]}
        api.post("/reservations", draft, 201)
    long = api.draft(rooms[0]) | {"plannedStartDate": "2026-01-01T00:00:00Z", "plannedEndDate": "2028-01-01T00:00:00Z"}
    api.post(f"/reservations/{api.post('/reservations', long, 201)['id']}/cancel", None, 204)
    yield api
    world.close()


def _tests(api: Topdesk) -> st.SearchStrategy[str]:
    world = api.world
    day = first_day(world.clock.now()).isoformat()
    rooms = [room.location_id for room in world.directory.rooms]
    moments = st.builds(lambda hour, second: f"{day}T{hour:02}:00:{second:02}Z", st.integers(6, 18), st.sampled_from([0, 30]))
    return st.one_of(
        st.builds("{}{}{}".format, st.sampled_from(["plannedStartDate", "plannedEndDate"]), st.sampled_from(["==", "!=", "=gt=", "=ge=", "=lt=", "=le="]), moments),
        st.builds("reservedFacilities.location.id{}{}".format, st.sampled_from(["==", "!="]), st.sampled_from(rooms)),
        st.builds("status{}({})".format, st.sampled_from(["=in=", "=out="]), st.sampled_from(["planned,request", "cancelled", "conflictingPlanned"])),
        st.builds("optionalFields1.text1{}".format, st.sampled_from(["==null", "!=null", "==orb-1", "!=ORB-1", "=sw=ORB", "=in=(ORB-1,ORB-2)", "=out=(ORB-1)"])),
        st.sampled_from(["externalLinks.type==7", "externalLinks.id!=e1", "requester.email==alice.jansen@contoso.example", "archived==false", "archived==true"]),
        st.sampled_from(["briefDescription=sw=W", "processingStatus.name==New", "numberOfPersons==null", "series.id==null", "notes==null", "number=='R 2611 003'"]),
        st.sampled_from(["requester.employeeNumber==E00001", "requester.id!=null", "id!=null", "reservedFacilities.location.roomNumber=sw=H"]),
    )  # fmt: skip


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_the_index_finds_what_the_query_says(busy: Topdesk, data: st.DataObject) -> None:
    query = data.draw(
        st.recursive(_tests(busy), lambda inner: st.builds("({}{}{})".format, inner, st.sampled_from([";", ","]), inner), max_leaves=5)
    )
    node = parse_query(query, RESERVATION_FIELDS)
    with busy.world.store.transaction() as db:
        reader = Reader(db)
        everything, _ = list_reservations(db, reader, None, 10_000, frozenset())
        found, more = list_reservations(db, reader, node, 10_000, frozenset())
    assert not more
    assert [card["id"] for card in found] == [card["id"] for card in everything if matches(node, card, reader.find)]
