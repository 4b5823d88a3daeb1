"""One of the two processes of a race: the product's own booking service over a real TOPdesk stand-in, pressing Book round by round.

Usage: python racer.py MAIL RACES; the settings are in the environment. Each line on stdin is "N ROOM START", a race to begin now; each
line on stdout is "N STATUS" with 201, 409 or what went wrong."""

import sys
from datetime import UTC, datetime, timedelta

from roombooker.app import build
from roombooker.domain.caller import Caller
from roombooker.errors import RoomBookerError
from roombooker.settings import load


def main(mail: str) -> None:
    product = build(load())
    caller = Caller("11111111-1111-4111-8111-111111111111", f"racer {mail}", mail, mail, frozenset())
    bookings = product.services.bookings
    print("ready", flush=True)
    for line in sys.stdin:
        number, room, start = line.split()
        begin = datetime.fromisoformat(start).astimezone(UTC)
        body = {
            "rooms": [room], "start": begin, "end": begin + timedelta(minutes=30), "subject": f"Race {number}", "organizer": mail,
            "attendees": 1, "private": False,
        }  # fmt: skip
        try:
            said = str(bookings.book(caller, f"{mail}-{number}", body)[0])
        except RoomBookerError as error:
            said = str(error.status) if error.code == "slot_taken" else f"{error.code}:{error.message}".replace(" ", "_")
        print(number, said, flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
