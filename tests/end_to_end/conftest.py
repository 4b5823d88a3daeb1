"""A running product with a short hold, shared by the tests of a file; each takes days and rooms of its own."""

from collections.abc import Iterator

import pytest

from stack import Stack, start_stack

HOLD_S = 6.0


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("stack")
    with start_stack(folder, options={"rooms": 20, "people": 40}, HOLD_MINUTES=HOLD_S / 60, VANISHED_MINUTES=0.05) as running:
        yield running
        for line in running.logs().splitlines():
            assert '"level": "error"' not in line, line


@pytest.fixture(autouse=True)
def _calm(stack: Stack) -> Iterator[None]:
    """Each test begins and ends with the sandbox as it is by default."""
    yield
    stack.sandbox.control.post("/reset", json={})
