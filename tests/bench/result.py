"""What a benchmark says: a ratio measured in one run, and the limit that it must keep."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Result:
    name: str
    ratio: float
    limit: float | None  # None: reported, not judged
    detail: str = ""
    at_least: bool = False  # the limit must be reached, not kept
    unit: str = "x"

    @property
    def ok(self) -> bool:
        if self.limit is None:
            return True
        return self.ratio >= self.limit if self.at_least else self.ratio <= self.limit

    def json(self) -> dict[str, Any]:
        return asdict(self) | {"ratio": round(self.ratio, 3), "ok": self.ok}
