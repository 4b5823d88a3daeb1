"""Lists of supporting files: cards filtered by FIQL, with the archived ones hidden unless a query speaks."""

import json
from collections.abc import Iterable, Mapping

from flask import request

from roombooker_sandbox.topdesk.answers import Card, refuse_plainly
from roombooker_sandbox.topdesk.fiql import BadQuery, Node, parse_query
from roombooker_sandbox.topdesk.listing import OPTIONAL_FIELDS
from roombooker_sandbox.topdesk.moments import read_instant

_PAIR = {"id": "id", "name": "text"}


def members(kinds: Mapping[str, str], pairs: Iterable[str] = ()) -> dict[str, str]:
    """A catalogue: plain fields by kind, references (null or not) with their id and name, and the optional fields that all cards have."""
    pairs = tuple(pairs)
    parts = {f"{pair}.{part}": kind for pair in pairs for part, kind in _PAIR.items()}
    return {**kinds, **dict.fromkeys(pairs, "reference"), **parts, **OPTIONAL_FIELDS}


def asked(fields: Mapping[str, str], *, ordered_text: bool = False) -> Node | None:
    text = request.args.get("query")
    if text is None:
        return None
    try:
        return parse_query(text, fields, ordered_text=ordered_text)
    except BadQuery as problem:
        raise refuse_plainly(400, f"Error parsing one of the query parameters. {problem}") from None


def dated(card: Card) -> Card:
    """A stored card with its dates as instants and `archived`, which queries know and some answers do not show."""
    for name in ("creationDate", "modificationDate"):
        if isinstance(card.get(name), str):
            card[name] = read_instant(card[name])
    for tab in ("optionalFields1", "optionalFields2"):
        if tab in card:
            card[tab] = {k: read_instant(v) if k.startswith("date") and v else v for k, v in card[tab].items()}
    return card


def load(text: str) -> Card:
    card: Card = dated(json.loads(text))
    return card
