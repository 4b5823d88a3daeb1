"""`python -m tests.chaos --seed 1..20 --operations 500 [--database sqlite|postgres] [--replay var/chaos/seed-3.json]`."""

import argparse
import sys
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1])]

from chaos.history import draw_history, read_history  # noqa: E402  the path above comes first
from chaos.run import Verdict, run_history  # noqa: E402


def main() -> int:
    """0 where every history ended with both sides one."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", default="1", help="a number, or a range such as 1..20")
    parser.add_argument("--operations", type=int, default=500)
    parser.add_argument("--database", choices=("sqlite", "postgres", "both"), default="both", help="both: even seeds on PostgreSQL")
    parser.add_argument("--patience", type=float, default=240, help="seconds that the world may take to settle")
    parser.add_argument("--replay", type=Path, help="a file of an earlier run, perhaps cut down by hand")
    parser.add_argument("--out", type=Path, default=Path("var/chaos"))
    asked = parser.parse_args()
    verdicts: list[Verdict] = []
    for seed in _seeds(asked.seed):
        database = asked.database if asked.database != "both" else ("postgres" if seed % 2 == 0 else "sqlite")
        history = read_history(asked.replay) if asked.replay else draw_history(seed, asked.operations)
        verdict = run_history(seed, history, database=database, patience_s=asked.patience, out=asked.out)
        verdicts.append(verdict)
        print(time.strftime("%H:%M:%S"), verdict, flush=True)
        for finding in verdict.findings:
            print(f"    {finding}", flush=True)
    good = sum(v.is_good for v in verdicts)
    print(f"{good} of {len(verdicts)} histories ended as one; {sum(v.operations for v in verdicts)} operations.")
    return 0 if good == len(verdicts) else 1


def _seeds(text: str) -> range:
    first, _, last = text.partition("..")
    return range(int(first), int(last or first) + 1)


if __name__ == "__main__":
    sys.exit(main())
