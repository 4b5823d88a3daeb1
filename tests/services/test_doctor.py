"""The doctor names each fault of the design when that fault is made, and nothing else; against the real stand-ins."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from api.conftest import api_settings
from roombooker.app import Product, build
from roombooker.store import rooms
from roombooker.store.migrate import upgrade
from sandboxes import RunningSandbox, start_sandbox


@pytest.fixture(scope="module")
def running() -> Iterator[RunningSandbox]:
    with start_sandbox(tls=True, rooms=4, people=10, days=2) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: RunningSandbox) -> Iterator[RunningSandbox]:
    yield running
    running.control.post("/reset").raise_for_status()


@dataclass
class Practice:
    """An installation that was sound when its rooms were paired; then something happens to it."""

    sandbox: RunningSandbox
    folder: Path

    def open(self, **settings: Any) -> Product:
        return build(api_settings(self.sandbox, self.folder, **settings))

    def faults(self, **settings: Any) -> dict[str, str]:
        """Fault -> advice."""
        product = self.open(**settings)
        report = product.services.doctor.examine()
        product.database.engine.dispose()
        assert report["ok"] is all(c["ok"] for c in report["checks"])
        assert all((c["fault"] is None) is c["ok"] and (c["advice"] is None) is c["ok"] for c in report["checks"])
        return {c["fault"]: c["advice"] for c in report["checks"] if not c["ok"]}

    def without(self, *rights: str) -> None:
        self.sandbox.control.post("/rights", json={"remove": list(rights)}).raise_for_status()


@pytest.fixture
def practice(sandbox: RunningSandbox, tmp_path: Path) -> Practice:
    made = Practice(sandbox, tmp_path)
    product = made.open()
    upgrade(product.database)
    product.services.rooms.import_from_topdesk()
    product.services.rooms.enable_all()
    product.database.engine.dispose()
    return made


def _type_of_a_room(practice: Practice) -> str:
    locations = practice.sandbox.topdesk.get("/locations", params={"$fields": "id,type"}).json()
    wanted = practice.sandbox.world.directory.rooms[0].location_id
    return str(next(card["type"]["name"] for card in locations if card["id"] == wanted))


def _yesterday() -> Any:
    return (datetime.now(UTC) - timedelta(days=1)).date()


def _refuse_a_hook(practice: Practice) -> None:
    product = practice.open()
    product.services.inbox.topdesk_refused()
    product.database.engine.dispose()


FAULTS: dict[str, tuple[Callable[[Practice], object], dict[str, Any], str]] = {
    "url_wrong": (lambda _p: None, {"topdesk_url": "SANDBOX/nowhere"}, "ROOMBOOKER_TOPDESK_URL"),
    "port_closed": (lambda _p: None, {"topdesk_url": "http://localhost:9/topdesk"}, "firewall"),
    "password_wrong": (lambda _p: None, {"topdesk_password": "wrong"}, "application password"),
    "password_expired": (
        lambda p: p.sandbox.control.post("/expire", json={"what": "password"}).raise_for_status(), {"topdesk_password_expires_on": _yesterday()}, "make a new one",
    ),
    "person_account_missing": (lambda _p: None, {"topdesk_person": "nobody@contoso.example"}, "ROOMBOOKER_TOPDESK_PERSON"),
    "match_field_hidden": (lambda _p: None, {"topdesk_match_field": "optionalFields9.text1"}, "ROOMBOOKER_TOPDESK_MATCH_FIELD"),
    "mailbox_out_of_scope": (lambda p: p.without(f"mailbox:{p.sandbox.world.directory.rooms[0].mailbox}"), {}, "management scope"),
    "hook_secret_wrong": (_refuse_a_hook, {}, "ROOMBOOKER_TOPDESK_HOOK_SECRET"),
    "room_type_missing": (lambda p: p.without(f"room_type:{_type_of_a_room(p)}"), {}, "category filter"),
    "branch_hidden": (lambda p: p.without(f"branch:{p.sandbox.world.directory.rooms[-1].building.name}"), {}, "branch filter"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_named_with_what_to_do(practice: Practice, fault: str) -> None:
    make, settings, advice = FAULTS[fault]
    settings = {
        name: value.replace("SANDBOX", practice.sandbox.url) if isinstance(value, str) else value for name, value in settings.items()
    }
    assert practice.faults() == {}
    make(practice)
    found = practice.faults(**settings)
    assert set(found) == {fault}
    assert advice in found[fault]


RIGHTS = ["reservations", "reservations_write", "locations", "persons", "cancellation_reasons", "rejection_reasons"]


@pytest.mark.parametrize("right", RIGHTS)
def test_each_missing_right_is_named(practice: Practice, right: str) -> None:
    practice.without(_RIGHT.get(right, right))
    found = practice.faults()
    assert f"right_missing:{right}" in found
    assert "permission group" in found[f"right_missing:{right}"]


_RIGHT = {"reservations": "reservations_read", "reservations_write": "reservations_write"}


@pytest.mark.parametrize("right", ["Place.Read.All", "User.Read.All"])
def test_each_missing_permission_of_graph_is_named(practice: Practice, right: str) -> None:
    practice.without(right)
    assert f"right_missing:{right}" in practice.faults()


def test_a_wrong_password_is_not_called_expired_before_its_day(practice: Practice) -> None:
    """TOPdesk answers both alike."""
    practice.sandbox.control.post("/expire", json={"what": "password"}).raise_for_status()
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).date()
    assert set(practice.faults(topdesk_password_expires_on=tomorrow)) == {"password_wrong"}


def test_a_hook_that_came_in_with_the_right_secret_ends_the_complaint(practice: Practice) -> None:
    _refuse_a_hook(practice)
    product = practice.open()
    product.services.inbox.topdesk_changed("0f8fad5b-d9cb-469f-a165-70867728950e")
    product.database.engine.dispose()
    assert practice.faults() == {}


def test_several_faults_are_told_together(practice: Practice) -> None:
    practice.without(f"mailbox:{practice.sandbox.world.directory.rooms[0].mailbox}")
    assert {"person_account_missing", "mailbox_out_of_scope"} <= set(practice.faults(topdesk_person="nobody@contoso.example"))


def test_person_groups_matter_only_where_a_room_is_kept_for_one(practice: Practice) -> None:
    practice.without("person_groups")
    assert practice.faults() == {}
    product = practice.open()
    with product.database.write() as session:
        room = rooms.every(session)[0]
        rooms.save(session, replace(room, person_group="Management board"), at=datetime.now(UTC))
    product.database.engine.dispose()
    assert list(practice.faults()) == ["right_missing:person_groups"]
