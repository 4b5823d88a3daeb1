"""Every call that the two contracts have is there, and answers as they say whatever it is sent."""

import json
from collections.abc import Iterator

import pytest

from roombooker_sandbox import topdesk

from .conftest import Topdesk, make_world
from .contracts import FILES, folder

_ACCEPT_PERSONS = ", ".join(f"application/x.topdesk-{kind}-v2+json" for kind in ("person", "collection-person", "collection-person-group"))


def _operations() -> list[tuple[str, str]]:
    try:
        texts = [json.loads((folder() / name).read_text()) for name in FILES]
    except pytest.skip.Exception:
        return []
    return [(method, path) for text in texts for path, methods in text["paths"].items() for method in methods]


@pytest.fixture(scope="module")
def visited() -> Iterator[Topdesk]:
    world = make_world(rooms=6, people=10, days=2)
    topdesk.seed(world)
    yield Topdesk(world)
    world.close()


@pytest.fixture(scope="module")
def ids(visited: Topdesk) -> dict[str, str]:
    """What to put where a path says {id}, by the first word of the path."""
    directory = visited.world.directory
    lists = ("reservationCancellationReasons", "reservationRejectionReasons", "reservationProcessingStatus", "serviceTypes")
    return {
        "reservations": visited.get("/reservations", __top=1)["results"][0]["id"], "branches": directory.buildings[0].branch_id,
        "locations": directory.rooms[0].location_id, "reservableLocations": directory.rooms[0].location_id, "persons": directory.people[0].card_id or "",
        "operators": visited.get("/operators/current/id")["id"], "reservableServices": visited.get("/reservableServices")["results"][0]["id"],
        **{name: visited.get(f"/{name}")["results"][0]["id"] for name in lists},
    }  # fmt: skip


@pytest.mark.parametrize(("method", "path"), _operations())
def test_every_call_of_the_contracts_is_answered(visited: Topdesk, ids: dict[str, str], method: str, path: str) -> None:
    entries = path.split("/")[1]
    own = ids.get(entries, ids["reservations"])
    for name, value in {"{number}": own, "{identifier}": own, "{id}": own, "{tab}": "1", "{searchlist}": "1"}.items():
        path = path.replace(name, value)
    body = {} if method == "get" else {"json": {}}
    response = visited.call(
        method.upper(), path, accept=_ACCEPT_PERSONS if entries == "persons" else "application/json", wrong=True, **body
    )
    missing_here = "reservableAssets/" in path or "OptionalSearchlist/1/1/" in path  # no assets, and no entries in that list
    assert response.status_code in (200, 201, 204, 206, 400, 403, 501, *((404,) if missing_here else ())), response.text
