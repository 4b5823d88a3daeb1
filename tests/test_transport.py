"""The transport against a server that misbehaves on purpose, on loopback."""

import json
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import structlog

from roombooker import deadline
from roombooker.errors import Denied, Garbled, InvalidInput, NotFound, OutcomeUnknown, Refused, RoomBookerError, Unavailable
from roombooker.logs import bind_request
from roombooker.transport import Transport, failure, fill, open_session, retry_after
from roombooker.transport.lanes import Lanes
from roombooker.transport.outage import Outage

Reply = Callable[[BaseHTTPRequestHandler], None]


def say(status: int, body: str = "{}", kind: str = "application/json", **headers: str) -> Reply:
    def reply(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Type", kind)
        handler.send_header("Content-Length", str(len(body.encode())))
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body.encode())

    return reply


def hang_up(handler: BaseHTTPRequestHandler) -> None:
    handler.close_connection = True
    handler.connection.shutdown(socket.SHUT_RDWR)


def stay_silent(handler: BaseHTTPRequestHandler) -> None:
    time.sleep(0.6)
    handler.close_connection = True


class Server:
    """Answers with the scripted replies in order, the last one for ever; `seen` holds (method, path, headers, body)."""

    def __init__(self) -> None:
        self.replies: list[Reply] = [say(200)]
        self.seen: list[tuple[str, str, dict[str, str], bytes]] = []
        lock = threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one_request(self) -> None:
                try:
                    super().handle_one_request()
                except OSError:
                    self.close_connection = True

            def _reply(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                with lock:
                    outer.seen.append((self.command, self.path, dict(self.headers), body))
                    reply = outer.replies.pop(0) if len(outer.replies) > 1 else outer.replies[0]
                reply(self)

            do_GET = do_POST = do_PATCH = do_DELETE = _reply  # noqa: N815

            def log_message(self, *_: Any) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http.server_address[1]}"


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    yield running
    running.http.shutdown()
    running.http.server_close()


@pytest.fixture
def transport(server: Server) -> Iterator[Transport]:
    made = make(server.url)
    yield made
    made.session.close()


def make(url: str, **more: Any) -> Transport:
    session = open_session(connect_timeout_seconds=0.5, read_timeout_seconds=0.3)
    return Transport("topdesk", url + "/base", session, clock=lambda: datetime.now(UTC), **more)


def caught(transport: Transport, method: str = "GET", **more: Any) -> RoomBookerError:
    with pytest.raises(RoomBookerError) as error:
        transport.call(method, "/things", **more)
    return error.value


def test_a_good_answer_is_given_back(server: Server, transport: Transport) -> None:
    server.replies = [say(200, '{"a": 1}', ETag="x")]
    answer = transport.call("GET", "/things/{id}", at={"id": "a/b c"}, params={"q": "1+1 = 2", "$top": 5})
    assert answer.record() == {"a": 1}
    assert answer.headers["etag"] == "x"
    assert server.seen[0][1] == "/base/things/a%2Fb%20c?q=1%2B1%20%3D%202&%24top=5"


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, Refused), (401, Denied), (403, Denied), (404, NotFound), (409, Refused), (410, Refused), (422, Refused), (501, Refused),
     (302, Garbled), (429, Unavailable), (500, Unavailable), (502, Unavailable), (503, Unavailable)],
)  # fmt: skip
def test_every_status_has_its_place_in_the_tree(status: int, kind: type[RoomBookerError]) -> None:
    error = failure("topdesk", status, {}, b"", changes=False)
    assert type(error) is kind


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_gateways_error_after_a_write_says_nothing_about_its_outcome(status: int) -> None:
    assert type(failure("topdesk", status, {}, b"<html>", changes=True)) is OutcomeUnknown


def test_being_told_to_slow_down_means_that_a_write_was_not_done() -> None:
    assert type(failure("topdesk", 429, {}, b"", changes=True)) is Unavailable


@pytest.mark.parametrize(
    ("body", "message", "said"),
    [
        (b'{"errors":[{"errorCode":"value_invalid","errorMessage":"Too late"}]}', "TOPdesk refused this: Too late", "value_invalid"),
        (b'[{"message":"No way"}]', "TOPdesk refused this: No way", ""),
        (b'{"error":{"code":"ErrorX","message":"Not so"}}', "TOPdesk refused this: Not so", "ErrorX"),
        (b"<html>Apache Tomcat</html>", "TOPdesk refused this.", ""),
        (b"", "TOPdesk refused this.", ""),
        (b'{"errors":[null, 3]}', "TOPdesk refused this.", ""),
    ],
)
def test_a_refusals_words_are_found_in_every_shape(body: bytes, message: str, said: str) -> None:
    error = failure("topdesk", 400, {}, body, changes=True)
    assert isinstance(error, Refused)
    assert (error.message, error.said) == (message, said)


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("Taken by\r\n\tBob\u2028again\x00.", "Taken by Bob again ."),
        ("<p>Not <b>allowed</b></p><script>alert('x')</script>", "Not allowed"),
        ("&lt;img src=x onerror=alert(1)&gt;No", "No"),
        ("5 < 6 <a href=", "5 6 a href="),
        ("abc\u202egnorw", "abc gnorw"),
        ("Reserved for Bob (bob.devries@contoso.example), ask <bob@contoso.example>.", "Reserved for Bob (…), ask ."),
        ("x" * 5000, "x" * 299 + "…"),
    ],
)
def test_a_refusals_words_are_one_plain_short_line_without_peoples_addresses(said: str, shown: str) -> None:
    error = failure("topdesk", 400, {}, json.dumps([{"message": said}, {"message": None}]).encode(), changes=True)
    assert isinstance(error, Refused)
    assert error.message == f"TOPdesk refused this: {shown}"


def test_a_refusal_of_any_size_is_read_in_no_time() -> None:
    begun = time.process_time()
    for said in ("<" * 1_000_000, "a@" * 1_000_000, "<script" * 200_000, "&lt" * 500_000):
        error = failure("topdesk", 400, {}, json.dumps({"message": said}).encode(), changes=True)
        assert error is not None
        assert len(error.message) < 330
    assert time.process_time() - begun < 2


def test_a_page_instead_of_data_is_garbled(server: Server, transport: Transport) -> None:
    server.replies = [say(200, "<html>Sign in</html>", "text/html")]
    with pytest.raises(Garbled):
        transport.call("GET", "/things").json()


@pytest.mark.parametrize("body", ['{"results": 3}', "[]", '{"results": [1]}', "{}"])
def test_another_shape_is_garbled(server: Server, transport: Transport, body: str) -> None:
    server.replies = [say(200, body)]
    with pytest.raises(Garbled):
        transport.call("GET", "/things").records("results")


def test_a_redirect_is_not_followed(server: Server, transport: Transport) -> None:
    server.replies = [say(302, Location=f"{server.url}/elsewhere")]
    assert isinstance(caught(transport), Garbled)
    assert len(server.seen) == 1


def test_a_reading_is_tried_again_after_a_5xx(server: Server, transport: Transport) -> None:
    server.replies = [say(503), say(502), say(200, "[]")]
    assert transport.call("GET", "/things").json() == []
    assert len(server.seen) == 3


def test_a_change_is_never_tried_again_after_it_was_sent(server: Server, transport: Transport) -> None:
    for reply in (say(503), hang_up, stay_silent):
        server.replies = [reply]
        before = len(server.seen)
        assert isinstance(caught(transport, "POST", json={}), OutcomeUnknown)
        assert len(server.seen) == before + 1


def test_a_change_that_was_not_received_is_unavailable() -> None:
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    transport = make(url)
    error = caught(transport, "POST", json={})
    assert isinstance(error, Unavailable)
    assert not isinstance(error, OutcomeUnknown)
    transport.session.close()


@pytest.mark.parametrize("reply", [hang_up, stay_silent])
def test_a_reading_without_an_answer_is_unavailable(server: Server, transport: Transport, reply: Reply) -> None:
    server.replies = [reply]
    assert isinstance(caught(transport), Unavailable)


def test_a_short_retry_after_is_waited_for(server: Server, transport: Transport) -> None:
    server.replies = [say(429, Retry_After="1"), say(200)]
    begun = time.monotonic()
    transport.call("POST", "/things", json={})
    assert time.monotonic() - begun >= 1


def test_a_long_retry_after_is_told_instead(server: Server, transport: Transport) -> None:
    server.replies = [say(429, Retry_After="120"), say(200)]
    error = caught(transport)
    assert isinstance(error, Unavailable)
    assert error.retry_after == timedelta(seconds=120)
    assert len(server.seen) == 1


def test_retry_after_may_be_a_date_or_nonsense() -> None:
    now = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
    assert retry_after({"retry-after": "Sat, 21 Nov 2026 12:00:30 GMT"}, now) == timedelta(seconds=30)
    assert retry_after({"retry-after": "Sat, 21 Nov 2026 11:00:00 GMT"}, now) == timedelta()
    assert retry_after({"retry-after": "soon"}) is None
    assert retry_after({}) is None


def test_each_try_is_counted_with_its_route_and_status(server: Server) -> None:
    told: list[tuple[Any, ...]] = []
    transport = make(server.url, on_call=lambda *call: told.append(call))
    server.replies = [say(503), say(200)]
    transport.call("GET", "/things/{id}", at={"id": "secret"})
    assert [call[:4] for call in told] == [("topdesk", "GET", "/things/{id}", 503), ("topdesk", "GET", "/things/{id}", 200)]
    assert all(call[4] >= 0 for call in told)
    transport.session.close()


def test_requests_carry_the_id_of_the_request_at_hand(server: Server, transport: Transport) -> None:
    bind_request("the-id-of-this")
    transport.call("GET", "/things")
    headers = server.seen[0][2]
    assert headers["X-Request-Id"] == "the-id-of-this"
    assert len(headers["client-request-id"]) == 36


def test_an_outage_is_told_once_at_its_start_and_once_at_its_end(server: Server) -> None:
    transport = make(server.url, outage_failures=2, outage_pause=timedelta(seconds=0.3))
    server.replies = [say(500)]
    with structlog.testing.capture_logs() as lines:
        for _ in range(4):
            caught(transport)
        assert transport.contact.away_since is not None
        time.sleep(0.35)
        caught(transport)  # tries, fails, stays away
        server.replies = [say(200)]
        time.sleep(0.35)
        transport.call("GET", "/things")
    assert [line["event"] for line in lines if line["event"].startswith("outage")] == ["outage starts", "outage ends"]
    assert transport.contact.away_since is None
    assert transport.contact.good_at is not None
    transport.session.close()


def test_a_side_that_is_away_is_spared(server: Server) -> None:
    transport = make(server.url, outage_failures=2, outage_pause=timedelta(seconds=30))
    server.replies = [say(500)]
    caught(transport)
    before = len(server.seen)
    begun = time.monotonic()
    assert isinstance(caught(transport), Unavailable)
    assert len(server.seen) == before
    assert time.monotonic() - begun < 0.2
    transport.session.close()


def test_refusals_and_throttling_are_no_outage() -> None:
    outage = Outage("topdesk", lambda: datetime.now(UTC), failures=2, pause=timedelta(seconds=30))
    for _ in range(5):
        outage.report(Refused("topdesk", "No."))
        outage.report(Unavailable("topdesk", "Slow down.", status_code=429))
        outage.report(NotFound("No."))
    outage.check()
    assert outage.contact.away_since is None


def test_a_sign_in_that_fails_says_nothing_of_the_side_itself(server: Server) -> None:
    transport = make(server.url, outage_failures=2)

    def no_token(_: Any) -> Any:
        raise Unavailable("entra", "Away.")

    for _ in range(2):
        assert isinstance(caught(transport, auth=no_token), Unavailable)
    assert transport.contact.away_since is None
    assert transport.contact.good_at is None
    assert server.seen == []
    transport.session.close()


def test_calls_run_side_by_side_but_no_more_than_there_are_lanes(server: Server) -> None:
    running, most, lock = 0, 0, threading.Lock()

    def count(handler: BaseHTTPRequestHandler) -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.1)
        with lock:
            running -= 1
        say(200)(handler)

    server.replies = [count]
    transport = make(server.url, lanes=3)
    threads = [threading.Thread(target=lambda: transport.call("GET", "/things")) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 3
    transport.session.close()


def test_a_heavy_call_takes_several_lanes() -> None:
    lanes = Lanes("exchange", 4)
    with lanes.taken(3, 1), pytest.raises(Unavailable), lanes.taken(2, 0.01):
        pass
    with lanes.taken(9, 1):  # more than there are means all
        pass


def test_nothing_is_sent_when_the_time_that_was_given_is_over(server: Server, transport: Transport) -> None:
    with deadline.within(0.1), pytest.raises(Unavailable):
        transport.call("POST", "/reservations", json={})
    assert server.seen == []
    transport.call("POST", "/reservations", json={})


def test_a_call_waits_no_longer_for_its_answer_than_it_was_given(server: Server) -> None:
    server.replies = [lambda _handler: time.sleep(4)]
    session = open_session(connect_timeout_seconds=30, read_timeout_seconds=30)
    patient = Transport("topdesk", server.url, session, clock=lambda: datetime.now(UTC))
    began = time.monotonic()
    with deadline.within(0.8), deadline.within(60), pytest.raises(OutcomeUnknown):  # an inner end that is later changes nothing
        patient.call("POST", "/reservations", json={})
    assert time.monotonic() - began < 3
    assert deadline.left() is None
    session.close()


def test_a_link_is_followed_on_our_own_host_only(server: Server, transport: Transport) -> None:
    transport.call("GET", "/things", link="https://evil.example/base/things?$skiptoken=a%2Bb")
    transport.call("GET", "/things", link="/things?page=2")
    assert [path for _, path, _, _ in server.seen] == ["/base/things?$skiptoken=a%2Bb", "/base/things?page=2"]


def test_no_body_and_no_query_gets_into_a_log(server: Server, transport: Transport, caplog: pytest.LogCaptureFixture) -> None:
    server.replies = [say(400, '{"message": "alice@contoso.example is busy"}')]
    with caplog.at_level(logging.INFO), structlog.testing.capture_logs() as lines:
        caught(transport, "POST", json={"subject": "Layoffs"}, params={"query": "email==alice"})
    told = json.dumps(lines, default=str)
    assert "Layoffs" not in told + caplog.text
    assert "alice" not in told + caplog.text


def test_nothing_is_taken_from_netrc(server: Server, transport: Transport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login other password other\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    transport.call("GET", "/things")
    assert "Authorization" not in server.seen[0][2]


def test_an_unusable_authority_file_is_named(tmp_path: Path) -> None:
    for file in (tmp_path / "absent.pem", tmp_path):
        with pytest.raises(InvalidInput, match="ROOMBOOKER_CA_FILE"):
            open_session(connect_timeout_seconds=1, read_timeout_seconds=1, ca_file=file)


def test_a_route_is_filled_with_quoted_values_only() -> None:
    assert (
        fill("/users/{mailbox}/events/{event}", {"mailbox": "a@b.c", "event": "x/../y?z#="}) == "/users/a@b.c/events/x%2F..%2Fy%3Fz%23%3D"
    )
