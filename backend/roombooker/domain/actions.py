"""What the plan wants done. Create, Update and Delete name the side to be written.

`mark` is how an action is remembered on its link when it is refused or must wait for a person."""

from dataclasses import dataclass, field

from roombooker.domain.booking import Booking, Side
from roombooker.domain.fingerprint import Field
from roombooker.domain.link import Link, Settled


@dataclass(frozen=True, slots=True)
class Create:
    """Make a record on `side` for the other side's `source`; `link` is set where a one-sided link already remembers it."""

    side: Side
    source: Booking
    link: Link | None = None
    mark: Settled | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Update:
    """Bring the record on `side` (`target`, as last seen) to what `source` says in `fields`."""

    side: Side
    link: Link
    source: Booking
    target: Booking
    fields: frozenset[Field]
    overrules: bool = False  # both sides had changed and `side` lost: tell its people
    mark: Settled | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Delete:
    """End the record on `side`, since its counterpart is gone. `is_inferred`: from absence, without a tombstone."""

    side: Side
    link: Link
    target: Booking
    is_inferred: bool
    mark: Settled | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Adopt:
    """Remember both records as agreed; `link` None: make one. `why` is the matching reason, for the journal.

    `moves`: the side whose record must follow to the other's slot (rule 3b: shifted after booking). `absorbs`: a second,
    one-sided link of the same booking, which ends in this one."""

    topdesk: Booking
    exchange: Booking
    why: str
    link: Link | None = None
    moves: Side | None = None
    absorbs: Link | None = None


@dataclass(frozen=True, slots=True)
class Refresh:
    """A link that lives on one side only was changed there (approved, rescheduled): remember that."""

    link: Link
    booking: Booking


@dataclass(frozen=True, slots=True)
class Forget:
    """Both records are gone."""

    link: Link


@dataclass(frozen=True, slots=True)
class Vanish:
    """The meeting is gone without a tombstone: start the clock, tell the organizer; `is_back` stops it again."""

    link: Link
    is_back: bool = False


@dataclass(frozen=True, slots=True)
class Arrive:
    """The appointment of a moved booking stands where the move expected it; `elsewhere`: it surely will not."""

    link: Link
    elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class Hold:
    """Only a person can settle it. `kind` is the work item's; `candidates` what it may be."""

    kind: str  # conflict | deleted_and_edited | unreadable | unexplained | moved_in_topdesk | both_changed | ambiguous
    reason: str
    link: Link | None = None
    topdesk: Booking | None = None
    exchange: Booking | None = None
    candidates: tuple[Booking, ...] = ()
    mark: Settled | None = field(default=None, compare=False)


Action = Create | Update | Delete | Adopt | Refresh | Forget | Vanish | Arrive | Hold
