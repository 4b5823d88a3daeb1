"""`python tests/bench [name …]`: runs every bench_*.py (or those named), prints a table of ratios, writes var/bench.json."""

import importlib
import json
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent)]

from result import Result  # noqa: E402  after the path is laid

_TARGET = Path("var/bench.json")


def main(names: list[str]) -> int:
    """0 where every limit holds. What was not run keeps its old result in the file."""
    modules = sorted(path.stem for path in Path(__file__).parent.glob("bench_*.py"))
    results: list[Result] = []
    for name in modules:
        if not names or name.removeprefix("bench_") in names:
            results += importlib.import_module(name).run()
    _write(results)
    width = max((len(result.name) for result in results), default=10)
    for result in results:
        limit = f"{result.limit:g}x" if result.limit is not None else "-"
        verdict = "ok" if result.ok else "TOO SLOW"
        print(f"{result.name:<{width}}  {result.ratio:8.2f}x  limit {limit:>6}  {verdict:<8}  {result.detail}")
    return 0 if all(result.ok for result in results) else 1


def _write(results: list[Result]) -> None:
    old = json.loads(_TARGET.read_text()) if _TARGET.exists() else []
    fresh = {result.name for result in results}
    _TARGET.parent.mkdir(parents=True, exist_ok=True)
    kept = [entry for entry in old if entry["name"] not in fresh]
    _TARGET.write_text(json.dumps(kept + [result.json() for result in results], indent=1) + "\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
