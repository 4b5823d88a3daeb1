"""Where several web processes of one machine keep their counters, so that /metrics adds them up whichever of them answers."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

FOLDER = "PROMETHEUS_MULTIPROC_DIR"  # prometheus-client's own name; it looks only once, when it is imported


def prepare() -> Path:
    """Call before anything imports prometheus-client, in the process that forks the others. What an earlier run left is removed."""
    given = os.environ.get(FOLDER)
    folder = Path(given) if given else Path(tempfile.mkdtemp(prefix="roombooker-metrics-"))
    folder.mkdir(parents=True, exist_ok=True)
    for left in folder.glob("*.db"):
        left.unlink()
    if not given:
        os.environ[FOLDER] = str(folder)
        atexit.register(_remove, folder, os.getpid())
    return folder


def _remove(folder: Path, owner: int) -> None:
    if os.getpid() == owner:  # the children inherit this, and are not the ones to do it
        shutil.rmtree(folder, ignore_errors=True)
