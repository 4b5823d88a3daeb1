"""What came back, and its translation into our error tree."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cached_property
from html import unescape
from typing import Any
from unicodedata import category

from roombooker.errors import Denied, Garbled, NotFound, OutcomeUnknown, Refused, RoomBookerError, SideError, Unavailable

_WIDTH = 300
_MOST_READ = 2_000  # of what a side says to people
_MARKUP = re.compile(r"<(?:script|style)\b.*?(?:</(?:script|style)\s*>|$)|<[^>]*>", re.IGNORECASE | re.DOTALL)
_ADDRESS = re.compile(r"[^\s@<>()\"',;:]+@[^\s@<>()\"',;:]+")
NAMES = {"topdesk": "TOPdesk", "exchange": "Exchange", "entra": "Microsoft Entra"}


class Spared(Unavailable):
    """Not even sent, since the side is away or busy with us: trying again at once is of no use."""


@dataclass(frozen=True)
class Answer:
    """A good answer (2xx). Header names are lower case. `told`: what the body says, where it came decoded (within a batch)."""

    side: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    told: Any = None

    def json(self) -> Any:
        """Garbled where it is not JSON."""
        return self.told if self.told is not None else self._decoded

    @cached_property
    def _decoded(self) -> Any:
        try:
            return json.loads(self.body)
        except ValueError:
            name = NAMES.get(self.side, self.side)
            raise Garbled(
                self.side, f"{name} answered something other than data. Check its address in the settings.", status_code=self.status
            ) from None

    def record(self) -> dict[str, Any]:
        """Garbled where it is not a JSON object."""
        found = self.json()
        if not isinstance(found, dict):
            raise Garbled(self.side, f"{NAMES.get(self.side, self.side)} answered in an unknown shape.", status_code=self.status)
        return found

    def records(self, member: str | None = None) -> list[dict[str, Any]]:
        """The list of objects in that member, or the bare list; an empty body (204) is an empty list; Garbled otherwise."""
        if self.told is None and not self.body.strip() and self.status in (204, 206):
            return []
        found = self.json()
        if member is not None:
            found = found.get(member) if isinstance(found, dict) else None
        if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
            raise Garbled(self.side, f"{NAMES.get(self.side, self.side)} answered in an unknown shape.", status_code=self.status)
        return found


def failure(side: str, status: int, headers: Mapping[str, str], body: bytes, *, changes: bool) -> RoomBookerError | None:
    """The error that a status means; None for 2xx. `changes`: the request would have changed something, and may have."""
    if 200 <= status < 300:
        return None
    error = _error(side, status, headers, body, changes=changes)
    if isinstance(error, SideError):
        error.said = _code(body)
    return error


def _error(side: str, status: int, headers: Mapping[str, str], body: bytes, *, changes: bool) -> RoomBookerError:
    name = NAMES.get(side, side)
    if 300 <= status < 400:
        return Garbled(side, f"{name} sends us to another page. Check its address in the settings.", status_code=status)
    if status == 401:
        return Denied(side, f"{name} does not accept our sign-in.", status_code=status, right="sign-in")
    if status == 403:
        return Denied(side, f"{name} does not allow this to Room Booker.", status_code=status)
    if status == 404:
        return NotFound(f"{name} has no such record.")
    if status in (408, 425, 429) or (status >= 500 and status != 501):
        # A gateway's 5xx says nothing about what happened behind it: a change may have taken effect.
        if changes and status != 429:
            return OutcomeUnknown(side, f"{name} did not say whether it did as asked. Room Booker finds out.", status_code=status)
        wait = retry_after(headers)
        why = "has too much to do" if status == 429 else "is not available"
        return Unavailable(side, f"{name} {why} at the moment. Try again soon.", status_code=status, retry_after=wait)
    reasons = _sentences(body)
    return Refused(side, f"{name} refused this{': ' + reasons if reasons else '.'}", status_code=status)


def retry_after(headers: Mapping[str, str], now: datetime | None = None) -> timedelta | None:
    """From seconds or an HTTP date; None where there is none that makes sense."""
    value = headers.get("retry-after", "").strip()
    if not value:
        return None
    try:
        return max(timedelta(), timedelta(seconds=float(value)))
    except (ValueError, OverflowError):
        pass
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(timedelta(), moment.astimezone(UTC) - (now or datetime.now(UTC)))


def _entries(body: bytes) -> list[dict[str, Any]]:
    """The error objects in any of the shapes seen: {"errors":[…]}, [{"message"}], {"error":{…}}, {"message"}; [] for pages and blanks."""
    try:
        found = json.loads(body)
    except ValueError:
        return []
    if isinstance(found, dict):
        found = found.get("errors") or found.get("error") or found
    return [e for e in (found if isinstance(found, list) else [found]) if isinstance(e, dict)]


def _code(body: bytes) -> str:
    for entry in _entries(body):
        code = entry.get("errorCode") or entry.get("code")
        if isinstance(code, str):
            return code
    return ""


def _sentences(body: bytes) -> str:
    """What it says to people, who read it in a pane, a mail or a meeting: one plain line of at most 300 characters, without markup, what
    cannot be seen, and addresses of people."""
    said = [e.get("errorMessage") or e.get("message") for e in _entries(body)]
    text = _MARKUP.sub(" ", unescape(" ".join(s for s in said if isinstance(s, str))[:_MOST_READ]))
    seen = "".join(" " if category(c)[0] in "CZ" else c for c in text if c not in "<>")
    line = " ".join(_ADDRESS.sub("…", seen).split())
    return line if len(line) <= _WIDTH else line[: _WIDTH - 1].rstrip() + "…"
