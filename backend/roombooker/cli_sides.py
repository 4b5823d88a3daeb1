"""`roombooker sync`, `drift`, `settle`, `doctor`, `rebuild`, `people`: about both sides, and what we keep of them."""

import sys
from datetime import timedelta
from typing import Any

import click

from roombooker.console import json_option, product, progress, say, stoppable
from roombooker.errors import RoomBookerError


@click.command()
@click.option("--room", "rooms", multiple=True, help="Room id or mailbox; default all that are switched on.")
@click.option("--window", type=click.Choice(["near", "full"]), default="full", show_default=True)
@click.option("--dry-run", is_flag=True, help="Say what would be done; write to neither side.")
@json_option
def sync(rooms: tuple[str, ...], window: str, dry_run: bool, as_json: bool) -> None:  # noqa: FBT001  click's way
    """Bring both sides of the rooms together now: exit 0, or 1 where something must be tried again."""
    service = product().services.on_request
    with progress("Reading both sides", quiet=as_json) as show:
        report = service.run(rooms, near=window == "near", dry_run=dry_run, progress=show)
    say(report, as_json=as_json, text=_sync_text(report))
    sys.exit(0 if report["ok"] else 1)


@click.command()
@click.option("--repair", is_flag=True, help="Bring together what differs, then compare.")
@click.option("--dry-run", is_flag=True, help="With --repair: only say what would be done.")
@json_option
def drift(repair: bool, dry_run: bool, as_json: bool) -> None:  # noqa: FBT001  click's way
    """Compare both sides now: exit 0 in step, 1 not, 2 could not tell."""
    if dry_run and not repair:
        raise click.UsageError("--dry-run goes with --repair.")
    built = product()
    try:
        repaired = built.services.on_request.run(dry_run=dry_run) if repair else None
        with progress("Comparing both sides", quiet=as_json) as show:
            report = built.services.drift.compare(show) | ({"repair": repaired} if repaired else {})
    except RoomBookerError as error:
        report = {"in_step": None, "checked": 0, "differences": [], "unknown": [{"room": "", "reason": error.message}]}
        repaired = None
    text = "\n".join([*([_sync_text(repaired)] if repaired else []), _drift_text(report)])
    say(report, as_json=as_json, text=text)
    sys.exit({True: 0, False: 1, None: 2}[report["in_step"]])


@click.command()
@click.option("--timeout", default=60.0, show_default=True, help="Seconds.")
def settle(timeout: float) -> None:
    """Run what is due until nothing is: exit 0, or 1 when time ran out."""
    work = product().work
    if not work.settle(timedelta(seconds=timeout)):
        left = ", ".join(f"{count} {name}" for name, count in work.waiting().items())
        click.echo(f"Not settled within {timeout:g} s: {left or 'nothing by now'}.", err=True)
        sys.exit(1)


@click.command()
@json_option
def doctor(as_json: bool) -> None:  # noqa: FBT001  click's way
    """Test each connection, right and setting; name each fault and what to do: exit 0, or 1 where there is one."""
    report = product().services.doctor.examine()
    lines = [
        f"{'ok  ' if c['ok'] else 'FAIL'}  {c['check']}" + ("" if c["ok"] else f"\n      {c['fault']}: {c['advice']}")
        for c in report["checks"]
    ]
    say(report, as_json=as_json, text="\n".join(lines))
    sys.exit(0 if report["ok"] else 1)


@click.command()
@click.option("--enable-all", is_flag=True, help="Switch every pair on, not only those that bear our stamps.")
@json_option
def rebuild(enable_all: bool, as_json: bool) -> None:  # noqa: FBT001  click's way
    """Restore rooms, links, cursors and the index from the stamps on both sides; says what needs a backup. Exit 1 where a room is not whole."""
    service = product().services.rebuild
    with stoppable("What is restored stays; run `roombooker rebuild` again for the rest."), progress("Rebuilding", quiet=as_json) as show:
        report = service.run(enable_all=enable_all, progress=show)
    say(report, as_json=as_json, text="\n".join(report["lines"]))
    sys.exit(1 if report["failed"] else 0)


@click.group()
def people() -> None:
    """One person's data."""


@people.command("export")
@click.argument("email")
def export_person(email: str) -> None:
    """All that is kept about an address, as JSON."""
    say(product().services.retention.export(email), as_json=True, text="")


@people.command("erase")
@click.argument("email")
@json_option
def erase_person(email: str, as_json: bool) -> None:  # noqa: FBT001  click's way
    """Forget an address, except in bookings that are still ahead."""
    report = product().services.retention.erase(email)
    say(report, as_json=as_json, text="\n".join(report["lines"]))


def _sync_text(report: dict[str, Any]) -> str:
    lines = []
    for room in report["rooms"]:
        lines += [f"{room['room']}: {words}" for words in room["planned"]]
        lines += [f"{room['room']}: ! {room['stopped']}"] if room["stopped"] else []
        lines += [f"{room['room']}: ! {room['failed']} to be tried again"] if room["failed"] else []
    return "\n".join([*lines, *(f"! {p}" for p in report["problems"]), report["summary"]])


def _drift_text(report: dict[str, Any]) -> str:
    lines = [f"{d['room']}  {d['slot']}  {d['kind']}: {d['reason']}" for d in report["differences"]]
    lines += [f"{c['room']}  {c['slot']}  {c['reason']}" for c in report.get("conflicting", ())]
    lines += [f"! {u['room']}: {u['reason']}" if u["room"] else f"! {u['reason']}" for u in report["unknown"]]
    count = len(report["differences"])
    verdict = {True: "In step", False: f"{count} difference{'' if count == 1 else 's'}", None: "Could not tell"}[report["in_step"]]
    return "\n".join([*lines, f"{verdict}; {report['checked']} bookings compared."])
