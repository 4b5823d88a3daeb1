"""The status machine, all of it at once, and FIQL without a server."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roombooker_sandbox.topdesk.fiql import BadQuery, matches, parse_query
from roombooker_sandbox.topdesk.reservation import STATUSES, number_of, serial_of
from roombooker_sandbox.topdesk.rules import conflicting, plain, why_not

LIVE = {"planned", "request", "conflictingPlanned", "conflictingRequest"}


@pytest.mark.parametrize(
    ("action", "allowed"),
    [
        ("cancel", {"planned", "conflictingPlanned"}),
        ("reject", {"request", "conflictingRequest"}),
        ("approve", {"request"}),
        ("reschedule", {"planned", "request"}),
        ("facilities", LIVE),
        ("services", LIVE),
        ("recur", LIVE),
    ],
)
def test_each_action_belongs_to_its_statuses(action: str, allowed: set[str]) -> None:
    assert {status for status in STATUSES if why_not(action, status) is None} == allowed
    assert all(why_not(action, status, archived=True) for status in STATUSES)


def test_issued_facilities_services_and_series_forbid_what_the_specification_says() -> None:
    def refused(**state: bool) -> set[str]:
        status = {"approve": "request", "reject": "request"}
        return {
            a for a in ("cancel", "reject", "approve", "reschedule", "facilities", "recur") if why_not(a, status.get(a, "planned"), **state)
        }

    assert refused(issued=True) == {"cancel", "reschedule", "facilities", "recur"}
    assert refused(services=True) == {"approve", "reject"}
    assert refused(series=True) == {"approve", "reject", "facilities"}


def test_a_conflict_remembers_what_it_was() -> None:
    for status in ("planned", "request"):
        assert plain(conflicting(status)) == status
    assert conflicting("cancelled") == plain("cancelled") == "cancelled"


@given(st.integers(1, 9912), st.integers(1, 10**9))
def test_a_number_can_be_read_back(month: int, serial: int) -> None:
    assert serial_of(number_of(month, serial)) == (month, serial)


FIELDS = {
    "name": "text",
    "memo": "memo",
    "size": "number",
    "at": "date",
    "open": "boolean",
    "who.id": "id",
    "status": "planned|cancelled",
    "tags.name": "text",
}
CARD = {
    "name": "O'Brien (2)", "memo": "long story", "size": 6, "open": True, "status": "planned", "who": {"id": "5d0b5a2e-8c8b-4f6b-9c58-3b4a7f2f6f10"},
    "tags": [{"name": "a"}, {"name": "b"}], "empty": "",
}  # fmt: skip


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ('name=="O\'Brien (2)"', True),
        ("name=='O\\'Brien (2)'", True),
        ('name == "o\'brien (2)"', True),
        ('name=sw="O\'B"', True),
        ("size==6", True),
        ("size=gt=6", False),
        ("size=ge=6;size=le=6", True),
        ("size > 5 and size < 7", True),
        ("size==1,open==true", True),
        ("size==1,open==true;status==cancelled", False),
        ("(size==1,open==true);status==planned", True),
        ("size==6,open==false;status==cancelled", True),
        ("status=in=(planned,cancelled)", True),
        ("status=out=(planned,cancelled)", False),
        ("tags.name==b", True),
        ("tags.name=in=(x,y)", False),
        ("at==null", True),
        ("at!=null", False),
        ("memo=sw=long", True),
        ("memo!=null", True),
        ("who.id==5D0B5A2E-8C8B-4F6B-9C58-3B4A7F2F6F10", True),
        ("size != '5'", True),
    ],
)
def test_queries_find_what_they_say(query: str, found: bool) -> None:
    assert matches(parse_query(query, FIELDS), CARD) is found


@pytest.mark.parametrize(
    "query",
    [
        "", " ", "name", "name==", "==x", "name=like=x", "name=contains=x", "name==a b", "(name==a", "name==a)", "name==a;", ";name==a", "nobody==x",
        "memo==story", "name=gt=a", "size==six", "at==soon", "at=ge=2026-03-02T10:00:00 01:00", "open==maybe", "who.id==5", "status==gone",
        "name=in=a", "name=in=()", "name==(a,b)", "name=='open", "size=gt=null",
    ],
)  # fmt: skip
def test_queries_that_topdesk_cannot_read_are_refused(query: str) -> None:
    with pytest.raises(BadQuery):
        parse_query(query, FIELDS)


@given(st.text(max_size=40))
def test_no_text_breaks_the_parser(text: str) -> None:
    with contextlib.suppress(BadQuery):
        matches(parse_query(text, FIELDS), CARD)


@given(st.text(max_size=40))
def test_any_value_can_be_quoted(value: str) -> None:
    quoted = value.replace("\\", "\\\\").replace('"', '\\"')
    node = parse_query(f'name=="{quoted}"', FIELDS)
    assert matches(node, {"name": value}) or value == ""
