"""The one way out to TOPdesk, Graph and Entra: time-outs, retries, circuit breaker, limits, trust, and one error tree."""

from roombooker.transport.answer import Answer
from roombooker.transport.client import OnCall, Transport
from roombooker.transport.outage import Contact
from roombooker.transport.session import open_session, open_trust

__all__ = ["Answer", "Contact", "OnCall", "Transport", "open_session", "open_trust"]
