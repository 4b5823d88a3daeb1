"""Mail over SMTP to a sink on loopback: what arrives, what is encrypted, and what failures are called."""

import base64
import socketserver
import ssl
import threading
from collections.abc import Iterator
from email import message_from_bytes, policy
from pathlib import Path
from types import SimpleNamespace

import pytest

from people import ALICE
from roombooker.domain.booking import Person
from roombooker.errors import Denied, Refused, Unavailable
from roombooker.transport import open_trust
from roombooker.transport.smtp import SmtpMail
from roombooker_sandbox.tls import authority_file, server_files

SENDER = "rooms@contoso.example"


class Sink(socketserver.ThreadingTCPServer):
    """Takes mail as a submission server does. `offers_tls`, `password` and `refuses` are for the test to set."""

    daemon_threads = True

    def __init__(self, tls: ssl.SSLContext, *, at_once: bool = False) -> None:
        super().__init__(("127.0.0.1", 0), Conversation)
        self.tls, self.at_once, self.offers_tls, self.password, self.refuses = tls, at_once, True, "", ""
        self.refusal = "550 no"
        self.mails: list[tuple[str, list[str], bytes]] = []
        self.was_encrypted: list[bool] = []

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class Conversation(socketserver.BaseRequestHandler):
    server: Sink

    def handle(self) -> None:
        sender, to = "", []
        try:
            if self.server.at_once:
                self._encrypt()
            self._open()
            self._say("220 sink")
            while line := self.file.readline().decode().strip():
                verb = line.split(" ")[0].upper()
                if self.server.refuses == verb:
                    self._say(self.server.refusal)
                elif verb == "EHLO":
                    offered = ["250-STARTTLS"] if self.server.offers_tls and not self._is_encrypted() else []
                    self._say("\r\n".join(["250-sink", *offered, "250 AUTH PLAIN"]))
                elif verb == "STARTTLS":
                    self._say("220 go on")
                    self._encrypt()
                    self._open()
                elif verb == "AUTH":
                    given = base64.b64decode(line.split(" ")[2]).decode().split("\0")[-1]
                    self._say("235 welcome" if given == self.server.password else "535 who are you")
                elif verb == "MAIL":
                    sender = line.partition("<")[2].partition(">")[0]
                    self._say("250 ok")
                elif verb == "RCPT":
                    to.append(line.partition("<")[2].partition(">")[0])
                    self._say("250 ok")
                elif verb == "DATA":
                    self._say("354 go on")
                    lines = []
                    while (part := self.file.readline()) != b".\r\n":
                        lines.append(part)
                    self.server.mails.append((sender, to, b"".join(lines)))
                    self.server.was_encrypted.append(self._is_encrypted())
                    self._say("250 ok")
                else:
                    self._say("221 bye" if verb == "QUIT" else "250 ok")
        except OSError:
            pass  # it hung up

    def _encrypt(self) -> None:
        self.request = self.server.tls.wrap_socket(self.request, server_side=True)

    def _open(self) -> None:
        self.file = self.request.makefile("rb")

    def _is_encrypted(self) -> bool:
        return isinstance(self.request, ssl.SSLSocket)

    def _say(self, line: str) -> None:
        self.request.sendall(line.encode() + b"\r\n")

    def finish(self) -> None:
        self.file.close()
        self.request.close()


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    folder = tmp_path_factory.mktemp("papers")
    certificate, key = server_files(folder)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate, key)
    return SimpleNamespace(tls=tls, trust=open_trust(Path(authority_file(folder))))


@pytest.fixture
def sink(request: pytest.FixtureRequest, papers: SimpleNamespace) -> Iterator[Sink]:
    with Sink(papers.tls, at_once=getattr(request, "param", False)) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def mailer(sink: Sink, papers: SimpleNamespace, *, scheme: str = "smtp", who: str = "", host: str = "localhost") -> SmtpMail:
    return SmtpMail(f"{scheme}://{who}{host}:{sink.port}", SENDER, trust=papers.trust, timeout_seconds=5)


def test_a_mail_arrives_whole_and_encrypted(sink: Sink, papers: SimpleNamespace) -> None:
    mailer(sink, papers)(Person(ALICE.email, "Jansen, Zoë"), "Amber wäs\nmoved", "It is now at 10:00.\nSee you – there.")
    ((sender, to, raw),) = sink.mails
    assert (sender, to) == (SENDER, [ALICE.email])
    read = message_from_bytes(raw, policy=policy.default)
    assert read["Subject"] == "Amber wäs moved"
    assert read["To"].addresses[0].display_name == "Jansen, Zoë"
    assert read["Auto-Submitted"] == "auto-generated"
    assert read["Message-ID"].endswith("@contoso.example>")
    assert read.get_content().splitlines() == ["It is now at 10:00.", "See you – there."]
    assert sink.was_encrypted == [True]


@pytest.mark.parametrize("sink", [True], indirect=True)
def test_smtps_is_encrypted_from_the_first_byte(sink: Sink, papers: SimpleNamespace) -> None:
    mailer(sink, papers, scheme="smtps")(ALICE, "Subject", "Text")
    assert sink.was_encrypted == [True]


def test_we_sign_in_where_the_address_says_so(sink: Sink, papers: SimpleNamespace) -> None:
    sink.password = "p@ss word"
    mailer(sink, papers, who="rooms:p%40ss%20word@")(ALICE, "Subject", "Text")
    assert len(sink.mails) == 1
    with pytest.raises(Denied):
        mailer(sink, papers, who="rooms:wrong@")(ALICE, "Subject", "Text")
    assert len(sink.mails) == 1


def test_a_server_whose_certificate_is_not_trusted_gets_nothing(sink: Sink, papers: SimpleNamespace) -> None:
    strict = SmtpMail(f"smtp://localhost:{sink.port}", SENDER, trust=open_trust(), timeout_seconds=5)
    with pytest.raises(Unavailable):
        strict(ALICE, "Subject", "Text")
    assert sink.mails == []


def test_mail_leaves_this_machine_encrypted_or_not_at_all(sink: Sink, papers: SimpleNamespace) -> None:
    sink.offers_tls = False
    mailer(sink, papers)(ALICE, "Subject", "Text")  # to a relay on this machine
    assert sink.was_encrypted == [False]
    with pytest.raises(Unavailable):
        mailer(sink, papers, host="127.1")(ALICE, "Subject", "Text")  # a spelling of this machine that we take for another one
    assert len(sink.mails) == 1


@pytest.mark.parametrize("verb", ["RCPT", "MAIL"])
def test_what_the_server_refuses_is_refused(sink: Sink, papers: SimpleNamespace, verb: str) -> None:
    sink.refuses = verb
    with pytest.raises(Refused):
        mailer(sink, papers)(ALICE, "Subject", "Text")


@pytest.mark.parametrize("verb", ["RCPT", "MAIL"])
def test_what_the_server_puts_off_is_not_refused_for_good(sink: Sink, papers: SimpleNamespace, verb: str) -> None:
    sink.refuses, sink.refusal = verb, "451 greylisted"
    with pytest.raises(Unavailable):
        mailer(sink, papers)(ALICE, "Subject", "Text")


@pytest.mark.parametrize("address", ["nobody", "a\nBcc: b@c", "@", "<>"])
def test_what_is_no_address_is_refused_before_anything_is_sent(sink: Sink, papers: SimpleNamespace, address: str) -> None:
    with pytest.raises(Refused):
        mailer(sink, papers)(Person(address, "Somebody"), "Subject", "Text")
    assert sink.mails == []


def test_a_server_that_is_away_is_unavailable(sink: Sink, papers: SimpleNamespace) -> None:
    closed = SmtpMail("smtp://localhost:1", SENDER, trust=papers.trust, timeout_seconds=1)
    with pytest.raises(Unavailable):
        closed(ALICE, "Subject", "Text")
