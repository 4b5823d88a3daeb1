"""The composition root: settings -> clients -> calendars -> services -> Flask; the one file that knows everyone."""

import os
import secrets
import socket
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import Any

from flask import Flask, Response, g, request
from flask_smorest import Api
from werkzeug.middleware.proxy_fix import ProxyFix

from roombooker import __version__, entra, logs
from roombooker.api import (
    admin,
    appointments,
    bookings,
    describing,
    errors,
    headers,
    health,
    hooks,
    pacing,
    pages,
    rooms,
    support,
)
from roombooker.api.context import KEY, Services
from roombooker.exchange.graph.calendar import GraphMeetings
from roombooker.exchange.graph.client import open_client as open_graph
from roombooker.exchange.graph.subscriptions import Subscriptions
from roombooker.jobs.engine import Engine
from roombooker.jobs.work import Helpers, Work
from roombooker.jobs.worker import Worker
from roombooker.services.applying import Applier
from roombooker.services.appointments import AppointmentService
from roombooker.services.availability import AvailabilityService
from roombooker.services.booking import BookingService
from roombooker.services.doctor import Doctor
from roombooker.services.drift import DriftService
from roombooker.services.golive import GoLive
from roombooker.services.groups import Groups
from roombooker.services.health import HealthService
from roombooker.services.inbox import InboxService
from roombooker.services.measured import CALLS, REQUESTS
from roombooker.services.offering import offers_of
from roombooker.services.on_request import SyncOnRequest
from roombooker.services.posting import Mailer, Posting
from roombooker.services.rebuild import Rebuild
from roombooker.services.record import Record
from roombooker.services.requester import Requesters
from roombooker.services.retention import Retention
from roombooker.services.rooms import RoomService
from roombooker.services.subscriptions import SubscriptionService
from roombooker.services.sync import SyncService
from roombooker.services.telling import Telling
from roombooker.services.worklist import WorkList
from roombooker.settings import Settings
from roombooker.store.db import Database, attach
from roombooker.store.lanes import shared_lanes
from roombooker.topdesk.calendar import TopdeskFacilities
from roombooker.topdesk.client import open_client as open_topdesk
from roombooker.topdesk.events import action_sequence
from roombooker.topdesk.probe import Probe
from roombooker.transport import Transport, open_session, open_trust
from roombooker.transport.smtp import SmtpMail

_MAX_BODY = 1_000_000
_DESCRIPTION = frozenset({"api-docs.openapi_json"})  # the library's own view
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


@dataclass(frozen=True, kw_only=True)
class Product:
    """All that a command may need, built once per process (after the fork)."""

    settings: Settings
    web: Flask
    database: Database
    services: Services
    work: Work
    engine: Engine

    def worker(self) -> Worker:
        return Worker(self.engine, self.work, self.settings.worker_threads)


def build(settings: Settings, *, clock: Callable[[], datetime] | None = None) -> Product:
    """Nothing is called here: a side that is away never keeps us from starting."""
    clock = clock or (lambda: datetime.now(UTC))
    logs.configure(settings.log_level)
    web = Flask("roombooker", static_folder=None)
    database = attach(web, settings.database_url, blocks_may_overlap=settings.blocks_may_overlap)
    topdesk_lanes = shared_lanes(database, "topdesk", settings.topdesk_connections)
    topdesk = open_topdesk(settings, clock=clock, on_call=_measure, shared=topdesk_lanes)
    entra_session = open_session(
        connect_timeout_seconds=settings.connect_timeout_seconds,
        read_timeout_seconds=settings.read_timeout_seconds,
        ca_file=settings.ca_file,
    )
    tokens = entra.AppTokens(settings, entra_session)
    graph_lanes = shared_lanes(database, "exchange", settings.graph_connections)
    graph = open_graph(settings, tokens.token, tokens.forget, clock=clock, on_call=_measure, shared=graph_lanes)
    authority = Transport(entra.SIDE, entra.authority_of(settings), entra_session, clock=clock, on_call=_measure)
    facilities = TopdeskFacilities(topdesk, settings, clock=clock)
    meetings = GraphMeetings(graph, clock=clock, people_calendars=settings.people_calendars)
    engine = Engine(settings)
    owner = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
    requesters = Requesters(database=database, facilities=facilities, settings=settings, clock=clock)
    groups = Groups(database=database, facilities=facilities, requesters=requesters, clock=clock)
    availability = AvailabilityService(database=database, settings=settings, clock=clock, groups_of=groups.soon)
    telling = Telling(clock=clock, mails=settings.mail_from is not None)
    # As long as a sending may take with every answer just in time: a second worker would send it too.
    posting = Posting(database=database, mail=_mailer(settings, meetings), clock=clock,
                      lease=settings.lease + 8 * timedelta(seconds=settings.read_timeout_seconds))  # fmt: skip
    booking = BookingService(database=database, facilities=facilities, meetings=meetings, availability=availability, requesters=requesters,
                             telling=telling, settings=settings, clock=clock, wake=engine.wake, groups_of=groups.of)  # fmt: skip
    applier = Applier(database=database, facilities=facilities, meetings=meetings, requesters=requesters, telling=telling, clock=clock,
                      alternatives=offers_of(availability), settle_move=booking.settle_move)  # fmt: skip
    subscriptions = SubscriptionService(database=database, subscriptions=Subscriptions(graph), settings=settings, clock=clock)
    sync = SyncService(database=database, facilities=facilities, meetings=meetings, applier=applier, settings=settings, clock=clock,
                       owner=owner, subscriptions=subscriptions)  # fmt: skip
    booking.sync_room = sync.look
    rooms_ = RoomService(database=database, facilities=facilities, meetings=meetings, clock=clock)
    services = Services(
        settings=settings,
        verify=entra.TokenVerifier(settings, authority).verify,
        pace=pacing.Pace(settings.rate_limit, clock),
        availability=availability,
        appointments=AppointmentService(database=database),
        bookings=booking,
        rooms=rooms_,
        sync=sync,
        inbox=InboxService(database=database, clock=clock, wake=engine.wake),
        health=HealthService(
            database=database,
            settings=settings,
            clock=clock,
            contacts=lambda: {c.side: c.good_at for c in (topdesk.transport.contact, graph.transport.contact, authority.contact)},
        ),
        doctor=Doctor(
            database=database, facilities=facilities, meetings=meetings, probe=Probe(topdesk, settings), settings=settings, clock=clock
        ),
        drift=DriftService(database=database, facilities=facilities, meetings=meetings, settings=settings, clock=clock),
        golive=GoLive(database=database, room_service=rooms_, sync=sync),
        on_request=SyncOnRequest(database=database, sync=sync),
        rebuild=Rebuild(database=database, facilities=facilities, meetings=meetings, room_service=rooms_, sync=sync, clock=clock),
        worklist=WorkList(database=database, facilities=facilities, meetings=meetings, sync=sync, clock=clock, hold=settings.hold),
        record=Record(database=database),
        retention=Retention(database=database, settings=settings, clock=clock),
    )
    helpers = Helpers(bookings=booking, sync=sync, subscriptions=subscriptions, worklist=services.worklist, retention=services.retention,
                      rooms=rooms_, posting=posting)  # fmt: skip
    work = Work(database=database, helpers=helpers, settings=settings, clock=clock)
    engine.bind(work.run)
    _dress(web, settings, services)
    return Product(settings=settings, web=web, database=database, services=services, work=work, engine=engine)


def topdesk_action_sequence(settings: Settings, *, exported_at_ms: int) -> dict[str, Any]:
    """For `roombooker topdesk-events`: the file that an administrator imports into TOPdesk."""
    return action_sequence(settings.public_url, exported_at_ms=exported_at_ms)


def _mailer(settings: Settings, meetings: GraphMeetings) -> Mailer | None:
    """Mail to organizers from the configured mailbox, over SMTP where an address is set, else through Graph; None where there is none: then
    the pane and the work list tell."""
    sender = settings.mail_from
    if sender is None:
        return None
    if settings.smtp_url:
        return SmtpMail(settings.smtp_url, sender, trust=open_trust(settings.ca_file), timeout_seconds=settings.read_timeout_seconds)
    return lambda to, subject, text: meetings.send_mail(sender, to, subject, text)


def _dress(web: Flask, settings: Settings, services: Services) -> None:
    """Everything between the socket and the views."""
    web.extensions[KEY] = services
    web.config |= {
        "API_TITLE": "Room Booker",
        "API_VERSION": __version__,
        "OPENAPI_VERSION": "3.1.0",
        "OPENAPI_URL_PREFIX": "/",
        "OPENAPI_JSON_PATH": "openapi.json",
        "OPENAPI_SWAGGER_UI_PATH": None,
        "MAX_CONTENT_LENGTH": _MAX_BODY,
    }
    headers.register(web, lambda: pages.policy(settings))
    api = Api(web, spec_kwargs=describing.facts(settings))
    for part in (rooms.part, bookings.part, appointments.part, hooks.part, health.part, *admin.parts):
        api.register_blueprint(part)
    errors.register(web)  # after the extension, which brings a handler in another shape
    web.register_blueprint(pages.blueprint)
    web.register_blueprint(support.blueprint)
    web.before_request(pacing.strangers_first(services.pace, _DESCRIPTION))
    _time_requests(web)
    _check_roles(web)
    if proxies := settings.trusted_proxies:  # else all strangers would share the proxy's address, and its pace
        web.wsgi_app = ProxyFix(web.wsgi_app, x_for=proxies, x_proto=proxies)  # type: ignore[method-assign]  # as Flask's pages have it


def _time_requests(web: Flask) -> None:
    @web.before_request
    def _begin() -> None:
        g.began = perf_counter()

    @web.after_request
    def _finish(response: Response) -> Response:
        route = request.url_rule.rule if request.url_rule else "none"
        method = request.method if request.method in _METHODS else "other"  # strangers may send any word, and each would be kept
        REQUESTS.labels(method, route, str(response.status_code)).observe(perf_counter() - g.get("began", perf_counter()))
        return response


def _measure(side: str, method: str, route: str, status: int | None, seconds: float) -> None:
    CALLS.labels(side, method, route, str(status or "none")).observe(seconds)


def _check_roles(web: Flask) -> None:
    """A view that does not say whom it answers must not be served."""
    open_to_all = {"static", *_DESCRIPTION}
    for endpoint, view in web.view_functions.items():
        methods = getattr(view, "view_class", None)
        handlers = [getattr(methods, m) for m in ("get", "post", "patch", "delete", "put") if hasattr(methods, m)] if methods else [view]
        if endpoint not in open_to_all and not all(hasattr(h, "needs_role") for h in handlers):
            raise RuntimeError(f"{endpoint} does not say which role it needs")
