"""The cast: Alice books, Bob assists her, Carol runs facilities; Dave has no TOPdesk card."""

from roombooker.domain.booking import Person
from roombooker.domain.caller import Caller

TENANT = "11111111-1111-4111-8111-111111111111"

ALICE = Person("alice.jansen@contoso.example", "Alice Jansen", frozenset({"a.jansen@contoso.example"}))
BOB = Person("bob.devries@contoso.example", "Bob de Vries")
CAROL = Person("carol.smit@contoso.example", "Carol Smit")
DAVE = Person("dave.guest@contoso.example", "Dave Guest")


def caller(person: Person, *roles: str) -> Caller:
    """Signed in as this person."""
    number = {ALICE.email: 1, BOB.email: 2, CAROL.email: 3}.get(person.email, 9)
    return Caller(TENANT, f"00000000-0000-4000-8000-00000000000{number}", person.name, person.email, frozenset(roles))
