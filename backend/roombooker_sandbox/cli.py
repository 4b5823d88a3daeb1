"""The command `roombooker-sandbox`: serve the stand-ins, and print the settings that point the product at them."""

import logging
import signal
import threading
from pathlib import Path

import click
from click.core import ParameterSource

from roombooker_sandbox.seed import OtherEstate
from roombooker_sandbox.serving import Serving
from roombooker_sandbox.tls import app_certificate, authority_file, server_files
from roombooker_sandbox.world import CLIENT_ID, CLIENT_SECRET, HOOK_SECRET, OPERATOR_LOGIN, OPERATOR_PASSWORD, TENANT_ID, Options

_DEFAULT = Options()
_PORT = click.IntRange(0, 65535)


@click.group()
def main() -> None:
    """Stand-ins for TOPdesk, Exchange (Microsoft Graph) and Entra on this machine."""


@main.command()
@click.option("--host", default=_DEFAULT.host, show_default=True, help="Address to listen on.")
@click.option("--port", default=_DEFAULT.port, show_default=True, type=_PORT, help="Port for http; 0 takes a free one.")
@click.option("--tls-port", type=_PORT, help="Also listen with TLS here (msal and Outlook want https).")
@click.option("--rooms", default=_DEFAULT.rooms, show_default=True, type=click.IntRange(1, 100_000))
@click.option("--people", default=_DEFAULT.people, show_default=True, type=click.IntRange(5, 1_000_000))
@click.option("--seed", default=_DEFAULT.seed, show_default=True, help="Another number, another Contoso.")
@click.option("--per-day", default=_DEFAULT.per_day, show_default=True, type=click.IntRange(0, 20), help="Meetings per room and day.")
@click.option("--days", default=_DEFAULT.days, show_default=True, type=click.IntRange(0, 800), help="Days with meetings.")
@click.option("--state", type=click.Path(path_type=Path, dir_okay=False), help="Keep the data in this SQLite file; without it, in memory.")
@click.option("--product-url", default=_DEFAULT.product_url, show_default=True, help="Where Room Booker answers.")
@click.option("--certificates", default=_DEFAULT.certificates, show_default=True, type=click.Path(path_type=Path, file_okay=False))
@click.pass_context
def serve(context: click.Context, /, **given: object) -> None:
    """Serve until Ctrl-C or SIGTERM."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    asked = frozenset(name for name in given if context.get_parameter_source(name) is not ParameterSource.DEFAULT)
    try:
        serving = Serving(Options(**given), asked)  # type: ignore[arg-type]
    except OtherEstate as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(f"cannot listen on {given['host']}:{given['port']} / {given['tls_port']}: {error}") from error
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    serving.start()
    addresses = serving.url + (f" and {serving.tls_url}" if serving.world.options.tls_port is not None else "")
    click.echo(f"roombooker-sandbox ready on {addresses}")
    stop.wait()
    serving.stop()


@main.command()
@click.option("--port", default=_DEFAULT.port, show_default=True, type=_PORT)
@click.option("--tls-port", default=8443, show_default=True, type=_PORT)
@click.option("--product-url", default=_DEFAULT.product_url, show_default=True)
@click.option("--certificates", default=_DEFAULT.certificates, show_default=True, type=click.Path(path_type=Path, file_okay=False))
@click.option("--with-certificate", is_flag=True, help="Prove the app by its certificate instead of its secret.")
def env(port: int, tls_port: int, product_url: str, certificates: Path, *, with_certificate: bool) -> None:
    """Print the ROOMBOOKER_ settings that point the product at a sandbox on these ports."""
    for line in settings_lines(port, tls_port, product_url, certificates, with_certificate=with_certificate):
        click.echo(line)


def settings_lines(port: int, tls_port: int, product_url: str, certificates: Path, *, with_certificate: bool = False) -> list[str]:
    """ "NAME=value" lines, good for a `.env` file and for `export`; makes the certificates where they are missing."""
    server_files(certificates)
    settings = {
        "TOPDESK_URL": f"http://localhost:{port}/topdesk",
        "TOPDESK_USERNAME": OPERATOR_LOGIN,
        "TOPDESK_PASSWORD": OPERATOR_PASSWORD,
        "TOPDESK_PERSON": "room.booker@contoso.example",
        "TOPDESK_MAILBOX_FIELD": "optionalFields1.text1",
        "TOPDESK_HOOK_SECRET": HOOK_SECRET,
        "ENTRA_TENANT_ID": TENANT_ID,
        "ENTRA_CLIENT_ID": CLIENT_ID,
        "ENTRA_AUTHORITY": f"https://localhost:{tls_port}/entra",
        "GRAPH_URL": f"http://localhost:{port}/graph/v1.0",
        "CA_FILE": str(authority_file(certificates).absolute()),
        "PUBLIC_URL": product_url,
    }
    if with_certificate:
        settings["ENTRA_CERTIFICATE_FILE"] = str(app_certificate(certificates).absolute())
    else:
        settings["ENTRA_CLIENT_SECRET"] = CLIENT_SECRET
    return [f"ROOMBOOKER_{name}={value}" for name, value in settings.items()]


if __name__ == "__main__":
    main()
