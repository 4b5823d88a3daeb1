"""The one way out to TOPdesk, Graph and Entra: time-outs, retries, circuit breaker, limits, trust, and one error tree."""

from roombooker.transport.answer import Answer, Spared, failure, retry_after
from roombooker.transport.client import OnCall, Transport, fill
from roombooker.transport.lanes import SharedLanes
from roombooker.transport.outage import Contact
from roombooker.transport.session import open_session, open_trust

__all__ = [
    "Answer",
    "Contact",
    "OnCall",
    "SharedLanes",
    "Spared",
    "Transport",
    "failure",
    "fill",
    "open_session",
    "open_trust",
    "retry_after",
]
