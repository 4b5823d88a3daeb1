"""`python -m tests.bench [--quick] [name …]`: runs every bench_*.py (or those named), prints a table of ratios, writes var/bench.json."""

import importlib
import json
import sys
from inspect import signature
from pathlib import Path
from time import perf_counter
from types import ModuleType

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent)]

from result import Result  # noqa: E402  after the path is laid

_TARGET = Path("var/bench.json")


def main(arguments: list[str]) -> int:
    """0 where every limit holds. What was not run keeps its old result in the file. `--quick`: smaller estates, fewer rounds."""
    quick, names = "--quick" in arguments, [name for name in arguments if not name.startswith("-")]
    modules = sorted(path.stem for path in Path(__file__).parent.glob("bench_*.py"))
    results: list[Result] = []
    for name in modules:
        if not names or name.removeprefix("bench_") in names:
            began = perf_counter()
            print(f"{name.removeprefix('bench_')} ...", file=sys.stderr, flush=True)
            results += _run(importlib.import_module(name), quick=quick)
            print(f"  {perf_counter() - began:.0f} s", file=sys.stderr, flush=True)
    _write(results)
    width = max((len(result.name) for result in results), default=10)
    for result in results:
        bound = "at least" if result.at_least else "at most"
        limit = f"{bound} {result.limit:g}{result.unit}" if result.limit is not None else "-"
        verdict = "ok" if result.ok else "MISSED"
        value = f"{result.ratio:,.2f}{result.unit}"
        print(f"{result.name:<{width}}  {value:>12}  {limit:<17}  {verdict:<6}  {result.detail}")
    return 0 if all(result.ok for result in results) else 1


def _run(module: ModuleType, *, quick: bool) -> list[Result]:
    found: list[Result] = module.run(quick=quick) if "quick" in signature(module.run).parameters else module.run()
    return found


def _write(results: list[Result]) -> None:
    old = json.loads(_TARGET.read_text()) if _TARGET.exists() else []
    fresh = {result.name for result in results}
    _TARGET.parent.mkdir(parents=True, exist_ok=True)
    kept = [entry for entry in old if entry["name"] not in fresh]
    _TARGET.write_text(json.dumps(kept + [result.json() for result in results], indent=1) + "\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
