"""Fingerprints change with every field that is kept, and with nothing else."""

from dataclasses import replace

import pytest

from people import BOB
from properties.worlds import record, slot
from roombooker.domain.booking import Side, Standing
from roombooker.domain.fingerprint import Field, fingerprint

PLAIN = record(Side.EXCHANGE, "m", slot(9), subject="Budget", attendees=3)
ALL = frozenset(Field)


@pytest.mark.parametrize(
    ("field", "changed"),
    [
        (Field.SLOT, replace(PLAIN, slot=slot(9, 30))), (Field.PLACE, replace(PLAIN, place="other@contoso.example")),
        (Field.STANDING, replace(PLAIN, standing=Standing.REQUESTED)), (Field.ORGANIZER, replace(PLAIN, organizer=BOB)),
        (Field.ORGANIZER, replace(PLAIN, organizer=None)), (Field.ATTENDEES, replace(PLAIN, attendees=None)),
        (Field.ATTENDEES, replace(PLAIN, attendees=0)), (Field.SUBJECT, replace(PLAIN, subject="Budget 2")),
        (Field.PRIVATE, replace(PLAIN, private=True)),
    ],
)  # fmt: skip
def test_it_changes_with_a_kept_field_only(field: Field, changed: object) -> None:
    assert fingerprint(changed, ALL) != fingerprint(PLAIN, ALL)  # type: ignore[arg-type]
    assert fingerprint(changed, ALL - {field}) == fingerprint(PLAIN, ALL - {field})  # type: ignore[arg-type]


def test_version_ref_case_and_blanks_do_not_matter() -> None:
    same = replace(PLAIN, version="2", ref="x", place="AMBER@contoso.example", subject="  Budget ", match_key="k")
    assert fingerprint(same, ALL) == fingerprint(PLAIN, ALL)


def test_no_number_and_none_are_not_the_same() -> None:
    assert fingerprint(replace(PLAIN, attendees=0), ALL) != fingerprint(replace(PLAIN, attendees=None), ALL)
