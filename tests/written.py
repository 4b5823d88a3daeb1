"""What README.md and .env.example must say of the settings, made from settings.py itself: `python tests/written.py` writes it."""

import re
from dataclasses import MISSING, fields
from pathlib import Path

from roombooker.settings import PREFIX, Settings

ROOT = Path(__file__).parents[1]
GROUPS = {
    "TOPdesk": ("topdesk_",),
    "Microsoft": ("entra_", "graph_", "exchange", "people_calendars"),
    "This service": (),  # whatever belongs nowhere else
    "Rules": ("on_behalf", "hold_", "vanished_", "cancellation", "dominant"),
    "Freshness": ("near_", "horizon_", "connect_", "read_timeout", "sweep_", "compare_", "canary_"),
    "Mail and log": ("mail_from", "smtp_url", "log_"),
}  # fmt: skip


def group_of(name: str) -> str:
    return next((group for group, prefixes in GROUPS.items() if name.startswith(prefixes)), "This service")


def shown_default(default: object) -> str:
    if default is MISSING:
        return "required"
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, float) and default.is_integer():
        return str(int(default))
    return "" if default in (None, "") else str(default)


def readme_rows() -> list[str]:
    """One row per setting, in the groups' order."""
    rows = []
    for group in GROUPS:
        for setting in (f for f in fields(Settings) if group_of(f.name) == group):
            default = shown_default(setting.default)
            shown = default if default in ("", "required") else f"`{default}`"
            secret = " (secret)" if setting.metadata["secret"] else ""
            meaning = setting.metadata["meaning"].replace("|", "\\|")
            rows.append(f"| `{setting.name.upper()}` | {meaning}{secret} | {shown} |")
    return rows


def env_example() -> str:
    """The whole of .env.example."""
    lines = [
        "# Room Booker's settings. Copy to .env and fill in what is required; everything else shows its default.",
        "# A secret may also be named by its file: NAME_FILE=/run/secrets/… An unknown ROOMBOOKER_ name is an error.",
        "# `roombooker settings` shows what is in force and where it came from.",
    ]
    for group in GROUPS:
        lines += ["", f"# {group}"]
        for setting in (f for f in fields(Settings) if group_of(f.name) == group):
            secret = " (secret)" if setting.metadata["secret"] else ""
            required = setting.default is MISSING
            lines.append(f"# {setting.metadata['meaning']}{secret}{' - required' if required else ''}")
            value = "" if required else shown_default(setting.default)
            lines.append(f"{'' if required else '# '}{PREFIX}{setting.name.upper()}={value}")
    return "\n".join(lines) + "\n"


def write() -> None:
    (ROOT / ".env.example").write_text(env_example(), encoding="utf-8")
    readme = ROOT / "README.md"
    table = "\n".join(["<!-- settings -->", "| name | meaning | default |", "|---|---|---|", *readme_rows(), "<!-- /settings -->"])
    text = re.sub(r"<!-- settings -->.*<!-- /settings -->", lambda _: table, readme.read_text(encoding="utf-8"), flags=re.DOTALL)
    readme.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write()
