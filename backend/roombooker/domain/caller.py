"""Caller: the signed-in person behind a request."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Caller:
    """As their token says. `key` is who they are; name and email (preferred_username, lower case) are only for show and look-ups."""

    tid: str
    oid: str
    name: str = ""
    email: str = ""
    roles: frozenset[str] = frozenset()

    @property
    def key(self) -> str:
        return f"{self.tid}:{self.oid}"
