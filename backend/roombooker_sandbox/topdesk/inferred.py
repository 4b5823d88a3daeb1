"""All that this TOPdesk does on inference rather than on documentation: one look at a real tenant corrects it here.

Marks: I = inferred from documented facts, C = seen in somebody's code, log or export, W = weakly seen. "Spec R" is the vendor's
published Reservations API 2.0.0, "spec S" its Supporting Files API 2.7.11, both of November 2026.
"""

from datetime import timedelta

# I: no public lifetime of a login token exists. A guess that long scripts will meet.
TOKEN_IDLE_EXPIRY = timedelta(minutes=30)

# I: spec R lists no error code of its own. These are made up; nobody may branch on them. The others are those of sibling APIs.
CODE_TAKEN = "facility_not_available"
CODE_NOT_ALLOWED = "action_not_allowed"
CODE_OUTSIDE_WINDOW = "outside_service_window"
CODE_NOT_RESERVABLE = "facility_not_reservable"
CODE_LEAD_TIME = "lead_time_passed"
CODE_LINK_EXISTS = "external_link_exists"
CODE_UNKNOWN_PARAMETER = "unknown_parameter"

# I: siblings answer 400 for a body member that they do not have (spec S: 'The field "x" does not exist.').
REFUSES_UNKNOWN_MEMBERS = True

# I: text comparisons follow the database, most often SQL Server with a collation that ignores case.
TEXT_IGNORES_CASE = True

# I: an unset text is stored as "" or null and differs from every value, so `!=x` finds the cards that have nothing there.
UNSET_DIFFERS_FROM_ALL = True

# I: block times exist on both sides of a booking (one integer, minutes, before and after). Whether two blocks may overlap is not
# known at all: the switch `blocks_may_overlap`.

# I: a booking that clashes is flagged itself; the one that was there first keeps its status.
# I: a flagged one turns plain by itself as soon as nothing plain overlaps it any more.
CONFLICTS_HEAL = True

# I: `request` holds its slot; otherwise `conflictingRequest` would say nothing.
HOLDING = ("request", "planned", "conflictingPlanned", "conflictingRequest")

# I: spec R's reschedule speaks of "planned or requested" alone and, unlike add, move and remove, not of conflicts.
RESCHEDULABLE = ("planned", "request")

# I: `sspOnly` is about self-service, so it does not bind operators; windows run in the branch's local time, every day of the week.
WINDOW_BINDS_OPERATORS = ("sspAndOperatorRealm",)

# I: a series made from dates keeps the clock time of its first date in the branch's zone across summer time.
SERIES_KEEPS_LOCAL_TIME = True

# I: how far ahead reservableInterval looks when nothing ends the free stretch.
INTERVAL_HORIZON = timedelta(days=365)

# I: what an unclear Accept (none, */*) gets from /persons: the older shape, so that old scripts live on.
PERSONS_DEFAULT_VERSION = "v1"

# I: v2's `next` is absolute in the vendor's example and relative in one client's experience.
NEXT_LINK_IS_ABSOLUTE = True

# W: an empty `query=` is reported as 400.
EMPTY_QUERY_IS_AN_ERROR = True

# I: the number format is free; incidents look like "I 2301 103" (C), so reservations count "R yymm nnn".
NUMBER_PREFIX = "R"

# C: the database columns behind optional texts are 100 wide; notes and memos have no limit worth testing.
OPTIONAL_TEXT_WIDTH = 100

# I: legacy filters plannedFrom and plannedTo find what overlaps them.
LEGACY_WINDOW_OVERLAPS = True

# I: the largest file that an attachment may be, in bytes.
ATTACHMENT_LIMIT = 15_000_000

# I: reserved services keep their offset to the start when a reservation is rescheduled.
SERVICES_MOVE_ALONG = True

# I: one try, five seconds, nothing signed: outbound HTTP steps have no documented retry, signature or time-out.
HOOK_TIMEOUT_S = 5.0

# I: persons v2 trims its fields "for performance"; which remain is not said.
PERSONS_V2_DEFAULT_FIELDS = (
    "id", "surName", "firstName", "dynamicName", "archived", "email", "phoneNumber", "employeeNumber", "networkLoginName", "tasLoginName", "branch",
)  # fmt: skip
