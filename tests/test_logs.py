"""Log lines are JSON with the request's id."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from roombooker import logs


@pytest.fixture
def configured() -> Iterator[None]:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    logs.configure("info")
    yield
    root.handlers, root.level = before, level
    structlog.reset_defaults()


def test_our_lines_and_the_libraries_are_json_with_the_request_id(configured: None, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info")
    logs.bind_request("the-request")
    structlog.get_logger("ours").info("booked", room="room-1")
    logging.getLogger("theirs").warning("careful %s", "now")
    ours, theirs = (json.loads(line) for line in capsys.readouterr().err.splitlines())
    assert (ours["event"], ours["room"], ours["level"], ours["request_id"]) == ("booked", "room-1", "info", "the-request")
    assert (theirs["event"], theirs["logger"], theirs["request_id"]) == ("careful now", "theirs", "the-request")
    assert ours["at"].endswith("Z")


def test_what_is_below_the_level_is_not_written(configured: None, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("warning")
    structlog.get_logger("ours").info("booked")
    logs.configure("info")
    for loud in ("urllib3.connectionpool", "msal.application", "werkzeug"):
        logging.getLogger(loud).info("GET /reservations?query=email==alice")
    structlog.get_logger("ours").debug("call")
    assert capsys.readouterr().err == ""


def test_an_exception_is_told_with_its_trace(configured: None, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info")
    try:
        raise ValueError("broken")
    except ValueError as error:
        structlog.get_logger("ours").error("failed", exc_info=error)
    assert "ValueError: broken" in json.loads(capsys.readouterr().err)["exception"]


def test_each_request_has_its_own_id() -> None:
    first = logs.bind_request()
    assert logs.request_id() == first
    assert logs.bind_request() != first
    assert logs.bind_request("given") == "given"
