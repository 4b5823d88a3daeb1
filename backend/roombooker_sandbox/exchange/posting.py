"""Outgoing HTTP of the stand-in Exchange: handshakes and notices, trusting the sandbox's own authority besides the system's."""

import threading

import certifi
import requests

from roombooker_sandbox.tls import authority_file
from roombooker_sandbox.world import World

_sessions = threading.local()


def poster(world: World) -> requests.Session:
    """This thread's session: no proxies, no .netrc."""
    session: requests.Session | None = getattr(_sessions, "session", None)
    own = authority_file(world.options.certificates)
    if session is None:
        session = requests.Session()
        session.trust_env = False
        _sessions.session = session
    session.verify = str(own) if own.exists() else certifi.where()
    return session
