"""Mail from the configured mailbox."""

from roombooker.domain.booking import Person
from roombooker.exchange.graph.client import MAIL, GraphClient


def send_mail(client: GraphClient, sender: str, to: Person, subject: str, text: str) -> None:
    """Plain text, not kept among the sent items. OutcomeUnknown: it may have gone out; Denied without Mail.Send for that mailbox."""
    message = {
        "subject": " ".join(subject.split())[:255],
        "body": {"contentType": "text", "content": text},
        "toRecipients": [{"emailAddress": {"address": to.email, "name": to.name or to.email}}],
    }
    body = {"message": message, "saveToSentItems": False}
    client.call("POST", "/users/{mailbox}/sendMail", at={"mailbox": sender}, json=body, right=MAIL)
