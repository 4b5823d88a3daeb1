"""sendMail, and the outbox where everything that was sent can be read."""

from typing import Any

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from roombooker_sandbox.exchange.errors import GraphError
from roombooker_sandbox.exchange.mailboxes import Mailbox
from roombooker_sandbox.exchange.routes import MailboxRoutes, json_body, no_content
from roombooker_sandbox.exchange.service import Exchange


def register(part: Blueprint, route: MailboxRoutes, exchange: Exchange) -> None:
    @route("POST", "/sendMail", right="Mail.Send", write=False)
    def send_mail(mailbox: Mailbox) -> ResponseReturnValue:
        body = json_body()
        message = body.get("message") or body.get("Message")
        if not isinstance(message, dict):
            raise GraphError(400, "ErrorInvalidRequest", "The message is missing.")
        recipients = [a for field in ("toRecipients", "ccRecipients", "bccRecipients") for a in _addresses(message.get(field))]
        if not recipients:
            raise GraphError(400, "ErrorInvalidRecipients", "At least one recipient is not valid.")
        text = str((message.get("body") or {}).get("content") or "")
        exchange.outbox.add("mail", mailbox.address, recipients, str(message.get("subject") or ""), text)
        return no_content(202)

    @part.get("/outbox")
    def outbox() -> ResponseReturnValue:
        """Not Graph's: for tests and the stand-in Outlook. `to`, `kind`, `after` (an id), `limit` narrow it; oldest first."""
        after, limit = (int(request.args.get(name) or default) for name, default in (("after", "0"), ("limit", "500")))
        return jsonify(
            {"value": exchange.outbox.messages(to=request.args.get("to"), kind=request.args.get("kind"), after=after, limit=limit)}
        )


def _addresses(recipients: Any) -> list[str]:
    found = []
    for entry in recipients or ():
        address = str(((entry or {}).get("emailAddress") or {}).get("address") or "")
        if "@" not in address:
            raise GraphError(400, "ErrorInvalidRecipients", "At least one recipient is not valid.")
        found.append(address)
    return found
