"""The sandbox's switches, turned as a history says, and turned back."""

import time
from typing import Any

from sandboxes import Calls

CALM = {"latency_ms": 0, "maintenance": False, "notices": {"drop": 0, "double": 0, "reorder": 0, "delay_ms": 200}}


def turn(control: Calls, facts: dict[str, Any]) -> dict[str, Any]:
    """Blocks while the weather lasts; a climate stays until the next one."""
    if "expire" in facts:
        return {"said": control.post("/expire", json={"what": facts["expire"]}).status_code}
    if "climate" in facts:
        return {"said": control.patch("", json=facts["climate"]).status_code}
    said = [control.patch("", json=facts["switches"]).status_code] if "switches" in facts else []
    said += [control.post("/fail", json=fault).status_code for fault in facts.get("faults", ())]
    time.sleep(facts["for_ms"] / 1000)
    control.patch("", json={name: CALM[name] for name in facts.get("switches", ())})
    if "faults" in facts:
        control.delete("/fail")
    return {"said": said}


def heal(control: Calls) -> None:
    """As it was at the start; what the sides hold stays."""
    control.delete("/fail")
    assert control.post("/reset", json={}).status_code == 200
