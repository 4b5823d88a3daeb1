"""What leaves this folder: the wheel, the image, the compose file, the locks; all that can be checked without an engine."""

import json
import re
import subprocess
import sys
import tomllib
import zipfile
from dataclasses import fields
from email import message_from_bytes
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml

from roombooker.settings import PREFIX, Settings

ROOT = Path(__file__).parents[1]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
KNOWN = {PREFIX + f.name.upper() for f in fields(Settings)}
LOCKS = sorted((ROOT / "backend/locks").glob("*.txt"))


def setting_names(text: str) -> set[str]:
    """Every ROOMBOOKER_ name in a text, a secret's _FILE taken off."""
    found = set(re.findall(r"\bROOMBOOKER_[A-Z0-9_]+", text))
    return {name if name in KNOWN else name.removesuffix("_FILE") for name in found}


# The wheel


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    if not (ROOT / "backend/roombooker/pane/taskpane.html").is_file():
        pytest.skip("the pane has not been built: make build")
    out = tmp_path_factory.mktemp("wheel")
    source = out / "source"
    source.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        (source / name).write_bytes((ROOT / name).read_bytes())
    (source / "backend").mkdir()
    for package in ("roombooker", "roombooker_sandbox"):
        (source / "backend" / package).symlink_to(ROOT / "backend" / package)
    told = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "--wheel-dir", str(out), str(source)],
        capture_output=True, text=True, check=False, timeout=200,
    )  # fmt: skip
    assert told.returncode == 0, told.stderr[-3000:]
    (built,) = out.glob("*.whl")
    return zipfile.ZipFile(built)


@pytest.mark.parametrize(
    "pattern",
    [
        "roombooker/pane/taskpane.html",
        "roombooker/pane/auth-redirect.html",
        "roombooker/pane/assets/app/taskpane-*.js",
        "roombooker/pane/assets/icon-128.png",
        "roombooker/manifest.xml",
        "roombooker/py.typed",
        "roombooker/store/migrations/env.py",
        "roombooker/store/migrations/versions/0001_*.py",
        "roombooker_sandbox/py.typed",
        "roombooker_sandbox/outlook/static/index.html",
        "*/licenses/LICENSE",
    ],
)
def test_the_wheel_carries_what_the_product_serves(wheel: zipfile.ZipFile, pattern: str) -> None:
    assert [name for name in wheel.namelist() if fnmatch(name, pattern)], pattern


def test_the_wheel_carries_no_tests_caches_or_local_state(wheel: zipfile.ZipFile) -> None:
    strangers = ("tests/", "__pycache__", ".env", "var/", "node_modules", ".db")
    assert not [name for name in wheel.namelist() if any(s in name for s in strangers)]


def test_the_wheel_carries_every_module_of_both_packages(wheel: zipfile.ZipFile) -> None:
    modules = {str(p.relative_to(ROOT / "backend")) for p in (ROOT / "backend").rglob("*.py") if "locks" not in p.parts}
    assert modules - set(wheel.namelist()) == set()


def test_installing_the_wheel_brings_both_commands(wheel: zipfile.ZipFile) -> None:
    name = next(n for n in wheel.namelist() if n.endswith("entry_points.txt"))
    points = wheel.read(name).decode()
    assert "roombooker = roombooker.cli:main" in points
    assert "roombooker-sandbox = roombooker_sandbox.cli:main" in points


def test_the_wheel_says_what_it_is(wheel: zipfile.ZipFile) -> None:
    metadata = message_from_bytes(wheel.read(next(n for n in wheel.namelist() if n.endswith("METADATA"))))
    assert metadata["Name"] == "topdesk-room-booker"
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata["License-Expression"] == "MIT"


# The locks


@pytest.mark.parametrize("lock", LOCKS, ids=lambda p: p.name)
def test_every_locked_python_package_has_one_version_and_a_hash(lock: Path) -> None:
    entries = re.split(r"\n(?=\S)", lock.read_text(encoding="utf-8").strip())
    packages = [entry for entry in entries if not entry.startswith("#")]
    assert len(packages) > 20
    assert not [entry.splitlines()[0] for entry in packages if "==" not in entry or "--hash=sha256:" not in entry]


@pytest.mark.parametrize(
    ("lock", "extras"), [("runtime.txt", ("build", "redis", "sandbox")), ("dev.txt", ("dev", "build", "redis", "sandbox"))]
)
def test_whatever_pyproject_asks_for_is_locked(lock: str, extras: tuple[str, ...]) -> None:
    """A dependency added without `make lock` works where it happens to be installed, and nowhere else."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = [*project["dependencies"], *(line for extra in extras for line in project["optional-dependencies"][extra])]
    names = {re.split(r"[\[~=<>;! ]", line)[0].lower().replace("_", "-") for line in asked} - {project["name"]}
    locked = set(re.findall(r"^([a-z0-9.-]+)(?:\[[a-z,]+\])?==", (ROOT / "backend/locks" / lock).read_text(encoding="utf-8"), re.MULTILINE))
    assert names - locked == set()


def test_the_tests_run_on_the_versions_that_are_shipped() -> None:
    runtime, dev = (dict(re.findall(r"^([a-z0-9_.-]+(?:\[[a-z,]+\])?)==(\S+)", lock.read_text(), re.MULTILINE)) for lock in reversed(LOCKS))
    assert {name: dev[name] for name in runtime if name in dev} == {name: runtime[name] for name in runtime if name in dev}


def test_every_locked_node_package_has_a_hash() -> None:
    packages: dict[str, dict[str, Any]] = json.loads((ROOT / "addin/package-lock.json").read_text(encoding="utf-8"))["packages"]
    assert len(packages) > 20
    assert not [name for name, facts in packages.items() if name and not facts.get("link") and not facts.get("integrity")]


def test_no_lock_names_where_a_package_is_fetched() -> None:
    for lock in [*LOCKS, ROOT / "addin/package-lock.json"]:
        text = lock.read_text(encoding="utf-8")
        assert "--index-url" not in text
        assert "--find-links" not in text
        assert '"resolved"' not in text
        assert "file://" not in text


# make


@pytest.mark.parametrize("target", ["demo", "test", "bench", "chaos", "clean", "build"])
def test_the_promised_make_targets_exist(target: str) -> None:
    assert re.search(rf"^{target}:", MAKEFILE, re.MULTILINE)


@pytest.mark.parametrize(("name", "value"), [("PORT", "8000"), ("SANDBOX_PORT", "8090"), ("SANDBOX_TLS_PORT", "8443")])
def test_the_demo_has_the_promised_ports(name: str, value: str) -> None:
    assert re.search(rf"^{name} \?= {value}$", MAKEFILE, re.MULTILINE)


def test_ci_runs_make_test_and_nothing_cleverer() -> None:
    script = ROOT / ".ci/run"
    lines = [line for line in script.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    assert script.stat().st_mode & 0o111
    assert lines[-1].removeprefix("exec ") == "make test"
    assert all(line.startswith(("set ", "cd ", "exec make test", "make test")) for line in lines)


@pytest.mark.parametrize("missing", ["node", "npm", "curl"])
def test_make_names_the_tool_that_is_missing(missing: str, tmp_path: Path) -> None:
    """A PATH with everything that the check uses, but one."""
    for tool in ("bash", "make", "python3", "node", "npm", "curl"):
        found = subprocess.run(["which", tool], capture_output=True, text=True, check=False).stdout.strip()
        if not found:
            pytest.skip(f"no {tool} on this machine")
        if tool != missing:
            (tmp_path / tool).symlink_to(Path(found).resolve() if tool != "npm" else found)
    asked = ["make", "-s", "-C", str(ROOT), "tools", "SHELL=" + str(tmp_path / "bash")]
    told = subprocess.run(asked, capture_output=True, text=True, check=False, env={"PATH": str(tmp_path)})
    assert told.returncode != 0
    assert f"Please install: {missing} " in told.stdout


# The image


def stages() -> dict[str, str]:
    """Name of each stage -> its text."""
    parts = re.split(r"^FROM \S+ AS (\w+)$", DOCKERFILE, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def copied() -> list[str]:
    sources: list[str] = []
    for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE):
        sources += line.split()[:-1]
    return sources


def test_everything_that_the_image_copies_exists() -> None:
    assert copied()
    assert not [source for source in copied() if not (ROOT / source).exists()]


def test_everything_that_the_image_copies_passes_dockerignore() -> None:
    rules = [line for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    assert rules[0] == "*"
    let_in = [rule[1:].rstrip("/") for rule in rules if rule.startswith("!")]
    assert not [s for s in copied() if not any(s.rstrip("/") == x or s.startswith(f"{x}/") for x in let_in)]


def test_the_image_installs_locked_packages_only() -> None:
    installs = re.findall(r"pip install (.+)", DOCKERFILE)
    assert installs
    assert all("--require-hashes" in line or "--no-deps --no-build-isolation" in line for line in installs)
    assert re.search(r"^RUN npm ci ", DOCKERFILE, re.MULTILINE)
    assert "npm install" not in DOCKERFILE


def test_what_runs_is_not_root_and_has_no_build_tools() -> None:
    last = list(stages().values())[-1]
    assert re.search(r"^USER (?!root|0)\w+$", last, re.MULTILINE)
    assert "npm" not in last
    assert "pip install" not in last
    assert "apt-get" not in last


def test_the_image_says_how_to_see_that_it_lives() -> None:
    assert "HEALTHCHECK" in DOCKERFILE
    assert "/healthz" in DOCKERFILE


def test_the_image_starts_the_web_where_others_can_reach_it() -> None:
    entry = json.loads(re.findall(r"^ENTRYPOINT (.+)$", DOCKERFILE, re.MULTILINE)[-1])
    command = json.loads(re.findall(r"^CMD (.+)$", DOCKERFILE, re.MULTILINE)[-1])
    assert entry == ["roombooker"]
    assert command[:3] == ["serve", "--host", "0.0.0.0"]  # noqa: S104  inside the container


def test_no_secret_is_built_in() -> None:
    assert not setting_names(DOCKERFILE)
    assert not re.search(r"(?i)^(ARG|ENV) .*(password|secret|token)", DOCKERFILE, re.MULTILINE)


# Compose


def test_compose_names_only_settings_that_exist() -> None:
    assert setting_names((ROOT / "compose.yaml").read_text(encoding="utf-8")) <= KNOWN


def test_the_services_run_commands_that_exist() -> None:
    from roombooker.cli import main

    for name in ("web", "worker", "migrate"):
        assert COMPOSE["services"][name]["command"][0] in main.commands


def test_the_web_and_the_workers_are_more_than_one() -> None:
    for name in ("web", "worker"):
        assert COMPOSE["services"][name]["deploy"]["replicas"] >= 2


def test_the_processes_are_counted_as_they_are() -> None:
    """Found by an audit: Graph's limit was split among four while six ran."""
    web, worker = (COMPOSE["services"][name] for name in ("web", "worker"))
    (per_replica,) = (f.default for f in fields(Settings) if f.name == "web_workers")
    running = web["deploy"]["replicas"] * per_replica + worker["deploy"]["replicas"]
    for service in (web, worker):
        assert service["environment"]["ROOMBOOKER_PROCESSES"] == f"${{ROOMBOOKER_PROCESSES:-{running}}}"


def test_the_proxy_keeps_the_metrics_inside_and_is_believed() -> None:
    proxy = COMPOSE["services"]["proxy"]
    assert "./Caddyfile:/etc/caddy/Caddyfile:ro" in proxy["volumes"]
    assert "command" not in proxy, "the image's own, which reads that file"
    directives = [line.strip() for line in (ROOT / "Caddyfile").read_text(encoding="utf-8").splitlines() if line.strip()]
    assert {"@inside path /metrics /metrics/*", "respond @inside 404", "reverse_proxy web:8000"} <= set(directives)
    assert "ports" not in COMPOSE["services"]["web"], "whoever reached it directly could say any address"
    assert COMPOSE["services"]["web"]["environment"]["ROOMBOOKER_TRUSTED_PROXIES"] == "1"


def test_nothing_starts_before_the_database_has_its_tables() -> None:
    for name in ("web", "worker"):
        assert COMPOSE["services"][name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
    assert COMPOSE["services"]["migrate"]["command"] == ["db", "upgrade"]


def test_every_secret_is_a_file_of_its_own_and_is_used() -> None:
    used = {secret for service in COMPOSE["services"].values() for secret in service.get("secrets", ())}
    assert used == set(COMPOSE["secrets"])
    assert all(set(source) == {"file"} for source in COMPOSE["secrets"].values())
    secrets = {PREFIX + f.name.upper() for f in fields(Settings) if f.metadata["secret"]}
    given = {name for service in COMPOSE["services"].values() for name in service.get("environment", {})}
    assert not given & secrets, "a secret's value in compose.yaml"


def test_no_local_secret_can_reach_git_or_the_image() -> None:
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").split()
    assert {".env", "secrets/"} <= set(ignored)
    tracked = subprocess.run(["git", "ls-files", ".env", "secrets"], cwd=ROOT, capture_output=True, text=True, check=False).stdout
    assert not tracked
