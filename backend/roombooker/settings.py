"""Every setting, read once from the environment or a `.env` file; all problems in one message, no default secrets."""

import os
import re
import types
import typing
from collections.abc import Callable
from dataclasses import MISSING, Field, dataclass, field, fields
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from dotenv import dotenv_values
from environs import EnvValidationError, FileAwareEnv

from roombooker.errors import InvalidInput

PREFIX = "ROOMBOOKER_"
_PASSWORD = re.compile(r"^(\w[\w+.-]*://[^/?#:]*:)[^/?#]*@")  # in an address such as the database's


_CHOICES = {
    "exchange": ("graph",),
    "topdesk_requester": ("organizer", "person_account"),
    "on_behalf": ("nobody", "anyone"),
    "cancellation": ("automatic", "manual"),
    "dominant": ("topdesk", "exchange"),
    "log_level": ("debug", "info", "warning", "error"),
}


class SettingsError(InvalidInput):
    """Says every problem at once, one per line."""


def _setting(meaning: str, default: Any = ..., *, secret: bool = False) -> Any:
    metadata = {"meaning": meaning, "secret": secret}
    return field(metadata=metadata) if default is ... else field(default=default, metadata=metadata)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Names are the environment's without prefix and in lower case; units are in the names or meanings."""

    topdesk_url: str = _setting("TOPdesk's base address, for example https://contoso.topdesk.net")
    topdesk_username: str = _setting("login name of the TOPdesk operator")
    topdesk_password: str = _setting("application password of that operator", secret=True)
    topdesk_person: str = _setting("id or e-mail of the person account: requester for people without a TOPdesk card")
    topdesk_hook_secret: str = _setting("what TOPdesk's action sequence sends in X-Room-Booker-Secret", secret=True)
    entra_tenant_id: str = _setting("directory (tenant) id")
    entra_client_id: str = _setting("application (client) id of Room Booker's registration")
    entra_client_secret: str | None = _setting("client secret; or set _ENTRA_CERTIFICATE_FILE", None, secret=True)
    entra_certificate_file: Path | None = _setting("PEM file with certificate and private key, instead of a secret", None)
    entra_authority: str = _setting("sign-in address without tenant", "https://login.microsoftonline.com")
    graph_url: str = _setting("Microsoft Graph's address", "https://graph.microsoft.com/v1.0")
    exchange: str = _setting("how Exchange is reached: graph", "graph")
    public_url: str = _setting("our own address as Outlook and the webhooks see it", "http://localhost:8000")
    database_url: str = _setting("SQLAlchemy address of the database", "sqlite:///var/roombooker.db")
    queue_url: str | None = _setting("wake-ups beyond one machine: redis://… or postgresql://…; default SQLite beside the database", None)
    topdesk_requester: str = _setting("who is requester: organizer | person_account", "organizer")
    topdesk_match_field: str = _setting("reservation field that holds the match key", "optionalFields1.text1")
    topdesk_mailbox_field: str = _setting("location field that holds the room's mailbox address", "optionalFields1.text1")
    topdesk_password_expires_on: date | None = _setting("when the application password expires (yyyy-mm-dd): warned before", None)
    topdesk_cancel_reason: str | None = _setting("name of the cancellation reason; default TOPdesk's own", None)
    topdesk_reject_reason: str | None = _setting("name of the rejection reason; default TOPdesk's own", None)
    topdesk_connections: int = _setting("connections to TOPdesk at once, across processes", 4)
    graph_connections: int = _setting("inner Graph requests in flight at once, across processes", 4)
    connect_timeout_seconds: float = _setting("how long a connection to the other side may take", 5.0)
    read_timeout_seconds: float = _setting("how long the other side may take to answer", 20.0)
    on_behalf: str = _setting("who may book for whom: nobody | anyone", "nobody")
    lease_seconds: float = _setting("how long the work of a process that died waits for another to take it up", 60.0)
    hold_minutes: float = _setting("how long a reservation waits for its appointment", 30.0)
    hold_limit_minutes: float = _setting("how far an open pane can extend that in all", 240.0)
    vanished_minutes: float = _setting("how long a reservation stands after its meeting vanished unexplained", 10.0)
    near_hours: float = _setting("the near window", 24.0)
    near_every_seconds: float = _setting("how often the near window is swept", 300.0)
    horizon_days: int = _setting("how far ahead both sides are kept in step", 180)
    horizon_every_seconds: float = _setting("how soon each room's whole horizon is read again", 3600.0)
    cancellation: str = _setting("cancellation requests: automatic | manual", "automatic")
    blocks_may_overlap: bool = _setting(
        "TOPdesk lets a room's clean-up and the next set-up overlap: bookings lie one block time apart instead of two", default=False
    )
    dominant: str = _setting("who wins when both sides changed: topdesk | exchange", "topdesk")
    people_calendars: bool = _setting("the optional scope on people's mailboxes is granted: person mode and real moves", default=False)
    mail_from: str | None = _setting("mailbox that mails organizers about changes made for them; unset: no mail", None)
    smtp_url: str | None = _setting("smtp://user:password@host:port (or smtps://) instead of Graph sendMail", None, secret=True)
    support_url: str | None = _setting("where people get help with this add-in", None)
    office_js_url: str = _setting("Office.js", "https://appsforoffice.microsoft.com/lib/1/hosted/office.js")
    frame_ancestors: str = _setting(
        "who may frame the pane (CSP)",
        "https://outlook.office.com https://outlook.office365.com https://outlook.live.com https://outlook.cloud.microsoft https://*.office.com",
    )
    ca_file: Path | None = _setting("certificate authorities trusted besides the system's", None)
    log_days: int = _setting("how long the journal keeps personal data", 90)
    log_level: str = _setting("debug | info | warning | error", "info")
    rate_limit: str = _setting("requests per caller", "120 per minute")
    worker_threads: int = _setting("threads of one worker process", 4)
    web_workers: int = _setting("web processes", 2)
    processes: int | None = _setting(
        "web and worker processes in all, on every machine: they share Graph's limit per mailbox; default WEB_WORKERS + 2", None
    )
    trusted_proxies: int | None = _setting("reverse proxies in front of us whose X-Forwarded-For we believe; unset: none", None)
    web_threads: int = _setting("threads of each web process", 8)
    allowed_clients: str = _setting("further client ids (azp) whose tokens we take, by comma", "")

    @property
    def hold(self) -> timedelta:
        return timedelta(minutes=self.hold_minutes)

    @property
    def lease(self) -> timedelta:
        return timedelta(seconds=self.lease_seconds)

    @property
    def hold_limit(self) -> timedelta:
        return timedelta(minutes=self.hold_limit_minutes)

    @property
    def vanished(self) -> timedelta:
        return timedelta(minutes=self.vanished_minutes)

    @property
    def near(self) -> timedelta:
        return timedelta(hours=self.near_hours)

    @property
    def horizon(self) -> timedelta:
        return timedelta(days=self.horizon_days)


@dataclass(frozen=True)
class Origin:
    """One line of `roombooker settings`."""

    name: str
    value: str
    source: str  # environment | .env | file | default | missing
    meaning: str


def load(env_file: Path = Path(".env")) -> Settings:
    """Read all settings; SettingsError with every problem at once."""
    env = _environment(env_file)
    problems: list[str] = []
    values: dict[str, Any] = {}
    for setting in fields(Settings):
        try:
            values[setting.name] = _read(env, setting)
        except (ValueError, EnvValidationError) as error:  # a file that cannot be read, or a value of the wrong type
            problems.append(f"{PREFIX}{setting.name.upper()}: {error}")
    problems += [f"{PREFIX}{name.upper()}: is required ({_meaning(name)})" for name, value in values.items() if value is MISSING]
    problems += _unknown_names(env_file)
    problems += _wrong_values({name: value for name, value in values.items() if value is not MISSING})
    if problems:
        raise SettingsError("Settings need attention:\n" + "\n".join(f"- {p}" for p in problems))
    return Settings(**values)


def describe(env_file: Path = Path(".env")) -> list[Origin]:
    """Every setting with its value (never a secret's), where it came from and what it means; works with problems too."""
    env = _environment(env_file)
    return [_describe(env, env_file, setting) for setting in fields(Settings)]


def _describe(env: FileAwareEnv, env_file: Path, setting: "Field[Any]") -> Origin:
    key = PREFIX + setting.name.upper()
    in_file = dotenv_values(env_file) if env_file.is_file() else {}
    if os.environ.get(key + "_FILE") or in_file.get(key + "_FILE"):
        source = "file"
    elif key in os.environ:
        source = "environment"
    elif key in in_file:
        source = ".env"
    else:
        source = "missing" if setting.default is MISSING else "default"
    try:
        value = _read(env, setting)
    except (ValueError, EnvValidationError) as error:
        value = f"unusable: {error}"
    if value in (None, MISSING, ""):
        shown = ""
    else:
        shown = "secret" if setting.metadata["secret"] else _PASSWORD.sub(r"\1***@", str(value))
    return Origin(key, shown, source, setting.metadata["meaning"])


def _environment(env_file: Path) -> FileAwareEnv:
    env = FileAwareEnv(prefix=PREFIX, strip_whitespace=True)
    if env_file.is_file():
        env.read_env(str(env_file), recurse=False, override=False)
    return env


def _read(env: FileAwareEnv, setting: "Field[Any]") -> Any:
    """The setting's value by its annotation, its default, or MISSING."""
    kind = typing.get_type_hints(Settings)[setting.name]
    if isinstance(kind, types.UnionType):
        kind = next(t for t in typing.get_args(kind) if t is not type(None))
    parsers: dict[type, Callable[[str], Any]] = {
        str: env.str, int: env.int, float: env.float, bool: env.bool, Path: env.path, date: env.date,
    }  # fmt: skip
    name = setting.name.upper()
    raw = env.str(name, None)
    if raw is None or raw == "":
        return setting.default
    return parsers[kind](name)


def _meaning(name: str) -> str:
    return str(next(f for f in fields(Settings) if f.name == name).metadata["meaning"])


def _unknown_names(env_file: Path) -> list[str]:
    known = {PREFIX + f.name.upper() for f in fields(Settings)}
    known |= {name + "_FILE" for name in known}
    given = set(os.environ) | (set(dotenv_values(env_file)) if env_file.is_file() else set())
    return [f"{name}: no such setting" for name in sorted(given) if name.startswith(PREFIX) and name not in known | _OUTSIDE]


# Names that others read: the tests' way to the contracts.
_OUTSIDE = {"ROOMBOOKER_CONTRACTS"}


def _wrong_values(values: dict[str, Any]) -> list[str]:
    problems = [
        f"{PREFIX}{name.upper()}: must be one of {', '.join(allowed)}, not {values[name]!r}"
        for name, allowed in _CHOICES.items()
        if name in values and values[name] not in allowed
    ]
    for name in ("topdesk_url", "graph_url", "entra_authority", "public_url"):
        url = urlsplit(str(values.get(name, "http://missing")))
        if url.scheme not in ("http", "https") or not url.hostname:
            problems.append(f"{PREFIX}{name.upper()}: must be an address that begins with https://")
    if "entra_client_id" in values and not (values.get("entra_client_secret") or values.get("entra_certificate_file")):
        problems.append(f"{PREFIX}ENTRA_CLIENT_SECRET: set it, or {PREFIX}ENTRA_CERTIFICATE_FILE")
    problems += _mail_problems(values)
    problems += [
        f"{PREFIX}{name.upper()}: must be more than 0"
        for name, value in values.items()
        if isinstance(value, int | float) and not isinstance(value, bool) and value <= 0
    ]
    return problems


def _mail_problems(values: dict[str, Any]) -> list[str]:
    problems = []
    sender, smtp = values.get("mail_from"), values.get("smtp_url")
    if sender and not re.fullmatch(r"[^@\s<>]+@[^@\s<>]+", sender):
        problems.append(f"{PREFIX}MAIL_FROM: must be an e-mail address")
    if smtp:
        url = urlsplit(smtp)
        if url.scheme not in ("smtp", "smtps") or not url.hostname:
            problems.append(f"{PREFIX}SMTP_URL: must be an address that begins with smtp:// or smtps://")
        if not sender:
            problems.append(f"{PREFIX}MAIL_FROM: set it too, since {PREFIX}SMTP_URL is set")
    return problems
