"""What the commands share: the product of this machine's settings, answers for people or programs, progress, failures in a sentence."""

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

from roombooker.errors import RoomBookerError

if TYPE_CHECKING:
    from roombooker.app import Product

Progress = Callable[[int, int], None]
json_option = click.option("--json", "as_json", is_flag=True, help="For programs.")


class Plainly(click.Group):
    """A failure that we have words for is said in them, and exits with 2; anything else is a defect and shows its trace."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except RoomBookerError as error:
            click.echo(error.message, err=True)
            sys.exit(2)


def product() -> "Product":
    """Built by this machine's settings, with its database brought up to date. SettingsError with all problems at once."""
    from roombooker.app import build
    from roombooker.settings import load
    from roombooker.store.migrate import upgrade

    built = build(load())
    upgrade(built.database)
    return built


def say(data: Any, *, as_json: bool, text: str) -> None:
    """JSON for programs, or the text; an empty text says nothing."""
    if as_json:
        click.echo(json.dumps(data, ensure_ascii=False, indent=2))
    elif text:
        click.echo(text)


@contextmanager
def progress(what: str, *, quiet: bool) -> Iterator[Progress]:
    """A bar on stderr, where somebody is watching."""
    from tqdm import tqdm

    with tqdm(desc=what, unit="", leave=False, disable=True if quiet else None, file=sys.stderr) as bar:

        def show(done: int, whole: int) -> None:
            bar.total = whole
            bar.update(done - bar.n)

        yield show


@contextmanager
def stoppable(advice: str) -> Iterator[None]:
    """Ctrl-C ends what is at hand and says how to go on, with a shell's own 130; a second one leaves it as a crash would."""
    stopped: list[int] = []

    def stop(number: int, _frame: FrameType | None) -> None:
        if stopped:
            os._exit(130)
        stopped.append(number)
        os.write(2, b"\nStopping: what is at hand is finished first; Ctrl-C again does not wait for it.\n")  # an echo may be under way
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield
    except KeyboardInterrupt:
        click.echo(f"Stopped. {advice}", err=True)
        sys.exit(130)
    finally:
        signal.signal(signal.SIGINT, before)
