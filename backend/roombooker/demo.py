"""`make demo`: the stand-ins and the product, started in order, stopped together."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import click
import requests

STATE = Path("var/demo")
_WAIT_S = 60


def run(*, port: int, sandbox_port: int, sandbox_tls_port: int, reset: bool, tls: bool) -> int:
    """Blocks until Ctrl-C, or until one of the two processes ends."""
    if reset and STATE.exists():
        shutil.rmtree(STATE)
    STATE.mkdir(parents=True, exist_ok=True)
    product_url = f"{'https' if tls else 'http'}://localhost:{port}"
    certificates = STATE / "tls"
    here = ["--port", str(sandbox_port), "--tls-port", str(sandbox_tls_port), "--certificates", str(certificates)]
    click.echo("Starting the stand-ins for TOPdesk, Exchange and Entra ...")
    sandbox = subprocess.Popen(  # noqa: S603  our own command
        [_command("roombooker-sandbox"), "serve", *here, "--state", str(STATE / "sandbox.db"), "--product-url", product_url],
        stdout=subprocess.DEVNULL,
    )
    processes = [sandbox]
    try:
        _wait_for(f"http://localhost:{sandbox_port}/control", sandbox)
        environment = _environment(here, product_url, sandbox_port)
        fresh = not (STATE / "roombooker.db").exists()
        if fresh:
            click.echo("Pairing the rooms and loading both calendars ...")
            _roombooker(["rooms", "import", "--enable"], environment)
            _roombooker(["sync", "--window", "full"], environment)
        web = [_command("roombooker"), "serve", "--port", str(port), "--with-worker"]
        if tls:
            web += ["--certificate", str(certificates / "server.pem"), "--key", str(certificates / "server.key")]
        product = subprocess.Popen(web, env=environment)  # noqa: S603  our own command
        processes.append(product)
        _wait_for(f"{product_url}/healthz", product, certificates / "ca.pem")
        _say(product_url, sandbox_port)
        return _until_one_ends(processes)
    finally:
        for process in processes:
            _stop(process)


def _environment(here: list[str], product_url: str, sandbox_port: int) -> dict[str, str]:
    """The sandbox's own lines, and where this demo keeps its state."""
    printed = subprocess.run([_command("roombooker-sandbox"), "env", *here], capture_output=True, text=True, check=True).stdout  # noqa: S603  our own command
    lines = dict(line.split("=", 1) for line in printed.splitlines() if line.startswith("ROOMBOOKER_"))
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("ROOMBOOKER_")}
    return inherited | lines | {
        "ROOMBOOKER_DATABASE_URL": f"sqlite:///{STATE / 'roombooker.db'}",
        "ROOMBOOKER_PUBLIC_URL": product_url,
        "ROOMBOOKER_OFFICE_JS_URL": f"http://localhost:{sandbox_port}/outlook/office.js",
        "ROOMBOOKER_FRAME_ANCESTORS": f"http://localhost:{sandbox_port} https://localhost:*",
        "ROOMBOOKER_LOG_LEVEL": os.environ.get("ROOMBOOKER_LOG_LEVEL", "warning"),
    }  # fmt: skip


def _roombooker(arguments: list[str], environment: dict[str, str]) -> None:
    subprocess.run([_command("roombooker"), *arguments], env=environment, check=True, stdout=subprocess.DEVNULL)  # noqa: S603  our own command


def _command(name: str) -> str:
    return str(Path(sys.executable).parent / name)


def _wait_for(url: str, process: "subprocess.Popen[bytes]", ca_file: Path | None = None) -> None:
    deadline = time.monotonic() + _WAIT_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise SystemExit(f"A part of the demo ended while it was starting (exit {process.returncode}). Is its port in use?")
        try:
            if requests.get(url, timeout=2, verify=str(ca_file) if ca_file and url.startswith("https") else True).ok:
                return
        except requests.RequestException:
            time.sleep(0.1)
    raise SystemExit(f"{url} did not answer within {_WAIT_S} s.")


def _say(product_url: str, sandbox_port: int) -> None:
    outlook = f"http://localhost:{sandbox_port}/outlook/"
    click.echo(
        f"""
Room Booker is running.

  Outlook (stand-in)   {outlook}
  Pane, API            {product_url}/taskpane.html  {product_url}/docs
  TOPdesk (stand-in)   http://localhost:{sandbox_port}/topdesk
  Health               {product_url}/readyz  {product_url}/metrics

  Sign in as           alice.jansen@contoso.example   employee
                       bob.devries@contoso.example    her assistant
                       carol.smit@contoso.example     administrator
  Password             sandbox
  TOPdesk operator     roombooker / sandbox-app-password

Ctrl-C stops everything. State is in {STATE}/; make demo RESET=1 starts afresh.
"""
    )


def _until_one_ends(processes: "list[subprocess.Popen[bytes]]") -> int:
    def stop(_signal: int, _frame: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)
    try:
        while True:
            for process in processes:
                if process.poll() is not None:
                    return process.returncode or 1
            time.sleep(0.3)
    except KeyboardInterrupt:
        return 0


def _stop(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
