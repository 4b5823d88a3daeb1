"""The one way out to TOPdesk, Graph and Entra: time-outs, retries, circuit breaker, limits, trust, and one error tree."""

from roombooker.transport.answer import Answer, failure, retry_after
from roombooker.transport.client import OnCall, Transport, fill
from roombooker.transport.outage import Contact
from roombooker.transport.session import open_session, open_trust

__all__ = ["Answer", "Contact", "OnCall", "Transport", "failure", "fill", "open_session", "open_trust", "retry_after"]
