"""A process of its own that switches rooms on for the first time and tells where the time went; the settings are in the environment."""

import json
import resource
import sys
from time import perf_counter, process_time
from typing import Any

from roombooker import app, settings


def main(names: list[str]) -> dict[str, Any]:
    """`waiting`: seconds in which at least one answer of either side was awaited."""
    calls: list[tuple[float, float]] = []

    def note(_side: str, _method: str, _route: str, _status: int | None, seconds: float) -> None:
        now = perf_counter()
        calls.append((now - seconds, now))

    app._measure = note
    product = app.build(settings.load())
    began, worked = perf_counter(), process_time()
    report = product.services.golive.enable(names, every=not names)
    whole = perf_counter() - began
    product.database.engine.dispose()
    return {
        "seconds": whole, "waiting": _covered(calls), "calls": len(calls), "cpu": process_time() - worked, "rooms": len(report["rooms"]),
        "adopted": sum(room.get("adopted", 0) for room in report["rooms"]), "made": sum(room.get("made", 0) for room in report["rooms"]),
        "held": sum(room.get("for_the_work_list", 0) for room in report["rooms"]), "failed": sum(room.get("failed", 0) for room in report["rooms"]),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }  # fmt: skip


def _covered(calls: list[tuple[float, float]]) -> float:
    """Seconds within at least one of them."""
    total, until = 0.0, float("-inf")
    for start, end in sorted(calls):
        total += max(0.0, end - max(start, until))
        until = max(until, end)
    return total


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1:])))
