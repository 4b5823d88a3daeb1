"""People who can sign in: found by address or object id, all with the sandbox's one password."""

import secrets

from roombooker_sandbox.directory import Directory, Person
from roombooker_sandbox.entra.errors import EntraError
from roombooker_sandbox.world import PERSON_PASSWORD


class People:
    def __init__(self, directory: Directory) -> None:
        self._by_mail = {person.mail.lower(): person for person in directory.people}
        self._by_oid = {person.oid: person for person in directory.people}

    def sign_in(self, username: str, password: str) -> Person:
        """Raises EntraError: no such account, wrong password."""
        person = self._by_mail.get(username.strip().lower())
        if person is None:
            raise EntraError(50034)
        if not secrets.compare_digest(password.encode(), PERSON_PASSWORD.encode()):
            raise EntraError(50126)
        return person

    def by_mail(self, mail: str) -> Person | None:
        return self._by_mail.get(mail.strip().lower())

    def by_oid(self, oid: str) -> Person:
        if oid not in self._by_oid:
            raise EntraError(50034)
        return self._by_oid[oid]
