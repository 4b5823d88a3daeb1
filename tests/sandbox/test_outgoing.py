"""Posts to a product that speaks TLS under the sandbox's own authority."""

from pathlib import Path

import pytest
import requests

from roombooker_sandbox.outgoing import poster
from sandboxes import RunningSandbox, start_sandbox


def test_the_sandbox_s_own_authority_is_trusted_whatever_the_environment_says(
    sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere.pem")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    with poster(sandbox.world) as session:
        assert session.get(f"{sandbox.tls_url}/control/idle", timeout=5).json() == {"pending": 0}


def test_nobody_else_s_certificate_is_trusted(sandbox: RunningSandbox, tmp_path: Path) -> None:
    with (
        start_sandbox(tls=True, certificates=tmp_path) as stranger,
        poster(sandbox.world) as session,
        pytest.raises(requests.exceptions.SSLError),
    ):
        session.get(f"{stranger.tls_url}/control/idle", timeout=5)
