"""The command `roombooker`: thin; each command builds the product and calls one service."""

import json
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from roombooker import __version__
from roombooker.errors import RoomBookerError

if TYPE_CHECKING:
    from roombooker.app import Product


@click.group()
@click.version_option(__version__)
def main() -> None:
    """Room Booker: TOPdesk rooms from the Outlook appointment you are writing, and both sides kept one."""


def product(*, upgrade: bool = True) -> "Product":
    """The product by this machine's settings; a problem with them is said in full and exits with 2."""
    from roombooker.app import build
    from roombooker.settings import load
    from roombooker.store.migrate import upgrade as upgrade_database

    try:
        built = build(load())
    except RoomBookerError as error:
        click.echo(error.message, err=True)
        sys.exit(2)
    if upgrade:
        upgrade_database(built.database)
    return built


def said(data: Any, *, as_json: bool, text: str) -> None:
    click.echo(json.dumps(data, ensure_ascii=False, indent=2) if as_json else text)


json_option = click.option("--json", "as_json", is_flag=True, help="For programs.")


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True)
@click.option("--with-worker", is_flag=True, help="The worker inside the one web process: small installations.")
@click.option("--certificate", type=click.Path(exists=True, path_type=Path), help="PEM; with --key, speak TLS.")
@click.option("--key", type=click.Path(exists=True, path_type=Path))
def serve(host: str, port: int, with_worker: bool, certificate: Path | None, key: Path | None) -> None:  # noqa: FBT001  click's way
    """The web process (gunicorn)."""
    from roombooker.serving import serve as serve_web
    from roombooker.settings import load

    try:
        settings = load()
    except RoomBookerError as error:
        click.echo(error.message, err=True)
        sys.exit(2)
    product()  # the database is brought up to date before anybody asks
    serve_web(settings, host=host, port=port, with_worker=with_worker, certificate=certificate, key=key)


@main.command()
def worker() -> None:
    """Jobs: finishes intents, follows notices, sweeps, renews. As many as you like, on as many machines as you like."""
    product().worker().run()


@main.command()
@click.option("--port", default=8000, show_default=True)
@click.option("--sandbox-port", default=8090, show_default=True)
@click.option("--sandbox-tls-port", default=8443, show_default=True)
@click.option("--reset", is_flag=True, help="Start afresh.")
@click.option("--tls", is_flag=True, help="The product on https too, with the sandbox's certificate authority.")
def demo(port: int, sandbox_port: int, sandbox_tls_port: int, reset: bool, tls: bool) -> None:  # noqa: FBT001  click's way
    """Everything on this machine, with stand-ins for TOPdesk, Exchange, Entra and Outlook."""
    from roombooker.demo import run

    sys.exit(run(port=port, sandbox_port=sandbox_port, sandbox_tls_port=sandbox_tls_port, reset=reset, tls=tls))


@main.command()
@click.option("--room", "rooms", multiple=True, help="Room id or mailbox; default all that are switched on.")
@click.option("--window", type=click.Choice(["near", "full"]), default="full", show_default=True)
@click.option("--dry-run", is_flag=True, help="Say what would be done; write nothing.")
@json_option
def sync(rooms: tuple[str, ...], window: str, dry_run: bool, as_json: bool) -> None:  # noqa: FBT001  click's way
    """Bring both sides of the rooms together now."""
    built = product()
    report = built.services.sync.run_now(rooms, near=window == "near", dry_run=dry_run)
    said(report, as_json=as_json, text=_sync_text(report))
    sys.exit(0 if report["ok"] else 1)


@main.command()
@click.option("--repair", is_flag=True, help="Bring together what differs.")
@click.option("--dry-run", is_flag=True, help="With --repair: only say what would be done.")
@json_option
def drift(repair: bool, dry_run: bool, as_json: bool) -> None:  # noqa: FBT001  click's way
    """Compare both sides now: exit 0 in step, 1 not, 2 could not tell."""
    built = product()
    try:
        if repair:
            built.services.sync.run_now((), near=False, dry_run=dry_run)
        report = built.drift()
    except RoomBookerError as error:
        said({"in_step": None, "checked": 0, "differences": [], "error": error.message}, as_json=as_json, text=error.message)
        sys.exit(2)
    said(report, as_json=as_json, text=_drift_text(report))
    sys.exit(0 if report["in_step"] else 1)


@main.command()
@click.option("--timeout", default=60.0, show_default=True, help="Seconds.")
def settle(timeout: float) -> None:
    """Run what is due until nothing is: exit 0, or 1 when time ran out."""
    sys.exit(0 if product().work.settle(timedelta(seconds=timeout)) else 1)


@main.command()
@json_option
def doctor(as_json: bool) -> None:  # noqa: FBT001  click's way
    """Test each connection, right and setting; name each fault and what to do."""
    report = product().doctor()
    lines = [
        f"{'ok  ' if c['ok'] else 'FAIL'}  {c['check']}" + ("" if c["ok"] else f"\n      {c['fault']}: {c['advice']}")
        for c in report["checks"]
    ]
    said(report, as_json=as_json, text="\n".join(lines))
    sys.exit(0 if report["ok"] else 1)


@main.command()
@json_option
def rebuild(as_json: bool) -> None:  # noqa: FBT001  click's way
    """Restore rooms, links, cursors and the index from the stamps on both sides; says what needs a backup."""
    report = product().rebuild()
    said(report, as_json=as_json, text="\n".join(report["lines"]))


@main.group()
def rooms() -> None:
    """The pairs of TOPdesk location and Exchange room."""


@rooms.command("list")
@json_option
def rooms_list(as_json: bool) -> None:  # noqa: FBT001  click's way
    """All pairs, whether they are on, and what is wrong with them."""
    listed = product().services.rooms.listed()
    text = "\n".join(
        f"{'on ' if r['enabled'] else 'off'}  {r['name']:<24} {r['mailbox']:<40} {r['building']}{'  ! ' + r['alarm'] if r['alarm'] else ''}"
        for r in listed
    )
    said({"rooms": listed}, as_json=as_json, text=text or "No rooms yet: roombooker rooms import")


@rooms.command("import")
@click.option("--branch", help="Only this TOPdesk branch.")
@click.option("--type", "room_type", help="Only this TOPdesk room type.")
@click.option("--csv", "file", type=click.Path(exists=True, path_type=Path), help="topdesk_location_id,mailbox,enabled")
@click.option("--enable", is_flag=True, help="Switch the imported rooms on.")
@json_option
def rooms_import(branch: str | None, room_type: str | None, file: Path | None, enable: bool, as_json: bool) -> None:  # noqa: FBT001
    """Read pairs from TOPdesk's location field that holds the mailbox, or from a CSV file."""
    service = product().services.rooms
    report = (
        service.import_csv(file.read_text(encoding="utf-8-sig"))
        if file
        else service.import_from_topdesk(branch=branch, room_type=room_type)
    )
    if enable:
        report["enabled"] = service.enable_all(report.get("ids"))
    said(report, as_json=as_json, text="\n".join(report["lines"]))


@rooms.command("export")
@click.option("--out", type=click.Path(path_type=Path), help="A file; default the terminal.")
def rooms_export(out: Path | None) -> None:
    """All pairs as CSV."""
    text = product().services.rooms.export_csv()
    if out:
        out.write_text(text, encoding="utf-8")
    else:
        click.echo(text, nl=False)


@rooms.command("match")
@click.option("--apply", "apply_", is_flag=True, help="Store the sure ones.")
@json_option
def rooms_match(apply_: bool, as_json: bool) -> None:  # noqa: FBT001  click's way
    """Suggest pairs by name, number and capacity."""
    report = product().services.rooms.match(apply=apply_)
    said(report, as_json=as_json, text="\n".join(report["lines"]) or "Nothing to match.")


@rooms.command("enable")
@click.argument("room", nargs=-1)
@click.option("--all", "every", is_flag=True)
@click.option("--preview", is_flag=True, help="Load both sides, show what matches, conflicts or is one-sided; write nothing.")
@json_option
def rooms_enable(room: tuple[str, ...], every: bool, preview: bool, as_json: bool) -> None:  # noqa: FBT001  click's way
    """Switch rooms on: what exists on both sides is adopted, never wiped."""
    report = product().services.sync.go_live(room, every=every, preview=preview)
    said(report, as_json=as_json, text="\n".join(report["lines"]))


@rooms.command("disable")
@click.argument("room", nargs=-1, required=True)
def rooms_disable(room: tuple[str, ...]) -> None:
    """Switch rooms off: both sides stay as they are."""
    for name in product().services.rooms.disable(room):
        click.echo(f"off  {name}")


@main.command()
@click.option("--base-url", required=True)
@click.option("--client-id", required=True)
@click.option("--out", type=click.Path(path_type=Path))
def manifest(base_url: str, client_id: str, out: Path | None) -> None:
    """The add-in's manifest for a deployment."""
    from roombooker.manifest import manifest_for

    try:
        text = manifest_for(base_url, client_id)
    except RoomBookerError as error:
        click.echo(error.message, err=True)
        sys.exit(2)
    if out:
        out.write_text(text, encoding="utf-8")
    else:
        click.echo(text, nl=False)


@main.group()
def db() -> None:
    """The database."""


@db.command("upgrade")
def db_upgrade() -> None:
    """Bring the tables up to date."""
    product()
    click.echo("The database is up to date.")


@main.command()
@json_option
def settings(as_json: bool) -> None:  # noqa: FBT001  click's way
    """Every setting: name, value or "secret", where it came from, meaning."""
    from roombooker.settings import describe

    found = [vars(origin) for origin in describe()]
    width = max(len(o["name"]) for o in found)
    text = "\n".join(f"{o['name']:<{width}}  {o['value'] or '-'}  ({o['source']})\n{'':<{width}}  {o['meaning']}" for o in found)
    said({"settings": found}, as_json=as_json, text=text)


@main.command("topdesk-events")
@click.option("--out", type=click.Path(path_type=Path))
def topdesk_events(out: Path | None) -> None:
    """The action-sequence export that an administrator imports into TOPdesk."""
    from roombooker.settings import load
    from roombooker.topdesk.events import action_sequence

    text = json.dumps(action_sequence(load().public_url), indent=2)
    if out:
        out.write_text(text + "\n", encoding="utf-8")
    else:
        click.echo(text)


def _sync_text(report: dict[str, Any]) -> str:
    lines = [f"{r['room']}: {r['said']}" for r in report["rooms"] if r["said"]]
    return "\n".join([*lines, report["summary"]])


def _drift_text(report: dict[str, Any]) -> str:
    lines = [f"{d['room']}  {d['slot']}  {d['kind']}: {d['reason']}" for d in report["differences"]]
    verdict = "In step" if report["in_step"] else f"{len(lines)} differences"
    return "\n".join([*lines, f"{verdict}; {report['checked']} bookings compared."])


if __name__ == "__main__":
    main()
