"""A running sandbox for the tests of its parts."""

from collections.abc import Iterator

import pytest

from sandboxes import RunningSandbox, start_sandbox


@pytest.fixture(scope="module")
def shared_sandbox() -> Iterator[RunningSandbox]:
    """One for the whole test module; ask for `sandbox` instead."""
    with start_sandbox(tls=True) as running:
        yield running


@pytest.fixture
def sandbox(shared_sandbox: RunningSandbox) -> Iterator[RunningSandbox]:
    """Switches, faults, rights, clock and counters are as new for each test; the data are those of the module."""
    shared_sandbox.control.post("/reset").raise_for_status()
    yield shared_sandbox
    shared_sandbox.control.post("/reset").raise_for_status()
    shared_sandbox.idle()


@pytest.fixture
def fresh_sandbox() -> Iterator[RunningSandbox]:
    """One of its own, with untouched data."""
    with start_sandbox() as running:
        yield running
