"""One of the processes of a race: waits for the starting file, claims the slot that it is told, says whether it won.

Usage: python racer.py URL GO_FILE RACER ROUNDS"""

import sys
import time
from datetime import timedelta
from pathlib import Path

from factories import MORNING, make_room, slot_at
from roombooker.domain.booking import Booking, Side, Standing, new_match_key
from roombooker.store import claims, occupancy
from roombooker.store.db import open_database


def main(url: str, go: str, racer: str, rounds: int) -> None:
    """In every round all racers want overlapping slots; each stores its booking the moment after it has its claim."""
    database = open_database(url)
    room = make_room("Amber")
    print("ready", flush=True)
    while not Path(go).exists():
        time.sleep(0.001)
    for number in range(rounds):
        slot = slot_at(24 * number + (0.25 if racer == "b" else 0))
        key, intent = new_match_key(), f"{racer}-{number}"
        with database.write() as session:
            won = claims.claim(session, room, slot, intent_id=intent, match_key=key, at=MORNING)
        if won:
            stored = Booking(side=Side.TOPDESK, ref=key, place=room.location_id, room_id=room.id, slot=slot, standing=Standing.PLANNED,
                             version="1", match_key=key)  # fmt: skip
            with database.write() as session:
                occupancy.put(session, room, stored, seen_at=MORNING + timedelta(days=1))
                claims.release(session, intent)
        print(number, int(won), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
