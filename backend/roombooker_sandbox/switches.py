"""What /control can turn: how the other systems behave, and what goes wrong next."""

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass
class Notices:
    """Shares 0..1 of outgoing notices and event posts that are dropped, doubled, reordered; delay in ms."""

    drop: float = 0.0
    double: float = 0.0
    reorder: float = 0.0
    delay_ms: int = 200


@dataclass
class Switches:
    conflict_mode: str = "reject"  # reject | flag | silent
    date_style: str = "Z"  # Z | .000Z | .000+0000
    nulls: str = "omit"  # omit | null | empty
    blocks_may_overlap: bool = False  # the clean-up after one booking and the set-up before the next at the same time
    default_cancel_reason: bool = True
    persons_versions: str = "both"  # both | v1 | v2
    unauthorized_style: str = "html"  # html | json
    unknown_parameter: str = "ignore"  # ignore | 400
    latency_ms: int = 0
    maintenance: bool = False  # TOPdesk answers 503 with an HTML page
    remove_canceled_meetings: bool = False
    room_answer_ms: int = 300
    notices: Notices = field(default_factory=Notices)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass
class Fault:
    """The nth matching call fails: before its effect, or after it (the effect stands, the answer is lost)."""

    side: str  # topdesk | graph | entra
    method: str | None = None
    path: str | None = None  # a regular expression, searched in the path
    nth: int = 1
    when: str = "before"  # before | after
    status: int = 503  # 0: the connection is closed without an answer
    times: int = 1
    delay_ms: int = 0  # wait this long before failing: longer than the client's patience is a lost answer
    retry_after_s: int | None = None  # the header's value; 429 has 1 when nothing is asked for
    seen: int = 0
