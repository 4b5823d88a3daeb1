"""What the stand-in Exchange assumes without proof: one place, each with its reason, so that one look at a real tenant corrects it.

Marks: D documented, C seen by clients in the field, I inferred by us.
"""

from datetime import timedelta

# C  Clients report (microsoft-graph-docs issues 7632, 22197; pull request 4501) that calendarView/delta sends the series master
#    in full, but of each occurrence only id, type, seriesMasterId, start and end; the delta page of the documentation says otherwise.
DELTA_OCCURRENCE_FIELDS = ("id", "type", "seriesMasterId", "start", "end")

# C  The same reports: when one occurrence is cancelled, the next delta repeats the master and every occurrence that remains in the
#    window, on one page, and has no @removed for the one that went. A deleted series leaves one @removed: its master's.
DELTA_REMOVES_OCCURRENCES = False

# C  calendarView/delta answers 410 with a Location to start again from, or 40X with this code; we do both at once.
DELTA_EXPIRED_CODE = "syncStateNotFound"

# I  Rows per page when nothing is asked for (D for calendarView: 10; delta not said).
DEFAULT_PAGE = 10
LARGEST_PAGE = 1000

# I  "iCalUId is different for each occurrence" (event resource page); the older text of the same page says that they share it.
#    We put the date of the occurrence in the id, as the binary format of global object ids has a place for.
OCCURRENCE_HAS_OWN_ICALUID = True

# D  Set-CalendarProcessing: defaults of an AutoAccept room.
BOOKING_WINDOW = timedelta(days=180)
MAXIMUM_DURATION = timedelta(minutes=1440)
# I  A request that ended before it arrived is declined.
DECLINES_THE_PAST = True
# D  CanceledMeeting stays in the room's calendar with this prefix unless RemoveCanceledMeetings is set; the prefix follows the
#    language of the organizer's client. I: shown as free.
CANCELED_PREFIX = "Canceled: "
CANCELED_SHOW_AS = "free"
# I  A room with delegates pencils the meeting in and answers the organizer "tentative" until a delegate decides.
PENDING_RESPONSE = "tentativelyAccepted"
# I  A room that declines (by policy, or because it clashes after a move) keeps no item at all: agent.py.
# I  The app's rights are those of RBAC for Applications: the token's roles claim does not list them, Exchange looks them up: access.py.
# I  An attendee may change their own copy (times too); nobody is told and the organizer's next update overwrites it: meetings.py.

# D  getSchedule: 20 addresses by the documentation; C a hard error with this code was seen above 100. Window of 62 days: D.
MAX_SCHEDULES = 20
TOO_MANY_SCHEDULES_CODE = "ErrorMailboxDataArrayTooBig"
MAX_SCHEDULE_WINDOW = timedelta(days=62)
TOO_LONG_WINDOW_CODE = "ErrorTimeIntervalTooBig"
# D  More than 1,000 entries of one schedule: an error for that schedule. I: this code.
MAX_SCHEDULE_ITEMS = 1000
TOO_MANY_ITEMS_CODE = "ErrorResultSetTooBig"
# I  Free/busy is answered for every mailbox of the organization, whatever the app's scope; a room's default permission
#    AvailabilityOnly hides subject and place from everybody but the mailbox itself: schedule.py.

# D  4 concurrent requests and 10,000 in 10 minutes; the documents disagree on the scope; we count per app and mailbox.
MAX_CONCURRENT = 4
MAX_PER_WINDOW = 10_000
THROTTLE_WINDOW_S = 600
CONCURRENCY_RETRY_AFTER_S = 1  # I

# D  Subscriptions: shorter than 45 min becomes 45, longer than 10,080 min is refused, 1,000 active per mailbox.
SHORTEST_SUBSCRIPTION = timedelta(minutes=45)
LONGEST_SUBSCRIPTION = timedelta(minutes=10_080)
LONGEST_RICH_SUBSCRIPTION = timedelta(minutes=1_440)
MAX_SUBSCRIPTIONS_PER_MAILBOX = 1_000
HANDSHAKE_TIMEOUT_S = 10.0
# Shortened from "up to 4 hours" so that a test need not wait; then the notices count as missed.
NOTICE_RETRY_DELAYS_S = (0.5, 1.0, 2.0, 4.0)

# I  The series of a calendar are expanded no further than this beyond the first date when there is no end.
ENDLESS_HORIZON = timedelta(days=365 * 10)

# I  Messages of 4xx bodies are ours in the spirit of the real ones; codes marked here are guesses.
NOT_ORGANIZER_CODE = "ErrorAccessDenied"
ORGANIZER_CANNOT_RESPOND_CODE = "ErrorInvalidRequest"
STALE_CHANGE_KEY_CODE = "ErrorIrresolvableConflict"
ALL_DAY_CODE = "ErrorInvalidRequest"

# Ours: which rooms have delegates who must approve (by number in the directory), and which keep subject and privacy
# (DeleteSubject and RemovePrivateProperty off). Everybody else is a plain AutoAccept room.
ROOMS_WITH_DELEGATES = frozenset({7})
ROOMS_THAT_KEEP_SUBJECTS = frozenset({9})
