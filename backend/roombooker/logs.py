"""Log lines: one JSON object each, with the request's id; never a body, a token, a subject or an address at info level."""

import logging
import sys
from contextvars import ContextVar
from uuid import uuid4

import stamina.instrumentation
import structlog
from structlog.types import EventDict, WrappedLogger

_request_id: ContextVar[str | None] = ContextVar("request_id", default=None)

# Libraries that would write addresses, queries or whole requests below warning.
_LOUD = ("urllib3", "requests", "msal", "huey", "werkzeug", "sqlalchemy.engine", "alembic")


def request_id() -> str:
    """The id of the request or job at hand; made when there is none yet."""
    found = _request_id.get()
    if found is None:
        found = str(uuid4())
        _request_id.set(found)
    return found


def bind_request(given: str | None = None) -> str:
    """Begin a request or a job under the given id, or under a new one; returns it."""
    _request_id.set(given or str(uuid4()))
    return request_id()


def configure(level: str = "info") -> None:
    """Send our own lines and those of the libraries to stderr as JSON; `level` as in the settings."""
    number = logging.getLevelNamesMapping()[level.upper()]
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        _add_request_id,
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.format_exc_info, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(number)
    for name in _LOUD:
        logging.getLogger(name).setLevel(max(number, logging.WARNING))
    stamina.instrumentation.set_on_retry_hooks([])  # an outage is told once at its start and once at its end, not at every try


def _add_request_id(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    found = _request_id.get()
    if found:
        event["request_id"] = found
    return event
