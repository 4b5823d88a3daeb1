"""calendarView/delta: the window is frozen in the token, changes come from the journal, tokens can expire."""

import base64
import binascii
import json
import secrets
from dataclasses import dataclass
from sqlite3 import Connection
from typing import Any
from urllib.parse import quote

from flask import request

from roombooker_sandbox.exchange import inferred
from roombooker_sandbox.exchange.errors import GraphError, bad_request
from roombooker_sandbox.exchange.ids import ItemRef
from roombooker_sandbox.exchange.items import Items
from roombooker_sandbox.exchange.mailboxes import Mailbox
from roombooker_sandbox.exchange.occurrences import Row, unrolled, view, whole
from roombooker_sandbox.exchange.odata import argument, page_size, root
from roombooker_sandbox.exchange.wire import Style, event_json
from roombooker_sandbox.exchange.zones import instant, stamp


@dataclass(frozen=True)
class Token:
    """Where a client stands: its mailbox and window, the journal up to `seq` seen, and `since` (0: first round) for a page in between."""

    mailbox: int
    low: int
    high: int
    since: int
    seq: int
    after: tuple[int, int, int]
    epoch: str

    def text(self) -> str:
        raw = json.dumps([self.mailbox, self.low, self.high, self.since, self.seq, self.after, self.epoch], separators=(",", ":"))
        return base64.urlsafe_b64encode(raw.encode()).decode().rstrip("=")


def parse(text: str) -> Token:
    try:
        mailbox, low, high, since, seq, after, epoch = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        return Token(mailbox, low, high, since, seq, (after[0], after[1], after[2]), epoch)
    except (ValueError, binascii.Error, TypeError, IndexError, KeyError) as error:
        raise GraphError(400, inferred.DELTA_EXPIRED_CODE, "Badly formed token.") from error


def delta_epoch(db: Connection) -> str:
    """Tokens of another epoch have expired."""
    db.execute("INSERT OR IGNORE INTO gx_state VALUES ('delta_epoch', ?)", (secrets.token_hex(6),))
    return str(db.execute("SELECT value FROM gx_state WHERE name = 'delta_epoch'").fetchone()[0])


def expire_tokens(items: Items) -> None:
    with items.world.store.transaction() as db:
        db.execute("INSERT OR REPLACE INTO gx_state VALUES ('delta_epoch', ?)", (secrets.token_hex(6),))


_START = (-(2**62), 0, 0)


def changes(items: Items, mailbox: Mailbox, style: Style) -> dict[str, Any]:
    """One page of changes, with nextLink or deltaLink."""
    for name in ("$filter", "$orderby", "$expand", "$search", "$select", "$top"):
        if name in request.args:
            raise bad_request(
                f"The query parameter '{name}' is not supported with change tracking over this resource.", "ErrorInvalidUrlQuery"
            )
    with items.world.store.transaction() as db:
        token = _token(db, mailbox)
        gone, rows = _round(items, db, token)
        pending = [(key, entry) for key, entry in (*gone, *rows) if key > token.after]
    chosen = _page(pending, page_size(None))
    answer: dict[str, Any] = {
        "@odata.context": f"{root()}$metadata#Collection(event)",
        "value": [_entry(items, entry, style) for _, entry in chosen],
    }
    here = f"{root()}users/{mailbox.oid}/calendarView/delta"
    if len(chosen) < len(pending):
        token = Token(token.mailbox, token.low, token.high, token.since, token.seq, chosen[-1][0], token.epoch)
        answer["@odata.nextLink"] = f"{here}?$skiptoken={quote(token.text())}"
    else:
        token = Token(token.mailbox, token.low, token.high, token.seq or -1, 0, _START, token.epoch)
        answer["@odata.deltaLink"] = f"{here}?$deltatoken={quote(token.text())}"
    return answer


def _token(db: Connection, mailbox: Mailbox) -> Token:
    epoch = delta_epoch(db)
    text = request.args.get("$skiptoken") or request.args.get("$deltatoken")
    if not text:
        low = instant(argument("startDateTime"), "startDateTime")
        high = instant(argument("endDateTime"), "endDateTime")
        if high <= low:
            raise bad_request("The end of the window is not after its start.", "ErrorInvalidParameter")
        return Token(mailbox.key, low, high, 0, _last_seq(db), _START, epoch)
    token = parse(text)
    if token.mailbox != mailbox.key:
        raise GraphError(400, inferred.DELTA_EXPIRED_CODE, "The token belongs to another mailbox.")
    if token.epoch != epoch:
        again = f"{root()}users/{mailbox.oid}/calendarView/delta?startDateTime={stamp(token.low)}&endDateTime={stamp(token.high)}"
        raise GraphError(
            410,
            inferred.DELTA_EXPIRED_CODE,
            "The sync state generation is not found; resynchronize.",
            {"Location": f"{again}&$deltatoken="},
        )
    if request.args.get("$deltatoken"):
        return Token(token.mailbox, token.low, token.high, token.since, _last_seq(db), _START, epoch)
    return token


def _last_seq(db: Connection) -> int:
    return int(db.execute("SELECT coalesce(max(seq), 0) FROM gx_change").fetchone()[0])


Entry = Row | ItemRef  # a row of the view, or what is gone
Keyed = tuple[tuple[int, int, int], Entry]


def _round(items: Items, db: Connection, token: Token) -> tuple[list[Keyed], list[Keyed]]:
    """(removed, present), each in the order of its keys; keys of removed ones come first of all."""
    if token.since == 0:
        rows = view(items, db, token.mailbox, token.low, token.high)
        return [], _keyed(rows)
    known = {}
    query = (
        "SELECT item, min(low) AS low, max(high) AS high, max(series) AS series FROM gx_change WHERE mailbox = ? AND seq > ? GROUP BY item"
    )
    for row in db.execute(query, (token.mailbox, max(token.since, 0))).fetchall():
        known[row["item"]] = row
    gone: list[Keyed] = []
    present: list[Row] = []
    for number, change in known.items():
        item = items.get(db, number)
        rows = []
        if item is not None:
            rows = list(unrolled(item, token.low, token.high)) if item.series else _if_inside(whole(item), token)
        present.extend(rows)
        touched = change["series"] or (change["low"] < token.high and change["high"] > token.low)
        if not rows and touched:
            gone.append(((-(2**61), number, 0), ItemRef(token.mailbox, number)))
        if inferred.DELTA_REMOVES_OCCURRENCES and item is not None:
            dropped = (at for at in item.data.get("dropped", ()) if token.low <= at < token.high)
            gone.extend(((-(2**61), number, at), ItemRef(token.mailbox, number, at)) for at in dropped)
    return sorted(gone, key=lambda entry: entry[0]), _keyed(present)


def _if_inside(row: Row, token: Token) -> list[Row]:
    return [row] if row.start < token.high and (row.end > token.low or row.start == row.end >= token.low) else []


def _keyed(rows: list[Row]) -> list[Keyed]:
    """Singles by start; a series stays together: its master, then its dates, at the place of its first one in the window."""
    found: list[Keyed] = []
    masters: set[int] = set()
    for row in rows:
        if not row.original:
            found.append(((row.start, row.item.id, 0), row))
            continue
        if row.item.id not in masters:
            masters.add(row.item.id)
            found.append(((row.item.start, row.item.id, 0), whole(row.item)))
        found.append(((row.item.start, row.item.id, row.original), row))
    return sorted(found, key=lambda entry: entry[0])


def _page(pending: list[Keyed], size: int) -> list[Keyed]:
    """`size` entries, and more where that would split a series, which real pages do not (inferred.py)."""
    end = min(size, len(pending))
    while 0 < end < len(pending) and pending[end][0][:2] == pending[end - 1][0][:2]:
        end += 1
    return pending[:end]


def _entry(items: Items, entry: Entry, style: Style) -> dict[str, Any]:
    if isinstance(entry, ItemRef):
        gone = items.id_for(entry, immutable=style.immutable)
        return {"@odata.type": "#microsoft.graph.event", "id": gone, "@removed": {"reason": "deleted"}}
    event = event_json(items, entry, style)
    if entry.kind == "occurrence":
        event = {name: value for name, value in event.items() if name in inferred.DELTA_OCCURRENCE_FIELDS or name == "@odata.etag"}
    return {"@odata.type": "#microsoft.graph.event", **event}
