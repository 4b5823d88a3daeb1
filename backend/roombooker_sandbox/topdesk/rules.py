"""Which action a reservation's status allows, as spec R says it; pure, so that the whole machine can be tested at once."""

from roombooker_sandbox.topdesk.inferred import RESCHEDULABLE


def why_not(
    action: str, status: str, *, archived: bool = False, issued: bool = False, services: bool = False, series: bool = False
) -> str | None:
    """The reason why an action is refused, None when it is allowed.

    Actions: cancel, reject, approve, reschedule, facilities (add, move, remove), services, recur. Source: spec R 2.0.0, November 2026.
    """
    if archived:
        return "The reservation is archived"
    if status not in _STATUSES[action]:
        return f"This is not possible for a reservation with status '{status}'"
    if issued and action in ("cancel", "reschedule", "facilities", "recur"):
        return "The reservation has issued facilities"
    if services and action in ("approve", "reject"):
        return "The reservation has services"
    if series and action in ("approve", "reject", "facilities"):
        return "The reservation is part of a recurrent series"
    return None


def conflicting(status: str) -> str:
    """The status that says the same and that it clashes."""
    return {"planned": "conflictingPlanned", "request": "conflictingRequest"}.get(status, status)


def plain(status: str) -> str:
    return {"conflictingPlanned": "planned", "conflictingRequest": "request"}.get(status, status)


_LIVE = ("planned", "request", "conflictingPlanned", "conflictingRequest")
_STATUSES = {
    "cancel": ("planned", "conflictingPlanned"), "reject": ("request", "conflictingRequest"), "approve": ("request",),
    "reschedule": RESCHEDULABLE, "facilities": _LIVE, "services": _LIVE, "recur": _LIVE,
}  # fmt: skip
