"""Every command of the design: there, helpful, quick; and its JSON exactly as others rely on it, run as a real process."""

import contextlib
import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from roombooker.cli import main
from sandboxes import ALICE, RunningSandbox, start_sandbox
from stack import eventually, settings_of

BIN = Path(sys.executable).parent
COMMANDS: dict[tuple[str, ...], tuple[str, ...]] = {
    ("serve",): ("--port", "--with-worker"), ("worker",): (), ("demo",): ("--port", "--sandbox-port", "--sandbox-tls-port", "--reset"),
    ("sync",): ("--room", "--window", "--dry-run", "--json"), ("drift",): ("--json", "--repair", "--dry-run"), ("settle",): ("--timeout",),
    ("doctor",): ("--json",), ("rebuild",): ("--json",), ("rooms", "list"): ("--json",), ("rooms", "export"): ("--out",),
    ("rooms", "match"): ("--json",), ("rooms", "enable"): ("--preview", "--json"), ("rooms", "disable"): (), ("rooms", "set"): ("--json",),
    ("rooms", "import"): ("--branch", "--type", "--csv", "--json"), ("manifest",): ("--base-url", "--client-id", "--out"),
    ("db", "upgrade"): (), ("settings",): ("--json",), ("topdesk-events",): ("--out",), ("people", "export"): (), ("people", "erase"): ("--json",),
}  # fmt: skip


@dataclass
class Told:
    stdout: str
    stderr: str


class Shell:
    """`roombooker …` as an administrator types it: in this process, or (`real`) as one of its own, in a folder of its own."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder = folder
        self.environment = environment

    def __call__(self, *arguments: str, expect: int | None = 0, real: bool = False, **settings: str) -> Told:
        environment = self.environment | {f"ROOMBOOKER_{name}": value for name, value in settings.items()}
        status, told = self._as_process(arguments, environment) if real else self._in_here(arguments, environment)
        assert expect is None or status == expect, f"exit {status}: {told.stdout}\n{told.stderr}"
        return told

    def _as_process(self, arguments: tuple[str, ...], environment: dict[str, str]) -> tuple[int, Told]:
        done = subprocess.run(
            [BIN / "roombooker", *arguments], env=environment, cwd=self.folder, capture_output=True, text=True, timeout=120, check=False
        )
        return done.returncode, Told(done.stdout, done.stderr)

    def _in_here(self, arguments: tuple[str, ...], environment: dict[str, str]) -> tuple[int, Told]:
        others = {name: None for name in os.environ if name.startswith("ROOMBOOKER_")}
        with contextlib.chdir(self.folder):
            done = CliRunner().invoke(main, arguments, env=others | environment)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.exit_code, Told(done.stdout, done.stderr)

    def json(self, *arguments: str, expect: int | None = 0, **settings: str) -> Any:
        return json.loads(self(*arguments, expect=expect, **settings).stdout)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    with start_sandbox(tls=True, rooms=4, people=10, days=10) as running:
        yield running


@pytest.fixture(scope="module")
def shell(sandbox: RunningSandbox, tmp_path_factory: pytest.TempPathFactory) -> Shell:
    folder = tmp_path_factory.mktemp("shell")
    shell = Shell(folder, settings_of(sandbox, "http://localhost:1", DATABASE_URL=f"sqlite:///{folder / 'roombooker.db'}"))
    shell("rooms", "import")
    return shell


@pytest.fixture(scope="module")
def live(shell: Shell) -> Shell:
    """All rooms on and in step."""
    shell("rooms", "enable", "--all")
    shell("sync", expect=None)
    return shell


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_says_what_it_does_and_takes(command: tuple[str, ...]) -> None:
    told = CliRunner().invoke(main, [*command, "--help"])
    assert told.exit_code == 0
    for option in COMMANDS[command]:
        assert option in told.output
    assert len(told.output.splitlines()[2].strip()) > 10


def test_no_command_is_missing_from_the_table() -> None:
    def walk(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
        for name, command in group.commands.items():
            if hasattr(command, "commands"):
                yield from walk(command, (*path, name))
            else:
                yield (*path, name)

    assert set(walk(main)) == set(COMMANDS)


def test_help_is_quick_because_nothing_heavy_is_imported() -> None:
    heavy = "import sys; from roombooker.cli import main; print([m for m in ('flask', 'sqlalchemy', 'requests', 'msal', 'gunicorn') if m in sys.modules])"
    told = subprocess.run([sys.executable, "-c", heavy], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


def test_wrong_settings_are_all_told_at_once_and_exit_with_2(tmp_path: Path) -> None:
    bare = {name: value for name, value in os.environ.items() if not name.startswith("ROOMBOOKER_")}
    told = Shell(tmp_path, bare)("rooms", "list", expect=2, real=True, HOLD_MINUTES="soon", HORIZONT="7")
    assert "ROOMBOOKER_TOPDESK_URL: is required" in told.stderr
    assert "ROOMBOOKER_HOLD_MINUTES" in told.stderr
    assert "ROOMBOOKER_HORIZONT: no such setting" in told.stderr
    assert "Traceback" not in told.stderr


def test_settings_shows_every_setting_and_no_secret(shell: Shell) -> None:
    found = shell.json("settings", "--json")["settings"]
    by_name = {one["name"]: one for one in found}
    assert set(found[0]) == {"name", "value", "source", "meaning"}
    assert by_name["ROOMBOOKER_TOPDESK_PASSWORD"]["value"] == "secret"
    assert by_name["ROOMBOOKER_HOLD_MINUTES"] == {
        "name": "ROOMBOOKER_HOLD_MINUTES",
        "value": "30.0",
        "source": "default",
        "meaning": by_name["ROOMBOOKER_HOLD_MINUTES"]["meaning"],
    }
    text = shell("settings").stdout
    for secret in ("TOPDESK_PASSWORD", "ENTRA_CLIENT_SECRET", "TOPDESK_HOOK_SECRET"):
        assert shell.environment[f"ROOMBOOKER_{secret}"] not in text


def test_settings_shows_no_password_in_an_address(shell: Shell) -> None:
    found = shell.json("settings", "--json", QUEUE_URL="redis://:open-sesame@broker:6379/0")["settings"]
    by_name = {one["name"]: one["value"] for one in found}
    assert by_name["ROOMBOOKER_QUEUE_URL"] == "redis://:***@broker:6379/0"


def test_a_secret_may_be_in_a_file_and_an_env_file_counts(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("from-a-file\n")
    (tmp_path / ".env").write_text("ROOMBOOKER_HOLD_MINUTES=7\n")
    environment = {name: value for name, value in shell.environment.items() if name != "ROOMBOOKER_TOPDESK_PASSWORD"}
    found = Shell(tmp_path, environment).json("settings", "--json", TOPDESK_PASSWORD_FILE=str(tmp_path / "secret"))["settings"]
    by_name = {one["name"]: one for one in found}
    assert (by_name["ROOMBOOKER_TOPDESK_PASSWORD"]["value"], by_name["ROOMBOOKER_TOPDESK_PASSWORD"]["source"]) == ("secret", "file")
    assert (by_name["ROOMBOOKER_HOLD_MINUTES"]["value"], by_name["ROOMBOOKER_HOLD_MINUTES"]["source"]) == ("7.0", ".env")


def test_rooms_are_listed_and_exported_as_they_can_be_imported(shell: Shell) -> None:
    listed = shell.json("rooms", "list", "--json")["rooms"]
    assert len(listed) == 4
    assert set(listed[0]) >= {"id", "name", "mailbox", "topdesk_location_id", "enabled", "mapped_in", "alarm"}
    out = shell.folder / "pairs.csv"
    shell("rooms", "export", "--out", str(out))
    assert out.read_text() == shell("rooms", "export").stdout
    rows = list(csv.DictReader(out.read_text().splitlines()))
    assert set(rows[0]) == {"topdesk_location_id", "mailbox", "enabled"}
    assert {row["mailbox"] for row in rows} == {room["mailbox"] for room in listed}
    assert shell.json("rooms", "import", "--csv", str(out), "--json")["problems"] == []


def test_a_file_that_is_none_is_told_line_by_line(shell: Shell) -> None:
    wrong = shell.folder / "wrong.csv"
    wrong.write_text("topdesk_location_id,mailbox,enabled\nx,not-an-address,perhaps\n")
    assert "2" in shell("rooms", "import", "--csv", str(wrong), expect=2).stderr


def test_match_finds_nothing_where_all_is_paired(shell: Shell) -> None:
    assert shell.json("rooms", "match", "--json")["suggestions"] == []


def test_a_preview_shows_both_sides_and_writes_nothing(shell: Shell, sandbox: RunningSandbox) -> None:
    room = shell.json("rooms", "list", "--json")["rooms"][0]
    shell("rooms", "disable", room["mailbox"])
    before = {name: count for name, count in sandbox.world.counters.items() if " GET " not in name}
    report = shell.json("rooms", "enable", room["mailbox"], "--preview", "--json")
    after = {name: count for name, count in sandbox.world.counters.items() if " GET " not in name}
    assert {n: c for n, c in after.items() if n not in before or before[n] != c}.keys() <= {
        n for n in after if "$batch" in n or "token" in n or n.startswith("entra")
    }
    (told,) = report["rooms"]
    assert set(told) >= {"room", "name", "matched", "only_in_exchange", "only_in_topdesk", "conflicts", "lines"}
    assert told["matched"] + len(told["only_in_exchange"]) + len(told["only_in_topdesk"]) + len(told["conflicts"]) > 0
    assert [r["enabled"] for r in shell.json("rooms", "list", "--json")["rooms"] if r["id"] == room["id"]] == [False]


def test_a_preview_of_all_names_what_cannot_be_read_and_shows_the_rest(shell: Shell) -> None:
    report = shell.json("rooms", "enable", "--all", "--preview", "--json", expect=1, TOPDESK_URL="http://localhost:9")
    assert len(report["rooms"]) == 4
    assert all(": could not be read: " in line for line in report["lines"])


def test_all_of_no_rooms_is_said_and_drift_of_none_can_not_be_told(shell: Shell, tmp_path: Path) -> None:
    empty = Shell(tmp_path, shell.environment | {"ROOMBOOKER_DATABASE_URL": f"sqlite:///{tmp_path / 'empty.db'}"})
    assert "rooms import" in empty("rooms", "enable", "--all", expect=2).stderr
    report = empty.json("drift", "--json", expect=2)
    assert (report["in_step"], report["checked"]) == (None, 0)
    assert "! No room is switched on" in empty("drift", expect=2).stdout


def test_rooms_come_on_while_topdesk_is_away_and_that_is_told(shell: Shell, tmp_path: Path) -> None:
    away = Shell(tmp_path, shell.environment | {"ROOMBOOKER_DATABASE_URL": f"sqlite:///{tmp_path / 'away.db'}"})
    away("rooms", "import")
    told = away("rooms", "enable", "--all", expect=1, TOPDESK_URL="http://localhost:9")
    assert told.stdout.count(", but not loaded: ") == 4
    assert away("rooms", "list").stdout.count("on  ") == 4


@pytest.mark.parametrize("command", [("rooms", "enable", "--all"), ("rebuild", "--enable-all")], ids=" ".join)
def test_a_stopped_load_says_how_to_go_on_and_goes_on(
    sandbox: RunningSandbox, shell: Shell, tmp_path: Path, command: tuple[str, ...]
) -> None:
    mine = Shell(tmp_path, shell.environment | {"ROOMBOOKER_DATABASE_URL": f"sqlite:///{tmp_path / 'stopped.db'}"})
    mine("rooms", "import")
    sandbox.control.patch("", json={"latency_ms": 200}).raise_for_status()
    try:
        process = subprocess.Popen(
            [BIN / "roombooker", *command], env=mine.environment, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        eventually(lambda: "on  " in mine("rooms", "list").stdout, 30)
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=60)
    finally:
        process.kill()
        sandbox.control.patch("", json={"latency_ms": 0}).raise_for_status()
    assert process.returncode == 130
    assert "Stopped." in stderr
    assert "same command" in stderr or "`roombooker rebuild` again" in stderr
    assert "Traceback" not in stderr
    mine(*command)
    assert mine.json("drift", "--json")["in_step"] is True


def test_enabling_adopts_and_then_both_sides_are_in_step(live: Shell) -> None:
    report = live.json("drift", "--json", expect=None)
    assert set(report) >= {"in_step", "checked", "differences"}
    assert report["in_step"] is True, report
    assert report["checked"] > 0


def test_drift_names_what_differs_and_repair_mends_it(live: Shell, sandbox: RunningSandbox) -> None:
    start = (datetime.now(UTC) + timedelta(days=20)).replace(minute=0, second=0, microsecond=0)
    room = next(r for r in sandbox.world.directory.rooms if not r.requires_approval)
    invitation = {
        "subject": "From a phone", "start": {"dateTime": start.replace(tzinfo=None).isoformat(), "timeZone": "UTC"},
        "end": {"dateTime": (start + timedelta(hours=1)).replace(tzinfo=None).isoformat(), "timeZone": "UTC"},
        "attendees": [{"type": "resource", "emailAddress": {"address": room.mailbox}}],
    }  # fmt: skip
    assert sandbox.graph_as(ALICE).post("/me/events", json=invitation).status_code == 201
    sandbox.idle()
    report = live.json("drift", "--json", expect=1)
    (difference,) = report["differences"]
    assert set(difference) == {"room", "slot", "kind", "topdesk", "exchange", "reason"}
    assert (difference["room"], difference["kind"], difference["topdesk"]) == (room.name, "only_in_exchange", None)
    assert difference["slot"].startswith(start.isoformat().replace("+00:00", "Z"))
    assert "only_in_exchange" in live("drift", expect=1, real=True).stdout

    preview = live.json("drift", "--repair", "--dry-run", "--json", expect=1)
    assert preview["repair"]["rooms"][0]["planned"] == ["Create on topdesk"]
    assert live.json("drift", "--repair", "--json", expect=0)["in_step"] is True


def test_drift_that_could_not_look_says_so_with_exit_2(live: Shell) -> None:
    report = live.json("drift", "--json", expect=2, TOPDESK_URL="http://localhost:9")
    assert report["in_step"] is None
    assert "Could not tell" in live("drift", expect=2, real=True, TOPDESK_URL="http://localhost:9").stdout


def test_sync_says_what_it_did(live: Shell) -> None:
    mailbox = live.json("rooms", "list", "--json")["rooms"][0]["mailbox"]
    report = live.json("sync", "--room", mailbox, "--window", "near", "--json")
    assert set(report) == {"ok", "rooms", "problems", "summary"}
    assert report["ok"] is True
    assert "There is no room" in live("sync", "--room", "nobody@contoso.example", expect=2).stderr


def test_settle_ends_at_once_where_nothing_is_due_and_in_time_where_something_stays(live: Shell) -> None:
    began = time.monotonic()
    live("settle", "--timeout", "30")
    assert time.monotonic() - began < 20


def test_doctor_finds_nothing_wrong_with_a_sound_installation(live: Shell) -> None:
    report = live.json("doctor", "--json", expect=None)
    assert set(report) == {"ok", "checks"}
    assert set(report["checks"][0]) == {"check", "ok", "fault", "advice"}
    assert [c for c in report["checks"] if not c["ok"]] == []


def test_a_lost_database_is_rebuilt_from_the_stamps(live: Shell, sandbox: RunningSandbox) -> None:
    for file in live.folder.glob("roombooker.db*"):
        file.unlink()
    report = live.json("rebuild", "--json")
    assert report["links"] > 0
    assert any("backup" in line for line in report["lines"])
    assert len(report["rooms"]) == 4
    counted = dict(sandbox.world.counters)
    assert live.json("drift", "--json")["in_step"] is True
    live("sync")
    writes = {n: c for n, c in sandbox.world.counters.items() if n.startswith("topdesk POST /reservations") and c != counted.get(n, 0)}
    assert writes == {}
    assert live.json("rebuild", "--json")["links"] == report["links"]


def test_a_person_s_data_is_exported_and_erased(live: Shell) -> None:
    told = live.json("people", "export", ALICE)
    assert told["email"] == ALICE
    assert told["bookings"]
    report = live.json("people", "erase", ALICE, "--json")
    assert report["kept"] > 0
    assert "not over yet" in " ".join(report["lines"])


def test_the_action_sequence_sends_the_id_and_the_secret_of_a_variable(shell: Shell) -> None:
    export = json.loads(shell("topdesk-events", PUBLIC_URL="https://rooms.contoso.example/").stdout)
    assert export["formatVersion"] == "2.7"
    sequence = export["actionSequence"]
    (step,) = sequence["configuration"]["steps"]
    assert step["method"] == "POST"
    assert step["url"] == "https://rooms.contoso.example/hooks/topdesk"
    assert json.loads(step["body"]) == {"reservationId": "${unid}"}
    assert {"name": "X-Room-Booker-Secret", "value": "${_variables.HookSecret}"} in step["headers"]
    assert sequence["configuration"]["variables"] == [{"name": "HookSecret", "value": ""}]
    assert shell.environment["ROOMBOOKER_TOPDESK_HOOK_SECRET"] not in json.dumps(export)


def test_a_manifest_for_a_deployment_is_written(shell: Shell) -> None:
    out = shell.folder / "deployment.xml"
    shell(
        "manifest", "--base-url", "https://rooms.contoso.example", "--client-id", "0b6f3a52-2f0d-4b8e-8d2e-7c6f5e4d3c2b", "--out", str(out)
    )
    assert "https://rooms.contoso.example/taskpane.html" in out.read_text()
    assert "https" in shell("manifest", "--base-url", "http://rooms.contoso.example", "--client-id", "x", expect=2).stderr


def test_db_upgrade_may_be_run_again_and_again(shell: Shell) -> None:
    for _ in range(2):
        assert "up to date" in shell("db", "upgrade").stdout


@pytest.mark.parametrize(
    "arguments",
    [("rooms", "enable"), ("drift", "--dry-run"), ("serve", "--certificate", __file__), ("nonsense",), ("sync", "--window", "soon")],
)
def test_what_does_not_go_together_is_refused_with_a_sentence(shell: Shell, arguments: tuple[str, ...]) -> None:
    told = shell(*arguments, expect=2)
    assert "Error:" in told.stderr
    assert "Traceback" not in told.stderr
