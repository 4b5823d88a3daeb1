"""/control: every switch turns, everything unknown is refused by name, reset brings all of it back."""

from typing import Any

import pytest

from roombooker_sandbox.switches import Switches
from roombooker_sandbox.world import OPTIONAL_RIGHTS
from sandboxes import RunningSandbox


def test_control_shows_every_switch_and_the_counters(sandbox: RunningSandbox) -> None:
    sandbox.entra.get("/discovery/v2.0/keys")
    shown = sandbox.control.get("").json()
    assert shown.items() >= Switches().as_json().items()
    assert shown["counters"] == {"entra GET /discovery/v2.0/keys": 1}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("conflict_mode", "flag"),
        ("conflict_mode", "silent"),
        ("date_style", ".000Z"),
        ("date_style", ".000+0000"),
        ("nulls", "null"),
        ("nulls", "empty"),
        ("blocks_may_overlap", True),
        ("default_cancel_reason", False),
        ("persons_versions", "v1"),
        ("unauthorized_style", "json"),
        ("unknown_parameter", "400"),
        ("latency_ms", 5),
        ("maintenance", True),
        ("remove_canceled_meetings", True),
        ("room_answer_ms", 0),
    ],
)
def test_a_switch_turns_and_a_reset_turns_it_back(sandbox: RunningSandbox, name: str, value: object) -> None:
    assert sandbox.control.patch("", json={name: value}).json()[name] == value
    assert getattr(sandbox.world.switches, name) == value
    sandbox.control.post("/reset")
    assert sandbox.world.switches == Switches()


def test_one_share_of_the_notices_turns_without_the_others(sandbox: RunningSandbox) -> None:
    sandbox.control.patch("", json={"notices": {"drop": 0.5}})
    shown = sandbox.control.patch("", json={"notices": {"double": 1}}).json()["notices"]
    assert shown == {"drop": 0.5, "double": 1.0, "reorder": 0.0, "delay_ms": 200}


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"conflict_mod": "flag", "colour": "red"}, ["conflict_mod", "colour"]),
        ({"conflict_mode": "loud"}, ["conflict_mode"]),
        ({"latency_ms": -1}, ["latency_ms"]),
        ({"latency_ms": "fast"}, ["latency_ms"]),
        ({"maintenance": "yes"}, ["maintenance"]),
        ({"notices": {"drop": 2}}, ["notices.drop"]),
        ({"notices": {"lose": 0.1}}, ["notices.lose"]),
        (["conflict_mode"], ["_schema"]),
    ],
)
def test_what_is_no_switch_or_no_value_of_one_is_refused_by_name(sandbox: RunningSandbox, body: object, named: list[str]) -> None:
    answer = sandbox.control.patch("", json=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_input")
    assert all(name in answer.json()["message"] for name in named)
    assert sandbox.world.switches == Switches()


def test_a_refused_patch_turns_nothing_at_all(sandbox: RunningSandbox) -> None:
    sandbox.control.patch("", json={"maintenance": True, "colour": "red"})
    assert sandbox.world.switches.maintenance is False


def test_a_body_that_is_no_json_is_refused(sandbox: RunningSandbox) -> None:
    assert sandbox.control.patch("", data="{").status_code == 400


@pytest.mark.parametrize("what", ["delta", "subscriptions", "keys", "password"])
def test_expiring_reaches_the_part_that_owns_it(fresh_sandbox: RunningSandbox, what: str) -> None:
    heard: list[str] = []
    fresh_sandbox.world.on(f"expire {what}", lambda: heard.append(what))
    assert fresh_sandbox.control.post("/expire", json={"what": what}).status_code == 200
    assert heard == [what]
    assert fresh_sandbox.world.password_expired is (what == "password")


@pytest.mark.parametrize("body", [{"what": "patience"}, {}, {"what": "keys", "when": "now"}])
def test_nothing_else_expires(sandbox: RunningSandbox, body: dict[str, str]) -> None:
    assert sandbox.control.post("/expire", json=body).status_code == 400


def test_rights_go_and_come_back(sandbox: RunningSandbox) -> None:
    mailbox = sandbox.world.directory.rooms[0].mailbox
    names = ["locations", "Mail.Send", f"mailbox:{mailbox.upper()}", "branch:Canal Court", "room_type:Meeting room"]
    assert sandbox.control.post("/rights", json={"remove": names}).status_code == 200
    assert sandbox.world.removed_rights >= {"locations", "Mail.Send", f"mailbox:{mailbox}", "branch:Canal Court", "room_type:Meeting room"}
    assert sandbox.control.post("/rights", json={"restore": ["locations"]}).json()["removed"] == sorted(
        sandbox.world.removed_rights - {"locations"}
    )
    sandbox.control.post("/reset")
    assert sandbox.world.removed_rights == set(OPTIONAL_RIGHTS)


def test_the_optional_scope_on_people_s_mailboxes_is_there_once_restored(sandbox: RunningSandbox) -> None:
    assert sandbox.control.get("").json()["removed_rights"] == ["people_calendars"]
    assert sandbox.control.post("/rights", json={"restore": ["people_calendars"]}).json() == {"removed": []}


@pytest.mark.parametrize("name", ["fly", "mailbox:nobody@contoso.example", "branch:Elsewhere", "room_type:"])
def test_an_unknown_right_is_refused_by_name_and_removes_nothing(sandbox: RunningSandbox, name: str) -> None:
    answer = sandbox.control.post("/rights", json={"remove": ["persons", name]})
    assert answer.status_code == 400
    assert name in answer.json()["errors"]
    assert sandbox.world.removed_rights == set(OPTIONAL_RIGHTS)


def test_the_clock_moves_forward_only_and_reset_returns_it(sandbox: RunningSandbox) -> None:
    before = sandbox.world.clock.now()
    assert sandbox.control.post("/clock", json={"advance_s": 90}).json()["advanced_s"] == 90
    assert 90 <= (sandbox.world.clock.now() - before).total_seconds() < 100
    assert sandbox.control.post("/clock", json={"advance_s": -1}).status_code == 400
    sandbox.control.post("/reset")
    assert sandbox.world.clock.offset.total_seconds() == 0


def test_idle_counts_what_is_still_to_come(sandbox: RunningSandbox) -> None:
    sandbox.world.scheduler.later(0.3, lambda: None)
    assert sandbox.control.get("/idle").json() == {"pending": 1}
    sandbox.idle()
    assert sandbox.control.get("/idle").json() == {"pending": 0}


def test_a_reset_of_the_data_empties_every_table_but_keeps_tokens_good(fresh_sandbox: RunningSandbox) -> None:
    told: list[str] = []
    fresh_sandbox.world.on("reset data", lambda: told.append("reset data"))
    fresh_sandbox.world.store.apply("CREATE TABLE guests (name TEXT)")
    with fresh_sandbox.world.store.transaction() as rows:
        rows.execute("INSERT INTO guests VALUES ('Erin')")
    kid = _kids(fresh_sandbox)
    assert fresh_sandbox.control.post("/reset", json={"data": True}).status_code == 200
    with fresh_sandbox.world.store.transaction() as rows:
        assert rows.execute("SELECT COUNT(*) FROM guests").fetchone()[0] == 0
    assert told == ["reset data"]
    assert _kids(fresh_sandbox) == kid


def test_an_ordinary_reset_leaves_the_data_alone(fresh_sandbox: RunningSandbox) -> None:
    fresh_sandbox.world.store.apply("CREATE TABLE guests (name TEXT); INSERT INTO guests VALUES ('Erin');")
    fresh_sandbox.control.post("/reset")
    with fresh_sandbox.world.store.transaction() as rows:
        assert rows.execute("SELECT COUNT(*) FROM guests").fetchone()[0] == 1


def _kids(sandbox: RunningSandbox) -> list[Any]:
    return [key["kid"] for key in sandbox.entra.get("/discovery/v2.0/keys").json()["keys"]]
