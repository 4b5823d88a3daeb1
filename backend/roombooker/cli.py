"""The command `roombooker`: thin; each command builds the product and calls one service. Nothing heavy is imported for --help."""

import json
import sys
import time
from pathlib import Path

import click

from roombooker import __version__, cli_sides
from roombooker.cli_rooms import rooms
from roombooker.console import Plainly, json_option, product, say


@click.group(cls=Plainly)
@click.version_option(__version__)
def main() -> None:
    """Room Booker: TOPdesk rooms from the Outlook appointment you are writing, and both sides kept one."""


main.add_command(rooms)
for _command in (cli_sides.sync, cli_sides.drift, cli_sides.settle, cli_sides.doctor, cli_sides.rebuild, cli_sides.people):
    main.add_command(_command)


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True)
@click.option("--with-worker", is_flag=True, help="The worker inside the one web process: small installations.")
@click.option("--certificate", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="PEM; with --key, speak TLS.")
@click.option("--key", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def serve(host: str, port: int, with_worker: bool, certificate: Path | None, key: Path | None) -> None:  # noqa: FBT001  click's way
    """The web process (gunicorn)."""
    from roombooker import counters

    if (certificate is None) != (key is None):
        raise click.UsageError("--certificate and --key go together.")
    counters.prepare()
    from roombooker.serving import serve as serve_web

    built = product()  # the database is brought up to date before anybody asks
    built.database.engine.dispose()
    serve_web(built.settings, host=host, port=port, with_worker=with_worker, certificate=certificate, key=key)


@main.command()
@click.option("--metrics-host", default="127.0.0.1", show_default=True)
@click.option("--metrics-port", type=click.IntRange(1, 65535), help="Tell Prometheus here what this process counts; default nowhere.")
def worker(metrics_host: str, metrics_port: int | None) -> None:
    """Jobs: finishes intents, follows notices, sweeps, renews. As many as you like, on as many machines as you like."""
    built = product()
    if metrics_port is not None:
        from prometheus_client import start_http_server

        try:
            start_http_server(metrics_port, metrics_host)
        except OSError as error:
            raise click.ClickException(f"Nothing can be told at {metrics_host}:{metrics_port}: {error.strerror}.") from None
    built.worker().run()


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
@click.option("--base-url", required=True, help="Where this deployment is, as Outlook sees it: https://…")
@click.option("--client-id", required=True, help="Room Booker's application (client) id in Entra.")
@click.option("--out", type=click.Path(path_type=Path), help="A file; default the terminal.")
def manifest(base_url: str, client_id: str, out: Path | None) -> None:
    """The add-in's manifest for a deployment."""
    from roombooker.manifest import manifest_for

    _write(manifest_for(base_url, client_id), out)


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
    """Every setting: name, value or "secret", where it came from, meaning. Works with settings that are wrong, too."""
    from roombooker.settings import describe

    found = [vars(origin) for origin in describe()]
    text = "\n".join(f"{o['name']}\n    {o['value'] or '-'}  ({o['source']})\n    {o['meaning']}" for o in found)
    say({"settings": found}, as_json=as_json, text=text)


@main.command("topdesk-events")
@click.option("--out", type=click.Path(path_type=Path), help="A file; default the terminal.")
def topdesk_events(out: Path | None) -> None:
    """The action-sequence export that an administrator imports into TOPdesk."""
    from roombooker.app import topdesk_action_sequence
    from roombooker.settings import load

    _write(json.dumps(topdesk_action_sequence(load(), exported_at_ms=int(time.time() * 1000)), indent=2) + "\n", out)


def _write(text: str, out: Path | None) -> None:
    if out:
        out.write_text(text, encoding="utf-8")
    else:
        click.echo(text, nl=False)


if __name__ == "__main__":
    main()
