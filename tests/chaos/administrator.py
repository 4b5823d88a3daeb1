"""What only a person can settle: an administrator works off the list after the storm; whatever differs must be on it."""

from collections.abc import Sequence
from typing import Any

import requests

from chaos.checks import Difference
from chaos.outside import Product, SandboxProcess
from chaos.players import RoomSeen
from sandboxes import CAROL

# What Carol does with each kind of item: the first of these that it offers. Never `give_up`: that leaves the two sides as they are.
_PREFERRED = (
    "approve", "topdesk_wins", "delete", "keep", "decline_meeting", "cancel_reservation", "match", "create_separate", "let_pass", "retry",
)  # fmt: skip
_PATIENCE = 3  # times that the same item may be settled


class Administrator:
    def __init__(self, sandbox: SandboxProcess, product: Product, rooms: Sequence[RoomSeen]) -> None:
        self.done: list[str] = []
        self._product = product
        self._rooms = rooms
        self._tries: dict[str, int] = {}
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers["Authorization"] = f"Bearer {sandbox.person_token(CAROL)}"

    def items(self) -> list[dict[str, Any]]:
        answer = self._session.get(f"{self._product.url}/api/v1/admin/work-items", timeout=30)
        if answer.status_code != 200:
            return []
        told = answer.json()
        found: list[dict[str, Any]] = next((told[name] for name in ("work_items", "items") if name in told), [])
        return found

    def settle(self, differences: Sequence[Difference]) -> None:
        """One action for each open item; none while everything agrees already."""
        if not differences:
            return
        for item in self.items():
            tries = self._tries[item["id"]] = self._tries.get(item["id"], 0) + 1
            offered = [a["action"] if isinstance(a, dict) else a for a in item.get("actions", ())]
            choices = [a for a in _PREFERRED if a in offered]
            if not choices or tries > _PATIENCE * len(choices):
                continue
            action = choices[(tries - 1) % len(choices)]
            body: dict[str, Any] = {"action": action}
            if action == "match" and item.get("candidates"):
                body["candidate"] = item["candidates"][0]["ref"]
            answer = self._session.post(f"{self._product.url}/api/v1/admin/work-items/{item['id']}/settle", json=body, timeout=60)
            self.done.append(f"{item['kind']}: {action} -> {answer.status_code} ({item['reason']})")
