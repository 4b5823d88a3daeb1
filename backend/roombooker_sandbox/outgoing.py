"""What the stand-ins post to the product: trusting the sandbox's own authority besides the public ones, whatever the environment says."""

import ssl
import threading
from typing import Any

import certifi
import requests
from requests.adapters import HTTPAdapter

from roombooker_sandbox.tls import authority_file
from roombooker_sandbox.world import World

_sessions = threading.local()


def poster(world: World) -> requests.Session:
    """This thread's session for this world: no proxies, no .netrc, no REQUESTS_CA_BUNDLE."""
    folder = world.options.certificates
    session: requests.Session | None = getattr(_sessions, "session", None)
    if session is None or _sessions.folder != folder:
        session = requests.Session()
        session.trust_env = False
        session.mount("https://", _Trusting(world))
        _sessions.session, _sessions.folder = session, folder
    return session


class _Trusting(HTTPAdapter):
    def __init__(self, world: World) -> None:
        self._context = ssl.create_default_context(cafile=certifi.where())
        own = authority_file(world.options.certificates)
        if own.exists():
            self._context.load_verify_locations(own)
        super().__init__()

    def init_poolmanager(self, *arguments: Any, **more: Any) -> None:
        super().init_poolmanager(*arguments, **more, ssl_context=self._context)
