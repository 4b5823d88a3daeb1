"""The rights that can be taken away from Room Booker, by the names that /control/rights knows."""

from roombooker_sandbox.world import OPTIONAL_RIGHTS, World

TOPDESK = (
    "rest_api", "locations", "persons", "person_groups", "reservations_read", "reservations_write", "cancellation_reasons", "rejection_reasons", "branches",
)  # fmt: skip
GRAPH = ("Place.Read.All", "User.Read.All", "Calendars", "Calendars.ReadWrite", "MailboxSettings.Read", "Mail.Send", *OPTIONAL_RIGHTS)


def unknown_rights(world: World, names: list[str]) -> list[str]:
    """Those of `names` that mean nothing here.

    Besides the fixed names: `mailbox:<address>` puts a mailbox outside the app's scope, `write:<address>` leaves it readable only;
    `branch:<name>` and `room_type:<name>` hide what carries that name by a filter of the permission group. `Calendars.ReadWrite`
    leaves reading; `people_calendars` is the optional scope on people's mailboxes, which is only there once restored.
    """
    branches = {building.name for building in world.directory.buildings}
    known = {*TOPDESK, *GRAPH, *(f"branch:{name}" for name in branches)}
    mailboxes = {room.mailbox for room in world.directory.rooms} | {person.mail for person in world.directory.people}
    known |= {f"{kind}:{address}" for kind in ("mailbox", "write") for address in mailboxes}
    return [name for name in names if _plain(name) not in known and not (name.startswith("room_type:") and name != "room_type:")]


def remove_rights(world: World, names: list[str]) -> None:
    world.removed_rights.update(map(_plain, names))


def restore_rights(world: World, names: list[str]) -> None:
    world.removed_rights.difference_update(map(_plain, names))


def usual_rights(world: World) -> None:
    """As at the start: everything but the optional ones is granted."""
    world.removed_rights.clear()
    world.removed_rights.update(OPTIONAL_RIGHTS)


def _plain(name: str) -> str:
    return name.lower() if name.lower().startswith(("mailbox:", "write:")) else name
