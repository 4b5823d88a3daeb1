"""Mail over SMTP, encrypted always; the way out for those who do not let us send through Graph."""

import smtplib
import ssl
from datetime import UTC, datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

from roombooker.domain.booking import Person
from roombooker.errors import Denied, Refused, Unavailable

SIDE = "mail"
_PORTS = {"smtp": 587, "smtps": 465}


class SmtpMail:
    """`address`: smtp://user:password@host:port (STARTTLS before anything is said; in the clear on this machine only) or smtps://…"""

    def __init__(self, address: str, sender: str, *, trust: ssl.SSLContext, timeout_seconds: float) -> None:
        self._url = urlsplit(address)
        self._sender = sender
        self._trust = trust
        self._timeout_seconds = timeout_seconds

    def __call__(self, to: Person, subject: str, text: str) -> None:
        """Denied, Refused or Unavailable; a mail whose end is not known counts as unavailable."""
        try:
            message = _message(self._sender, to, subject, text)
        except (ValueError, IndexError, MessageError) as error:  # the library's words for an address that is none
            raise Refused(SIDE, "This is not an address that mail can be sent to.") from error
        try:
            with self._connect() as server:
                self._sign_in(server)
                server.send_message(message)
        except smtplib.SMTPAuthenticationError as error:
            raise Denied(SIDE, "The mail server does not accept our sign-in.", status_code=error.smtp_code, right="sign-in") from error
        except (smtplib.SMTPRecipientsRefused, smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as error:
            if _is_for_now(error):
                raise Unavailable(SIDE, "The mail server does not take the message at the moment.") from error
            raise Refused(SIDE, "The mail server refused the message.") from error
        except (smtplib.SMTPException, OSError) as error:
            raise Unavailable(SIDE, "The mail server is not available at the moment.") from error

    def _connect(self) -> smtplib.SMTP:
        host, port = self._url.hostname or "", self._url.port or _PORTS[self._url.scheme]
        if self._url.scheme == "smtps":
            return smtplib.SMTP_SSL(host, port, timeout=self._timeout_seconds, context=self._trust)
        server = smtplib.SMTP(host, port, timeout=self._timeout_seconds)
        try:
            server.ehlo()
            if server.has_extn("starttls") or not _is_this_machine(host):
                server.starttls(context=self._trust)
        except BaseException:
            server.close()
            raise
        return server

    def _sign_in(self, server: smtplib.SMTP) -> None:
        if self._url.username:
            server.login(unquote(self._url.username), unquote(self._url.password or ""))


def _message(sender: str, to: Person, subject: str, text: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = Address("Room Booker", addr_spec=sender)
    message["To"] = Address(" ".join(to.name.split()), addr_spec=to.email)
    message["Subject"] = " ".join(subject.split())[:255]
    message["Date"] = format_datetime(datetime.now(UTC))
    message["Message-ID"] = make_msgid(domain=sender.partition("@")[2])
    message["Auto-Submitted"] = "auto-generated"  # keeps out-of-office answers away (RFC 3834)
    message.set_content(text)
    return message


def _is_for_now(error: smtplib.SMTPRecipientsRefused | smtplib.SMTPSenderRefused | smtplib.SMTPDataError) -> bool:
    """4xx: greylisting, a full mailbox, too much at once (RFC 5321, 4.2.1)."""
    codes = [said[0] for said in error.recipients.values()] if isinstance(error, smtplib.SMTPRecipientsRefused) else [error.smtp_code]
    return all(400 <= code < 500 for code in codes)


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
