"""Opaque ids: items and occurrences (mutable and immutable), iCalUIds and change keys, all readable back without a table."""

import base64
import binascii
import struct
from dataclasses import dataclass
from datetime import date

from roombooker_sandbox.exchange import inferred
from roombooker_sandbox.exchange.errors import malformed_id

_MUTABLE = "AAMkADRi"
_IMMUTABLE = "AAkALgAA"
_LAYOUT = ">8sIqq"  # salt, mailbox, item, original start (0: the item itself)
_REST = b"_-"  # what Office.js's convertToRestId makes of an EWS id's + and /
_CLASS = "040000008200E00074C5B7101A82E008"
COPIES = 4096  # an item id is meeting * COPIES + the copy's number, so a meeting's copies are one range of keys


@dataclass(frozen=True)
class ItemRef:
    mailbox: int
    item: int
    original: int = 0  # epoch seconds of the occurrence's original start


def item_id(ref: ItemRef, salt: bytes, *, immutable: bool) -> str:
    raw = struct.pack(_LAYOUT, salt, ref.mailbox, ref.item, ref.original)
    return (_IMMUTABLE if immutable else _MUTABLE) + base64.b64encode(raw + b"\0\0", altchars=_REST).decode()


def parse_item_id(text: str) -> tuple[ItemRef, bytes]:
    """Either kind of id, also with EWS's `/` and `+`; 400 ErrorInvalidIdMalformed."""
    body = text.replace("/", "-").replace("+", "_")
    if body[:8] not in {_MUTABLE, _IMMUTABLE}:
        raise malformed_id()
    try:
        raw = base64.b64decode(body[8:], altchars=_REST, validate=True)
        salt, mailbox, item, original = struct.unpack(_LAYOUT, raw[:-2])
    except (binascii.Error, struct.error, ValueError) as error:
        raise malformed_id() from error
    return ItemRef(mailbox, item, original), salt


def ical_uid(meeting: int, salt: bytes, day: date | None = None) -> str:
    """One for all copies; a date of its own in each occurrence where `inferred` says so."""
    dated = day is not None and inferred.OCCURRENCE_HAS_OWN_ICALUID
    when = f"{day.year:04X}{day.month:02X}{day.day:02X}" if dated and day else "00000000"
    return f"{_CLASS}{when}{'00' * 16}10000000{salt.hex().upper()}{meeting:016X}"


def parse_ical_uid(text: str) -> tuple[int, bytes] | None:
    """Meeting and salt, or None when it is not one of ours."""
    if len(text) != 112 or not text.upper().startswith(_CLASS):
        return None
    try:
        return int(text[96:], 16), bytes.fromhex(text[80:96])
    except ValueError:
        return None


def change_key(item: int, version: int) -> str:
    return base64.b64encode(struct.pack(">qq", item, version)).decode()


def etag(item: int, version: int) -> str:
    return f'W/"{change_key(item, version)}"'
