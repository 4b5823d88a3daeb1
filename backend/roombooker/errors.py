"""Every way in which something can fail, by cause; translated once at the edge into `{"code", "message", …}`.

RoomBookerError
├── InvalidInput        the request is wrong: say which field (`errors`)                          400 invalid_input
├── NotSignedIn         no token, or one that does not hold                                       401 not_signed_in
├── NotAllowed          signed in, but not for this                                               403 not_allowed
├── NotFound            no such thing, or not yours to know of                                    404 not_found
├── Clash               somebody or something was there first                                     409
│   ├── SlotTaken       the room is not free: offer `alternatives`                                409 slot_taken
│   ├── VersionMoved    changed since it was read: read again                                     409 version_moved
│   ├── KeyReused       this Idempotency-Key came with another request                            409 key_reused
│   └── InProgress      this Idempotency-Key is being worked on: ask again in a moment            409 in_progress
├── RateLimited         too many requests from this caller: wait `retry_after`                    429 rate_limited
├── SideError           TOPdesk or Exchange; `side` says which
│   ├── Unavailable     away, too slow or overloaded; nothing was changed: try again              503 side_unavailable
│   ├── OutcomeUnknown  the answer was lost after sending: look it up by our key before any retry 503 side_unavailable
│   ├── Refused         it said no to this request: tell the person why                           422 side_refused
│   ├── Denied          it does not let us in or lacks a right: an administrator must act         502 side_denied
│   └── Garbled         it answered what its contract does not know (HTML, wrong shape)           502 side_garbled
└── SafetyStop          too much would be deleted on a guess: a person must look                  409 safety_stop
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, ClassVar


class RoomBookerError(Exception):
    """A failure that we have a word for. `message` is a full sentence that a person may read."""

    code: ClassVar[str] = "internal"
    status: ClassVar[int] = 500

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    def details(self) -> dict[str, Any]:
        """What the edge adds to code, message and request id."""
        return {}


class InvalidInput(RoomBookerError):
    code = "invalid_input"
    status = 400

    def __init__(self, message: str, errors: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.errors = dict(errors or {})

    def details(self) -> dict[str, Any]:
        return {"errors": self.errors} if self.errors else {}


class NotSignedIn(RoomBookerError):
    code = "not_signed_in"
    status = 401


class NotAllowed(RoomBookerError):
    code = "not_allowed"
    status = 403


class NotFound(RoomBookerError):
    code = "not_found"
    status = 404


class Clash(RoomBookerError):
    status = 409


class SlotTaken(Clash):
    """`alternatives` are plain dicts, ready for the answer's JSON; `rooms` the ids of the rooms that were not free."""

    code = "slot_taken"

    def __init__(self, message: str, alternatives: list[dict[str, Any]] | None = None, rooms: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.alternatives = alternatives or []
        self.rooms = rooms

    def details(self) -> dict[str, Any]:
        return {"alternatives": self.alternatives, "rooms": list(self.rooms)}


class VersionMoved(Clash):
    code = "version_moved"


class KeyReused(Clash):
    code = "key_reused"


class InProgress(Clash):
    code = "in_progress"


class RateLimited(RoomBookerError):
    code = "rate_limited"
    status = 429

    def __init__(self, message: str, retry_after: timedelta) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class SideError(RoomBookerError):
    """`side` is "topdesk", "exchange" or "entra"; `status_code` the HTTP status that came back, if one did.

    `said` is the other side's own code, as far as it gave one: for adapters to branch on, not for people."""

    def __init__(self, side: str, message: str, *, status_code: int | None = None) -> None:
        super().__init__(message)
        self.side = side
        self.status_code = status_code
        self.said = ""

    def details(self) -> dict[str, Any]:
        return {"side": self.side}


class Unavailable(SideError):
    code = "side_unavailable"
    status = 503

    def __init__(self, side: str, message: str, *, status_code: int | None = None, retry_after: timedelta | None = None) -> None:
        super().__init__(side, message, status_code=status_code)
        self.retry_after = retry_after


class OutcomeUnknown(SideError):
    code = "side_unavailable"
    status = 503


class Refused(SideError):
    code = "side_refused"
    status = 422


class Denied(SideError):
    """`right` names what is missing, in words for an administrator; None where the other side did not say."""

    code = "side_denied"
    status = 502

    def __init__(self, side: str, message: str, *, status_code: int | None = None, right: str | None = None) -> None:
        super().__init__(side, message, status_code=status_code)
        self.right = right


class Garbled(SideError):
    code = "side_garbled"
    status = 502


class SafetyStop(Clash):
    code = "safety_stop"
