"""What the views may use: the services that app.py built, and the request's caller."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from flask import current_app

from roombooker.api.pacing import Pace
from roombooker.domain.caller import Caller
from roombooker.services.appointments import AppointmentService
from roombooker.services.availability import AvailabilityService
from roombooker.services.booking import BookingService
from roombooker.services.doctor import Doctor
from roombooker.services.drift import DriftService
from roombooker.services.golive import GoLive
from roombooker.services.health import HealthService
from roombooker.services.inbox import InboxService
from roombooker.services.on_request import SyncOnRequest
from roombooker.services.rebuild import Rebuild
from roombooker.services.record import Record
from roombooker.services.retention import Retention
from roombooker.services.rooms import RoomService
from roombooker.services.sync import SyncService
from roombooker.services.worklist import WorkList
from roombooker.settings import Settings

KEY = "roombooker"


@dataclass(frozen=True, kw_only=True)
class Services:
    settings: Settings
    verify: Callable[[str], Caller]  # a bearer token's caller; NotSignedIn, NotAllowed
    pace: Pace
    availability: AvailabilityService
    appointments: AppointmentService
    bookings: BookingService
    rooms: RoomService
    sync: SyncService
    inbox: InboxService
    health: HealthService
    doctor: Doctor
    drift: DriftService
    golive: GoLive
    on_request: SyncOnRequest
    rebuild: Rebuild
    worklist: WorkList
    record: Record
    retention: Retention


def services() -> Services:
    return cast("Services", current_app.extensions[KEY])
