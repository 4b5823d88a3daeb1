"""The tables of this TOPdesk; lean, because seven million reservations must fit a laptop."""

# Times are whole minutes since 1970 UTC, `modified` whole seconds. A room, person or reservation is told by its serial inside the
# database and by its UUID outside. `topdesk_marks` makes texts that integrations search by (optional fields, links, series) fast. What a plain reservation does not have is kept as JSON in `details`; a seeded one has none.
SCHEMA = """
CREATE TABLE IF NOT EXISTS topdesk_locations (
  serial INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL COLLATE NOCASE, branch_id TEXT NOT NULL, type TEXT NOT NULL,
  archived INTEGER NOT NULL DEFAULT 0, reservable INTEGER NOT NULL, major TEXT, card TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS topdesk_locations_major ON topdesk_locations (major) WHERE major IS NOT NULL;
CREATE TABLE IF NOT EXISTS topdesk_branches (id TEXT PRIMARY KEY, name TEXT NOT NULL, archived INTEGER NOT NULL DEFAULT 0, card TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS topdesk_persons (
  serial INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, email TEXT NOT NULL COLLATE NOCASE, name TEXT NOT NULL COLLATE NOCASE,
  branch_id TEXT NOT NULL, archived INTEGER NOT NULL DEFAULT 0, card TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS topdesk_persons_email ON topdesk_persons (email);
CREATE INDEX IF NOT EXISTS topdesk_persons_name ON topdesk_persons (name);
CREATE TABLE IF NOT EXISTS topdesk_entries (
  id TEXT PRIMARY KEY, list TEXT NOT NULL, name TEXT NOT NULL, archived INTEGER NOT NULL DEFAULT 0, link TEXT
);
CREATE TABLE IF NOT EXISTS topdesk_services (id TEXT PRIMARY KEY, name TEXT NOT NULL, archived INTEGER NOT NULL DEFAULT 0, card TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS topdesk_reservations (
  serial INTEGER PRIMARY KEY, month INTEGER NOT NULL, id BLOB NOT NULL, status INTEGER NOT NULL, start INTEGER NOT NULL, end INTEGER NOT NULL,
  room INTEGER, block INTEGER NOT NULL DEFAULT 0, requester INTEGER NOT NULL, subject TEXT NOT NULL, modified INTEGER NOT NULL,
  archived INTEGER NOT NULL DEFAULT 0, details TEXT
);
CREATE TABLE IF NOT EXISTS topdesk_marks (
  field TEXT NOT NULL, value TEXT NOT NULL COLLATE NOCASE, reservation INTEGER NOT NULL, PRIMARY KEY (field, value, reservation)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS topdesk_occupied (
  room INTEGER NOT NULL, start INTEGER NOT NULL, reservation INTEGER NOT NULL, end INTEGER NOT NULL, block INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (room, start, reservation)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS topdesk_attachments (
  id TEXT PRIMARY KEY, reservation INTEGER NOT NULL, name TEXT NOT NULL, description TEXT NOT NULL, entered INTEGER NOT NULL, operator TEXT,
  content BLOB NOT NULL
);
"""

# Made after the seed: filling seven million rows into a tree that is sorted by a hash costs minutes, sorting them once costs seconds.
INDEXES = """
CREATE UNIQUE INDEX IF NOT EXISTS topdesk_reservations_id ON topdesk_reservations (id);
CREATE INDEX IF NOT EXISTS topdesk_reservations_start ON topdesk_reservations (start, serial);
CREATE INDEX IF NOT EXISTS topdesk_reservations_requester ON topdesk_reservations (requester, start);
CREATE INDEX IF NOT EXISTS topdesk_reservations_long ON topdesk_reservations (end - start) WHERE end - start > 1440;
"""
