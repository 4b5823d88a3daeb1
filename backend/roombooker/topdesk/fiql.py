"""FIQL, TOPdesk's query language: expressions built so that no value, however hostile, can change their meaning.

A value may stand bare without whitespace and the signs ' " ( ) ; , = ! ~ < >, else it is quoted, with backslash escapes inside
(developers.topdesk.com/tutorial.html, read in 2026)."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime

_BARE = re.compile(r"[A-Za-z0-9._:-]+")


Value = str | int | bool | datetime


def literal(value: Value) -> str:
    """Text is quoted unless it is plainly harmless; the word null is quoted, since bare it means nothing at all."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if _BARE.fullmatch(value) and value.lower() != "null":
        return value
    clean = "".join(c for c in value if c.isprintable() or c == " ")
    return '"' + clean.replace("\\", "\\\\").replace('"', '\\"') + '"'


def equals(field: str, value: Value) -> str:
    return f"{field}=={literal(value)}"


def starts_with(field: str, value: str) -> str:
    """The only way to ask for a memo's text."""
    return f"{field}=sw={literal(value)}"


def before(field: str, moment: datetime) -> str:
    return f"{field}=lt={literal(moment)}"


def after(field: str, moment: datetime) -> str:
    return f"{field}=gt={literal(moment)}"


def from_on(field: str, moment: datetime) -> str:
    return f"{field}=ge={literal(moment)}"


def one_of(field: str, values: Iterable[str]) -> str:
    return f"{field}=in=({','.join(literal(v) for v in values)})"


def all_of(*parts: str) -> str:
    return ";".join(part for part in parts if part)
