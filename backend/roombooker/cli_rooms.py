"""`roombooker rooms …`: pairs of TOPdesk location and Exchange room."""

import sys
from pathlib import Path

import click

from roombooker.console import json_option, product, progress, say, stoppable

_GO_ON = "Rooms that are on stay on and are loaded by a worker; the same command goes on where it was. `roombooker rooms list` shows them."


@click.group()
def rooms() -> None:
    """The pairs of TOPdesk location and Exchange room."""


@rooms.command("list")
@json_option
def list_rooms(as_json: bool) -> None:  # noqa: FBT001  click's way
    """All pairs, whether they are on, and what is wrong with them."""
    listed = product().services.rooms.listed()
    text = "\n".join(
        f"{'on ' if r['enabled'] else 'off'}  {r['name']:<24} {r['mailbox']:<40} {r['building']}{'  ! ' + r['alarm'] if r['alarm'] else ''}"
        for r in listed
    )
    say({"rooms": listed}, as_json=as_json, text=text or "No rooms yet: roombooker rooms import")


@rooms.command("import")
@click.option("--branch", help="Only this TOPdesk branch.")
@click.option("--type", "room_type", help="Only this TOPdesk room type.")
@click.option("--csv", "file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="topdesk_location_id,mailbox,enabled")
@click.option("--enable", is_flag=True, help="Switch the imported rooms on.")
@json_option
def import_rooms(branch: str | None, room_type: str | None, file: Path | None, enable: bool, as_json: bool) -> None:  # noqa: FBT001
    """Read pairs from TOPdesk's location field that holds the mailbox, or from a CSV file."""
    if file and (branch or room_type):
        raise click.UsageError("--csv names its rooms itself; leave --branch and --type out.")
    service = product().services.rooms
    report = (
        service.import_csv(file.read_text(encoding="utf-8-sig"))
        if file
        else service.import_from_topdesk(branch=branch, room_type=room_type)
    )
    if enable:
        report["enabled"] = service.enable_all(report["ids"])
        report["lines"].append(f"{report['enabled']} switched on")
    say(report, as_json=as_json, text="\n".join(report["lines"]))


@rooms.command("export")
@click.option("--out", type=click.Path(path_type=Path), help="A file; default the terminal.")
def export(out: Path | None) -> None:
    """All pairs as CSV."""
    text = product().services.rooms.export_csv()
    if out:
        out.write_text(text, encoding="utf-8")
    else:
        click.echo(text, nl=False)


@rooms.command("match")
@click.option("--apply", "apply_", is_flag=True, help="Store the sure ones.")
@json_option
def match(apply_: bool, as_json: bool) -> None:  # noqa: FBT001  click's way
    """Suggest pairs by name, number and capacity."""
    report = product().services.rooms.match(apply=apply_)
    say(report, as_json=as_json, text="\n".join(report["lines"]) or "Nothing to match.")


@rooms.command("enable")
@click.argument("room", nargs=-1)
@click.option("--all", "every", is_flag=True, help="All pairs that are not broken.")
@click.option("--preview", is_flag=True, help="Load both sides, show what matches, conflicts or is one-sided; write nothing.")
@json_option
def enable_rooms(room: tuple[str, ...], every: bool, preview: bool, as_json: bool) -> None:  # noqa: FBT001  click's way
    """Switch rooms on (id or mailbox): what exists on both sides is adopted, never wiped."""
    if not room and not every:
        raise click.UsageError("Name rooms by id or mailbox, or say --all.")
    golive = product().services.golive
    if preview:
        with stoppable("Nothing was written."), progress("Reading both sides", quiet=as_json) as show:
            report = golive.preview_all(room, every=every, progress=show)
    else:
        with stoppable(_GO_ON), progress("Loading both sides", quiet=as_json) as show:
            report = golive.enable(room, every=every, progress=show, is_patient=True)
    say(report, as_json=as_json, text="\n".join(report["lines"]))
    sys.exit(0 if report["ok"] else 1)


@rooms.command("disable")
@click.argument("room", nargs=-1, required=True)
@json_option
def disable(room: tuple[str, ...], as_json: bool) -> None:  # noqa: FBT001  click's way
    """Switch rooms off: both sides stay as they are."""
    names = product().services.golive.disable(room)
    say({"disabled": names}, as_json=as_json, text="\n".join(f"off  {name}" for name in names))


@rooms.command("set")
@click.argument("room")
@click.argument("rule", nargs=-1, required=True)
@json_option
def set_policy(room: str, rule: tuple[str, ...], as_json: bool) -> None:  # noqa: FBT001  click's way
    """Set rules of a room (its id or mailbox), for example: series_mode=series cancellation=manual."""
    if wrong := [one for one in rule if "=" not in one]:
        raise click.UsageError(f"{wrong[0]!r} is no name=value.")
    report = product().services.rooms.set_policy(room, dict(one.split("=", 1) for one in rule))
    text = "\n".join(f"{name} = {'none' if value is None else str(value).lower()}" for name, value in report["policy"].items())
    say(report, as_json=as_json, text=f"{report['name']}\n{text}")
