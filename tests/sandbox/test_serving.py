"""The sandbox as a process: both listeners, TLS, a state file that survives, and a clean end."""

import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from roombooker_sandbox.seed import OtherEstate
from roombooker_sandbox.tls import app_certificate, authority_file, server_files
from roombooker_sandbox.world import CLIENT_ID, TENANT_ID
from sandboxes import Calls, RunningSandbox, start_sandbox

COMMAND = (sys.executable, "-m", "roombooker_sandbox.cli")


def test_http_and_tls_show_one_world(sandbox: RunningSandbox) -> None:
    with Calls(sandbox.tls_url) as secure:
        secure.verify = sandbox.ca_file
        secure.patch("/control", json={"conflict_mode": "silent"}).raise_for_status()
    assert sandbox.control.get("").json()["conflict_mode"] == "silent"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_the_certificate_is_good_for_each_name_of_this_machine(sandbox: RunningSandbox, host: str) -> None:
    with Calls(f"https://{host}:{sandbox.world.options.tls_port}") as secure:
        secure.verify = sandbox.ca_file
        assert secure.get("/control/idle").status_code == 200


def test_nobody_trusts_the_certificate_without_the_authority_file(sandbox: RunningSandbox) -> None:
    with Calls(sandbox.tls_url) as secure, pytest.raises(requests.exceptions.SSLError):
        secure.get("/control/idle")


def test_a_client_that_connects_and_says_nothing_holds_nobody_up(sandbox: RunningSandbox) -> None:
    with (
        socket.create_connection(("127.0.0.1", sandbox.world.options.tls_port or 0)),
        socket.create_connection(("127.0.0.1", sandbox.world.options.port)),
        Calls(sandbox.tls_url) as secure,
    ):
        secure.verify = sandbox.ca_file
        assert secure.get("/control/idle", timeout=5).status_code == 200
        assert sandbox.control.get("/idle", timeout=5).status_code == 200


def test_fifty_clients_are_served_side_by_side(sandbox: RunningSandbox) -> None:
    sandbox.control.patch("", json={"latency_ms": 300})
    keys = f"{sandbox.url}/entra/{TENANT_ID}/discovery/v2.0/keys"
    begun = time.monotonic()
    with ThreadPoolExecutor(50) as pool:
        assert list(pool.map(lambda _: requests.get(keys, timeout=20).status_code, range(50))) == [200] * 50
    assert time.monotonic() - begun < 50 * 0.3 / 4


def test_certificates_are_made_once_and_kept(tmp_path: Path) -> None:
    first = [file.read_bytes() for file in (*server_files(tmp_path), authority_file(tmp_path), app_certificate(tmp_path))]
    again = [file.read_bytes() for file in (*server_files(tmp_path), authority_file(tmp_path), app_certificate(tmp_path))]
    assert first == again
    assert (tmp_path / "ca-key.pem").stat().st_mode & 0o077 == 0


def test_a_lost_server_certificate_is_made_anew_under_the_same_authority(tmp_path: Path) -> None:
    certificate, key = server_files(tmp_path)
    authority = authority_file(tmp_path).read_bytes()
    certificate.unlink()
    server_files(tmp_path)
    assert authority_file(tmp_path).read_bytes() == authority
    ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(certificate, key)


def test_keys_and_rows_outlive_the_process_when_there_is_a_state_file(tmp_path: Path) -> None:
    state = tmp_path / "state.db"
    with start_sandbox(state=state) as first:
        kids = first.entra.get("/discovery/v2.0/keys").json()["keys"][0]["kid"]
        first.world.store.apply("CREATE TABLE guests (name TEXT); INSERT INTO guests VALUES ('Erin');")
    with start_sandbox(state=state) as second:
        assert second.entra.get("/discovery/v2.0/keys").json()["keys"][0]["kid"] == kids
        with second.world.store.transaction() as rows:
            assert rows.execute("SELECT name FROM guests").fetchone()["name"] == "Erin"


def test_a_state_file_of_another_estate_is_refused_by_name(tmp_path: Path) -> None:
    with start_sandbox(state=tmp_path / "state.db", rooms=3):
        pass
    with pytest.raises(OtherEstate, match="--rooms 3"):
        start_sandbox(state=tmp_path / "state.db", rooms=4)


def test_a_seeding_that_was_cut_short_is_done_over(tmp_path: Path) -> None:
    state = tmp_path / "state.db"
    with start_sandbox(state=state) as first:
        first.world.store.apply("CREATE TABLE guests (name TEXT); INSERT INTO guests VALUES ('Erin');")
        with first.world.store.transaction() as rows:
            rows.execute("DELETE FROM core_facts WHERE name = 'seeded'")
    with start_sandbox(state=state) as second, second.world.store.transaction() as rows:
        assert rows.execute("SELECT COUNT(*) FROM guests").fetchone()[0] == 0


def test_a_failure_of_the_sandbox_itself_is_json_and_says_so(fresh_sandbox: RunningSandbox) -> None:
    def break_down() -> None:
        raise RuntimeError("a part broke")

    fresh_sandbox.world.on("clock", break_down)
    answer = fresh_sandbox.control.post("/clock", json={"advance_s": 1})
    assert (answer.status_code, answer.json()["code"]) == (500, "sandbox_failed")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_says_when_it_is_ready_and_ends_cleanly_when_told(tmp_path: Path, number: signal.Signals) -> None:
    begun = time.monotonic()
    arguments = ("serve", "--port", "0", "--tls-port", "0", "--certificates", str(tmp_path), "--state", str(tmp_path / "state.db"))
    with subprocess.Popen([*COMMAND, *arguments], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        line = process.stdout.readline()
        took_s = time.monotonic() - begun
        url = line.split()[3]
        assert requests.get(f"{url}/control/idle", timeout=5).json() == {"pending": 0}
        process.send_signal(number)
        assert process.wait(10) == 0
    assert line.startswith("roombooker-sandbox ready on http://localhost:")
    assert took_s < 15  # 2 s on a machine that does nothing else


def test_the_command_adopts_the_estate_of_its_state_file_unless_told_otherwise(tmp_path: Path) -> None:
    with start_sandbox(state=tmp_path / "state.db", rooms=3):
        pass
    arguments = ("serve", "--port", "0", "--state", str(tmp_path / "state.db"), "--rooms", "9")
    refused = subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, check=False, timeout=30)
    assert refused.returncode == 1
    assert "--rooms 3" in refused.stderr
    with subprocess.Popen([*COMMAND, *arguments[:-2]], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline().startswith("roombooker-sandbox ready")
        process.terminate()
        assert process.wait(10) == 0


def test_a_port_that_is_taken_is_named(sandbox: RunningSandbox) -> None:
    port = str(sandbox.world.options.port)
    refused = subprocess.run([*COMMAND, "serve", "--port", port], capture_output=True, text=True, check=False, timeout=30)
    assert refused.returncode == 1
    assert port in refused.stderr


def test_env_prints_settings_whose_files_exist(tmp_path: Path) -> None:
    arguments = ("env", "--port", "9001", "--tls-port", "9002", "--certificates", str(tmp_path))
    printed = subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, check=True, timeout=30, env=dict(os.environ)).stdout
    settings = dict(line.split("=", 1) for line in printed.splitlines())
    assert all(name.startswith("ROOMBOOKER_") for name in settings)
    assert settings["ROOMBOOKER_TOPDESK_URL"] == "http://localhost:9001/topdesk"
    assert settings["ROOMBOOKER_ENTRA_AUTHORITY"] == "https://localhost:9002/entra"
    assert settings["ROOMBOOKER_ENTRA_CLIENT_ID"] == CLIENT_ID
    assert Path(settings["ROOMBOOKER_CA_FILE"]).is_file()
