"""What an administrator sets for a room: which values each rule takes, as text from the command line or as JSON."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from enum import StrEnum
from typing import Any

from roombooker.domain.room import Cancellation, Dominant, MeetingMode, Room, SeriesMode
from roombooker.errors import InvalidInput

_YES, _NO = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


def _one_of(kind: type[StrEnum]) -> Callable[[Any], StrEnum]:
    def read(value: Any) -> StrEnum:
        try:
            return kind(str(value).strip().lower())
        except ValueError:
            raise ValueError(f"must be {' or '.join(kind)}") from None

    return read


def _flag(value: Any) -> bool:
    text = str(value).strip().lower()
    if text not in _YES + _NO:
        raise ValueError("must be true or false")
    return text in _YES


def _span(unit: timedelta) -> Callable[[Any], timedelta | None]:
    """A whole number of units; "none" or null lifts the rule."""

    def read(value: Any) -> timedelta | None:
        if value is None or str(value).strip().lower() in ("none", ""):
            return None
        text = str(value).strip()
        if isinstance(value, bool) or not text.isdecimal() or not 0 < int(text) < 1_000_000:
            raise ValueError("must be a whole number above 0, or none")
        return int(text) * unit

    return read


# Name outside -> field of Room, and how a value is read.
_RULES: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "series_mode": ("series_mode", _one_of(SeriesMode)),
    "cancellation": ("cancellation", _one_of(Cancellation)),
    "dominant": ("dominant", _one_of(Dominant)),
    "meeting_mode": ("meeting_mode", _one_of(MeetingMode)),
    "topdesk_leads": ("topdesk_leads", _flag),
    "keeps_subject": ("keeps_subject", _flag),
    "max_duration_minutes": ("max_duration", _span(timedelta(minutes=1))),
    "horizon_days": ("horizon", _span(timedelta(days=1))),
}
NAMES = tuple(_RULES)


def with_policy(room: Room, values: Mapping[str, Any]) -> Room:
    """The room under these rules; InvalidInput says everything that is wrong, by name."""
    if not values:
        raise InvalidInput(f"Say what to set: {', '.join(NAMES)}.")
    found: dict[str, Any] = {}
    wrong: dict[str, Any] = {}
    for name, value in values.items():
        rule = _RULES.get(name)
        if rule is None:
            wrong[name] = [f"is no rule of a room; there are {', '.join(NAMES)}"]
            continue
        try:
            found[rule[0]] = rule[1](value)
        except ValueError as error:
            wrong[name] = [str(error)]
    if wrong:
        raise InvalidInput("; ".join(f"{name} {problems[0]}" for name, problems in wrong.items()) + ".", wrong)
    return replace(room, **found)


def policy_of(room: Room) -> dict[str, Any]:
    """All rules of the room, as they are written."""
    units = {"max_duration_minutes": timedelta(minutes=1), "horizon_days": timedelta(days=1)}
    told: dict[str, Any] = {}
    for name, (field, _) in _RULES.items():
        value = getattr(room, field)
        told[name] = value // units[name] if isinstance(value, timedelta) else value.value if isinstance(value, StrEnum) else value
    return told
