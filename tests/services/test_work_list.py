"""What an administrator chooses on the work list leaves both sides one."""

from factories import booking_request, slot_at
from people import ALICE, CAROL, caller
from roombooker.services.worklist import WorkList
from services.twin import Twin


def test_declining_the_meeting_of_a_booking_from_the_pane_gives_its_moved_reservation_a_meeting_of_the_rooms_own(twin: Twin) -> None:
    """Found by chaos, seed 22: the link was taken for a booking whose appointment has yet to come, and waited for it for ever."""
    twin.bookings.book(caller(ALICE), "key-0001", booking_request(twin.amber))
    twin.exchange.invite(twin.amber, slot_at(), ALICE)
    twin.follow(twin.amber)
    twin.noticed(twin.topdesk.edit(twin.reservations()[0].ref, slot=slot_at(2)))
    work_list = WorkList(database=twin.database, facilities=twin.topdesk, meetings=twin.exchange, sync=twin.sync, clock=twin.clock)
    [item] = work_list.listed(kind="moved_in_topdesk")
    work_list.settle(caller(CAROL), item["id"], "decline_meeting")
    twin.sweep()
    assert twin.slots() == ([slot_at(2)], [slot_at(2)])
    assert twin.is_quiet()
