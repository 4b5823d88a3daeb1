"""The first tables."""

import sqlalchemy as sa
from alembic import op

from roombooker.store.db import UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "cursor",
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("window_start_at", UtcDateTime(), nullable=True),
        sa.Column("window_end_at", UtcDateTime(), nullable=True),
        sa.Column("read_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_cursor")),
    )
    op.create_table(
        "intent",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("caller", sa.String(length=128), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("request_fingerprint", sa.String(length=64), nullable=False),
        sa.Column("request", sa.JSON(), nullable=False),
        sa.Column("booking_id", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("progress", sa.JSON(), nullable=False),
        sa.Column("answer_status", sa.Integer(), nullable=True),
        sa.Column("answer", sa.JSON(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lease_owner", sa.String(length=64), nullable=True),
        sa.Column("lease_until", UtcDateTime(), nullable=True),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_intent")),
        sa.UniqueConstraint("caller", "key", name=op.f("uq_intent_caller_key")),
    )
    with op.batch_alter_table("intent", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_intent_booking_id"), ["booking_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_intent_due_at"), ["due_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_intent_finished_at"), ["finished_at"], unique=False)

    op.create_table(
        "journal",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("side", sa.String(length=16), nullable=True),
        sa.Column("ref", sa.String(length=512), nullable=True),
        sa.Column("room_id", sa.String(length=40), nullable=True),
        sa.Column("booking_id", sa.String(length=40), nullable=True),
        sa.Column("match_key", sa.String(length=40), nullable=True),
        sa.Column("caused_by", sa.String(length=255), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=True),
        sa.Column("request_id", sa.String(length=64), nullable=True),
        sa.Column("before", sa.JSON(), nullable=True),
        sa.Column("after", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal")),
    )
    with op.batch_alter_table("journal", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_journal_at"), ["at"], unique=False)
        batch_op.create_index("ix_journal_booking_at", ["booking_id", "at"], unique=False)
        batch_op.create_index(batch_op.f("ix_journal_email"), ["email"], unique=False)
        batch_op.create_index("ix_journal_room_at", ["room_id", "at"], unique=False)

    op.create_table(
        "mail",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("recipient", sa.String(length=320), nullable=False),
        sa.Column("recipient_name", sa.String(length=255), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("room_id", sa.String(length=40), nullable=True),
        sa.Column("booking_id", sa.String(length=40), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lease_owner", sa.String(length=64), nullable=True),
        sa.Column("lease_until", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("mail", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_mail_due_at"), ["due_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_mail_recipient"), ["recipient"], unique=False)

    op.create_table(
        "notice",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("side", sa.String(length=16), nullable=False),
        sa.Column("ref", sa.String(length=512), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("arrived_at", UtcDateTime(), nullable=False),
        sa.Column("lease_owner", sa.String(length=64), nullable=True),
        sa.Column("lease_until", UtcDateTime(), nullable=True),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_notice_due_at"), ["due_at"], unique=False)

    op.create_table(
        "person",
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("topdesk_id", sa.String(length=64), nullable=True),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("looked_up_at", UtcDateTime(), nullable=True),
        sa.Column("addresses", sa.JSON(), nullable=False),
        sa.Column("addresses_at", UtcDateTime(), nullable=True),
        sa.Column("groups", sa.JSON(), nullable=False),
        sa.Column("groups_at", UtcDateTime(), nullable=True),
        sa.Column("last_building", sa.String(length=255), nullable=True),
        sa.Column("last_floor", sa.String(length=64), nullable=True),
        sa.Column("favourites", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("email", name=op.f("pk_person")),
    )
    op.create_table(
        "room",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("location_id", sa.String(length=64), nullable=False),
        sa.Column("mailbox", sa.String(length=320), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("mapped_in", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("number", sa.String(length=255), nullable=False),
        sa.Column("building", sa.String(length=255), nullable=False),
        sa.Column("branch_id", sa.String(length=64), nullable=False),
        sa.Column("floor", sa.String(length=64), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=True),
        sa.Column("equipment", sa.JSON(), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("photo_url", sa.Text(), nullable=True),
        sa.Column("wheelchair_accessible", sa.Boolean(), nullable=True),
        sa.Column("requires_approval", sa.Boolean(), nullable=False),
        sa.Column("block_minutes", sa.Integer(), nullable=False),
        sa.Column("person_group", sa.String(length=255), nullable=True),
        sa.Column("policy", sa.JSON(), nullable=False),
        sa.Column("alarm", sa.Text(), nullable=True),
        sa.Column("held_reason", sa.Text(), nullable=True),
        sa.Column("lease_owner", sa.String(length=64), nullable=True),
        sa.Column("lease_until", UtcDateTime(), nullable=True),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("due_cause", sa.String(length=64), nullable=True),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_room")),
        sa.UniqueConstraint("location_id", name=op.f("uq_room_location_id")),
        sa.UniqueConstraint("mailbox", name=op.f("uq_room_mailbox")),
    )
    with op.batch_alter_table("room", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_room_building"), ["building"], unique=False)
        batch_op.create_index(batch_op.f("ix_room_due_at"), ["due_at"], unique=False)

    op.create_table(
        "schedule_slot",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("slot", sa.String(length=64), nullable=False),
        sa.Column("taken_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", "slot", name=op.f("pk_schedule_slot")),
    )
    with op.batch_alter_table("schedule_slot", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_schedule_slot_taken_at"), ["taken_at"], unique=False)

    op.create_table(
        "sighting",
        sa.Column("side", sa.String(length=16), nullable=False),
        sa.Column("ref", sa.String(length=512), nullable=False),
        sa.Column("room_id", sa.String(length=40), nullable=False),
        sa.Column("start_at", UtcDateTime(), nullable=False),
        sa.Column("end_at", UtcDateTime(), nullable=False),
        sa.Column("ical_uid", sa.String(length=512), nullable=True),
        sa.Column("record", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("side", "ref", name=op.f("pk_sighting")),
    )
    with op.batch_alter_table("sighting", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sighting_ical_uid"), ["ical_uid"], unique=False)
        batch_op.create_index("ix_sighting_room_side_start", ["room_id", "side", "start_at"], unique=False)

    op.create_table(
        "claim",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("room_id", sa.String(length=40), nullable=False),
        sa.Column("intent_id", sa.String(length=40), nullable=False),
        sa.Column("match_key", sa.String(length=40), nullable=False),
        sa.Column("start_at", UtcDateTime(), nullable=False),
        sa.Column("end_at", UtcDateTime(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["room_id"], ["room.id"], name=op.f("fk_claim_room_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim")),
    )
    with op.batch_alter_table("claim", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_claim_intent_id"), ["intent_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_claim_match_key"), ["match_key"], unique=False)
        batch_op.create_index("ix_claim_room_start", ["room_id", "start_at"], unique=False)

    op.create_table(
        "link",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("booking_id", sa.String(length=40), nullable=False),
        sa.Column("match_key", sa.String(length=40), nullable=False),
        sa.Column("room_id", sa.String(length=40), nullable=False),
        sa.Column("start_at", UtcDateTime(), nullable=False),
        sa.Column("end_at", UtcDateTime(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("organizer_email", sa.String(length=320), nullable=True),
        sa.Column("organizer_name", sa.String(length=255), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("attendees", sa.Integer(), nullable=True),
        sa.Column("private", sa.Boolean(), nullable=False),
        sa.Column("ical_uid", sa.String(length=512), nullable=True),
        sa.Column("original_start_at", UtcDateTime(), nullable=True),
        sa.Column("series_id", sa.String(length=40), nullable=True),
        sa.Column("held_until", UtcDateTime(), nullable=True),
        sa.Column("vanished_at", UtcDateTime(), nullable=True),
        sa.Column("reason_code", sa.String(length=64), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("refused", sa.JSON(), nullable=True),
        sa.Column("caller", sa.String(length=128), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["room_id"], ["room.id"], name=op.f("fk_link_room_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link")),
        sa.UniqueConstraint("match_key", name=op.f("uq_link_match_key")),
    )
    with op.batch_alter_table("link", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_link_booking_id"), ["booking_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_link_caller"), ["caller"], unique=False)
        batch_op.create_index(batch_op.f("ix_link_held_until"), ["held_until"], unique=False)
        batch_op.create_index(batch_op.f("ix_link_ical_uid"), ["ical_uid"], unique=False)
        batch_op.create_index("ix_link_organizer_start", ["organizer_email", "start_at"], unique=False)
        batch_op.create_index("ix_link_room_start", ["room_id", "start_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_link_series_id"), ["series_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_link_state"), ["state"], unique=False)
        batch_op.create_index(batch_op.f("ix_link_vanished_at"), ["vanished_at"], unique=False)

    op.create_table(
        "occupancy_room",
        sa.Column("no", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("room_id", sa.String(length=40), nullable=False),
        sa.Column("longest_min", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["room_id"], ["room.id"], name=op.f("fk_occupancy_room_room_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("no", name=op.f("pk_occupancy_room")),
        sa.UniqueConstraint("room_id", name=op.f("uq_occupancy_room_room_id")),
    )
    op.create_table(
        "subscription",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("room_id", sa.String(length=40), nullable=False),
        sa.Column("client_state", sa.String(length=128), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("renew_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["room_id"], ["room.id"], name=op.f("fk_subscription_room_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscription")),
    )
    with op.batch_alter_table("subscription", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_subscription_renew_at"), ["renew_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_subscription_room_id"), ["room_id"], unique=False)

    op.create_table(
        "work_item",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=48), nullable=False),
        sa.Column("dedupe", sa.String(length=255), nullable=False),
        sa.Column("room_id", sa.String(length=40), nullable=True),
        sa.Column("link_id", sa.String(length=40), nullable=True),
        sa.Column("booking_id", sa.String(length=40), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("candidates", sa.JSON(), nullable=False),
        sa.Column("actions", sa.JSON(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("settled_at", UtcDateTime(), nullable=True),
        sa.Column("settled_by", sa.String(length=255), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["room_id"], ["room.id"], name=op.f("fk_work_item_room_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_work_item")),
    )
    with op.batch_alter_table("work_item", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_work_item_kind"), ["kind"], unique=False)
        batch_op.create_index(batch_op.f("ix_work_item_link_id"), ["link_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_work_item_room_id"), ["room_id"], unique=False)
        batch_op.create_index(
            "uq_work_item_open",
            ["dedupe"],
            unique=True,
            sqlite_where=sa.text("settled_at IS NULL"),
            postgresql_where=sa.text("settled_at IS NULL"),
        )

    op.create_table(
        "link_side",
        sa.Column("link_id", sa.String(length=40), nullable=False),
        sa.Column("side", sa.String(length=16), nullable=False),
        sa.Column("ref", sa.String(length=512), nullable=False),
        sa.Column("version", sa.String(length=255), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("number", sa.String(length=64), nullable=True),
        sa.Column("standing", sa.String(length=16), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["link_id"], ["link.id"], name=op.f("fk_link_side_link_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("link_id", "side", name=op.f("pk_link_side")),
        sa.UniqueConstraint("side", "ref", name=op.f("uq_link_side_side_ref")),
    )
    op.create_table(
        "occupancy",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("room_no", sa.Integer(), nullable=False),
        sa.Column("side", sa.String(length=16), nullable=False),
        sa.Column("ref", sa.String(length=512), nullable=False),
        sa.Column("match_key", sa.String(length=40), nullable=True),
        sa.Column("start_min", sa.Integer(), nullable=False),
        sa.Column("end_min", sa.Integer(), nullable=False),
        sa.Column("planned_start_min", sa.Integer(), nullable=False),
        sa.Column("planned_end_min", sa.Integer(), nullable=False),
        sa.Column("private", sa.Boolean(), nullable=False),
        sa.Column("shown_by", sa.String(length=255), nullable=True),
        sa.Column("seen_s", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["room_no"], ["occupancy_room.no"], name=op.f("fk_occupancy_room_no"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_occupancy")),
        sa.UniqueConstraint("room_no", "side", "ref", name=op.f("uq_occupancy_room_no_side_ref")),
    )
    with op.batch_alter_table("occupancy", schema=None) as batch_op:
        batch_op.create_index("ix_occupancy_room_start", ["room_no", "start_min"], unique=False)

    op.create_table(
        "occupancy_day",
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("room_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("h00", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("h01", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("h02", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("h03", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("h04", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("h05", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("h06", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("h07", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("h08", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("h09", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("h10", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("h11", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("h12", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("h13", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("h14", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("h15", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("h16", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("h17", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("h18", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("h19", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("h20", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("h21", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("h22", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("h23", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.ForeignKeyConstraint(["room_no"], ["occupancy_room.no"], name=op.f("fk_occupancy_day_room_no"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("day", "room_no", name=op.f("pk_occupancy_day")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("occupancy_day", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_occupancy_day_room_no"), ["room_no"], unique=False)

    op.create_table(
        "occupancy_read",
        sa.Column("room_no", sa.Integer(), nullable=False),
        sa.Column("side", sa.String(length=16), nullable=False),
        sa.Column("start_min", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("end_min", sa.Integer(), nullable=False),
        sa.Column("read_s", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["room_no"], ["occupancy_room.no"], name=op.f("fk_occupancy_read_room_no"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("room_no", "side", "start_min", name=op.f("pk_occupancy_read")),
    )

    if op.get_context().dialect.name == "postgresql":  # two pending claims of one room never overlap; on SQLite BEGIN IMMEDIATE does that
        op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
        op.execute(
            "ALTER TABLE claim ADD CONSTRAINT ex_claim_room_span EXCLUDE USING gist (room_id WITH =, tstzrange(start_at, end_at) WITH &&)"
        )


def downgrade() -> None:
    op.drop_table("occupancy_read")
    with op.batch_alter_table("occupancy_day", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_occupancy_day_room_no"))

    op.drop_table("occupancy_day")
    with op.batch_alter_table("occupancy", schema=None) as batch_op:
        batch_op.drop_index("ix_occupancy_room_start")

    op.drop_table("occupancy")
    op.drop_table("link_side")
    with op.batch_alter_table("work_item", schema=None) as batch_op:
        batch_op.drop_index("uq_work_item_open", sqlite_where=sa.text("settled_at IS NULL"), postgresql_where=sa.text("settled_at IS NULL"))
        batch_op.drop_index(batch_op.f("ix_work_item_room_id"))
        batch_op.drop_index(batch_op.f("ix_work_item_link_id"))
        batch_op.drop_index(batch_op.f("ix_work_item_kind"))

    op.drop_table("work_item")
    with op.batch_alter_table("subscription", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_subscription_room_id"))
        batch_op.drop_index(batch_op.f("ix_subscription_renew_at"))

    op.drop_table("subscription")
    op.drop_table("occupancy_room")
    with op.batch_alter_table("link", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_link_vanished_at"))
        batch_op.drop_index(batch_op.f("ix_link_state"))
        batch_op.drop_index(batch_op.f("ix_link_series_id"))
        batch_op.drop_index("ix_link_room_start")
        batch_op.drop_index("ix_link_organizer_start")
        batch_op.drop_index(batch_op.f("ix_link_ical_uid"))
        batch_op.drop_index(batch_op.f("ix_link_held_until"))
        batch_op.drop_index(batch_op.f("ix_link_caller"))
        batch_op.drop_index(batch_op.f("ix_link_booking_id"))

    op.drop_table("link")
    with op.batch_alter_table("claim", schema=None) as batch_op:
        batch_op.drop_index("ix_claim_room_start")
        batch_op.drop_index(batch_op.f("ix_claim_match_key"))
        batch_op.drop_index(batch_op.f("ix_claim_intent_id"))

    op.drop_table("claim")
    with op.batch_alter_table("sighting", schema=None) as batch_op:
        batch_op.drop_index("ix_sighting_room_side_start")
        batch_op.drop_index(batch_op.f("ix_sighting_ical_uid"))

    op.drop_table("sighting")
    with op.batch_alter_table("schedule_slot", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_schedule_slot_taken_at"))

    op.drop_table("schedule_slot")
    with op.batch_alter_table("room", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_room_due_at"))
        batch_op.drop_index(batch_op.f("ix_room_building"))

    op.drop_table("room")
    op.drop_table("person")
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_notice_due_at"))

    op.drop_table("notice")
    with op.batch_alter_table("mail", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_mail_recipient"))
        batch_op.drop_index(batch_op.f("ix_mail_due_at"))

    op.drop_table("mail")
    with op.batch_alter_table("journal", schema=None) as batch_op:
        batch_op.drop_index("ix_journal_room_at")
        batch_op.drop_index(batch_op.f("ix_journal_email"))
        batch_op.drop_index("ix_journal_booking_at")
        batch_op.drop_index(batch_op.f("ix_journal_at"))

    op.drop_table("journal")
    with op.batch_alter_table("intent", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_intent_finished_at"))
        batch_op.drop_index(batch_op.f("ix_intent_due_at"))
        batch_op.drop_index(batch_op.f("ix_intent_booking_id"))

    op.drop_table("intent")
    op.drop_table("cursor")
