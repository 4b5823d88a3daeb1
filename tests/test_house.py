"""House habits that no linter knows."""

import ast
import re
import subprocess
from pathlib import Path
from statistics import median

import pytest

ROOT = Path(__file__).parents[1]
PRODUCT = sorted((ROOT / "backend/roombooker").rglob("*.py"))
SANDBOX = sorted((ROOT / "backend/roombooker_sandbox").rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
ALL = [*PRODUCT, *SANDBOX, *TESTS]
GENERATED = {"0001_the_first_tables.py"}  # a migration is as long as its tables are many
BAD_NAMES = re.compile(r"(^|_)(utils?|helpers?|managers?|misc|common|data|obj)$")
LONGEST = 400
MEDIAN = 130


def where(path: Path) -> str:
    return str(path.relative_to(ROOT))


def tracked() -> list[Path]:
    """What git keeps and still exists; without git, what lies here apart from what others made."""
    told = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if told.returncode:
        pytest.skip("not a git checkout")
    return [path for name in told.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def texts() -> list[tuple[Path, str]]:
    found = []
    for path in tracked():
        if path.suffix in (".png", ".ico", ".woff2"):
            continue
        found.append((path, path.read_text(encoding="utf-8")))
    return found


def test_modules_are_named_after_things() -> None:
    assert not [where(p) for p in ALL if BAD_NAMES.search(p.stem)]


def test_every_module_opens_with_one_sentence() -> None:
    faults = []
    for path in ALL:
        text = path.read_text(encoding="utf-8")
        if not text.strip() and path.name == "__init__.py":
            continue
        said = (ast.get_docstring(ast.parse(text)) or "").split("\n\n")[0].strip()
        if not said or said[-1] not in ".!?)`:":
            faults.append(f"{where(path)}: {said[-40:]!r}")
    assert not faults


def test_files_are_short() -> None:
    lengths = [len(p.read_text(encoding="utf-8").splitlines()) for p in PRODUCT if p.name != "__init__.py"]
    assert median(lengths) < MEDIAN, f"the median file has {median(lengths)} lines; the house wants about 90"


def test_no_file_of_the_product_is_a_novel() -> None:
    lengths = {where(p): len(p.read_text(encoding="utf-8").splitlines()) for p in [*PRODUCT, *SANDBOX] if p.name not in GENERATED}
    assert not {name: lines for name, lines in lengths.items() if lines > LONGEST}, "look for the seam"


def test_no_test_replaces_what_it_tests() -> None:
    forbidden = ("mock." + "patch", "unittest" + ".mock", "import " + "mock", "Magic" + "Mock")
    assert not [where(p) for p in TESTS if any(word in p.read_text(encoding="utf-8") for word in forbidden)]


def test_names_of_tests_are_sentences() -> None:
    short = []
    for path in TESTS:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_") and node.name.count("_") < 3:
                short.append(f"{where(path)}: {node.name}")
    assert not short


def test_every_exemption_from_types_says_which() -> None:
    bare = re.compile(r"#\s*type:\s*ignore(?!\[)")
    assert not [f"{where(p)}: {line.strip()}" for p in ALL for line in p.read_text(encoding="utf-8").splitlines() if bare.search(line)
                and "re.compile" not in line]  # fmt: skip


def is_broad(handler: ast.ExceptHandler) -> bool:
    return handler.type is None or (isinstance(handler.type, ast.Name) and handler.type.id in ("Exception", "BaseException"))


def test_every_broad_except_passes_it_on_or_says_why() -> None:
    reason = re.compile(r"# noqa: BLE001 {1,2}\S.{10,}")
    faults = []
    for path in [*PRODUCT, *SANDBOX]:
        text = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ExceptHandler) and is_broad(node):
                last = node.body[-1]
                passes_on = isinstance(last, ast.Raise) and last.exc is None
                if not passes_on and not reason.search(text.splitlines()[node.lineno - 1]):
                    faults.append(f"{where(path)}:{node.lineno}")
    assert not faults


def test_exemptions_of_ruff_say_which_rule() -> None:
    assert not [
        where(p) for p in ALL if re.search(r"# noqa(?!:)\s*($|[^:])", p.read_text(encoding="utf-8"), re.MULTILINE) and p != Path(__file__)
    ]


def test_nothing_tracked_names_a_machine_or_a_registry() -> None:
    """Paths of one machine and addresses that packages come from belong to whoever installs, not to the repository."""
    words = [
        "/ho" + "me/",
        "/wo" + "rk/",
        "/ro" + "ot/",
        "/opt/" + "pypi",
        "registry." + "npmjs",
        "files." + "pythonhosted",
        "pypi." + "org",
        "deb." + "debian",
    ]
    assert not [f"{where(path)}: {word}" for path, text in texts() for word in words if word in text and path != Path(__file__)]


@pytest.mark.parametrize(("package", "stranger"), [(PRODUCT, "roombooker_sandbox"), (SANDBOX, "roombooker")], ids=["product", "sandbox"])
def test_product_and_sandbox_are_strangers(package: list[Path], stranger: str) -> None:
    """import-linter says so too; this also sees imports made by name."""
    met = re.compile(rf"(from|import) {stranger}(\.|\s|$)|import_module\(.{stranger}[.\"']", re.MULTILINE)
    assert not [where(p) for p in package if met.search(p.read_text(encoding="utf-8"))]


def test_what_decides_is_given_the_time() -> None:
    """The clock is injected, so that tests can set it; only a process's edges may read the machine's."""
    reads = re.compile(r"datetime\.now\(|datetime\.today\(|date\.today\(|time\.time\(")
    inner = [p for p in PRODUCT if p.relative_to(ROOT / "backend/roombooker").parts[0] in ("domain", "services", "store", "jobs", "api")]
    assert inner
    assert not [where(p) for p in inner if reads.search(p.read_text(encoding="utf-8"))]


def test_every_decision_is_short_and_says_what_and_why() -> None:
    decisions = sorted((ROOT / "docs/adr").glob("[0-9]*.md"))
    assert decisions
    for number, path in enumerate(decisions, 1):
        text = path.read_text(encoding="utf-8")
        assert path.name.startswith(f"{number:04}-"), where(path)
        assert len(text.splitlines()) < 60, where(path)
        for part in ("## Why", "## Decision", "## Price"):
            assert part in text, f"{where(path)} lacks {part}"
