"""Queries keep their meaning whatever the values hold."""

import re
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from roombooker.topdesk import fiql

BARE = re.compile(r"[^\s'\"();,=!~<>]+")


def read_back(text: str) -> str:
    """A value as TOPdesk's tutorial says that it is read: bare, or in double quotes with backslash escapes; nothing may follow it."""
    if not text.startswith('"'):
        assert BARE.fullmatch(text)
        return text
    found, at = [], 1
    while text[at] != '"':
        at += text[at] == "\\"
        found.append(text[at])
        at += 1
    assert at == len(text) - 1
    return "".join(found)


@given(st.text())
def test_any_text_is_one_value(text: str) -> None:
    printable = "".join(c for c in text if c.isprintable() or c == " ")
    assert read_back(fiql.literal(text)) == printable


@given(st.text(alphabet="\"\\'(); ,=!~<>ab", min_size=1))
def test_the_signs_of_the_language_are_one_value(text: str) -> None:
    assert read_back(fiql.literal(text)) == text


def test_the_word_null_is_a_text() -> None:
    assert fiql.equals("email", "null") == 'email=="null"'
    assert fiql.equals("email", "NULL") == 'email=="NULL"'


def test_plain_values_stand_bare() -> None:
    assert fiql.equals("id", "6b0c1f1e-0000-4000-8000-000000000001") == "id==6b0c1f1e-0000-4000-8000-000000000001"
    assert fiql.equals("archived", value=False) == "archived==false"
    assert fiql.equals("numberOfPersons", 4) == "numberOfPersons==4"


def test_moments_are_written_in_utc() -> None:
    moment = datetime.fromisoformat("2026-03-02T10:00:00+01:00")
    assert fiql.before("plannedStartDate", moment) == "plannedStartDate=lt=2026-03-02T09:00:00Z"
    assert fiql.after("plannedEndDate", datetime(2026, 3, 2, tzinfo=UTC)) == "plannedEndDate=gt=2026-03-02T00:00:00Z"


def test_parts_are_joined_and_empty_ones_left_out() -> None:
    assert fiql.all_of("a==1", "", fiql.one_of("b", ["x", "y z"])) == 'a==1;b=in=(x,"y z")'
