"""The stand-in Exchange put together: one object that the routes share."""

from dataclasses import dataclass

from roombooker_sandbox.exchange.access import Access
from roombooker_sandbox.exchange.agent import Agent
from roombooker_sandbox.exchange.items import Items
from roombooker_sandbox.exchange.mailboxes import Mailboxes
from roombooker_sandbox.exchange.meetings import Meetings
from roombooker_sandbox.exchange.notices import Notices
from roombooker_sandbox.exchange.outbox import Outbox
from roombooker_sandbox.exchange.subscriptions import Subscriptions
from roombooker_sandbox.exchange.throttle import Throttle
from roombooker_sandbox.world import World


@dataclass(frozen=True)
class Exchange:
    world: World
    mailboxes: Mailboxes
    items: Items
    outbox: Outbox
    agent: Agent
    meetings: Meetings
    access: Access
    subscriptions: Subscriptions
    notices: Notices
    throttle: Throttle


def exchange_of(world: World) -> Exchange:
    """The one Exchange of this world; made at the first call."""
    found = world.parts.get("exchange")
    if isinstance(found, Exchange):
        return found
    mailboxes = Mailboxes(world.directory)
    items = Items(world, mailboxes)
    outbox = Outbox(world)
    agent = Agent(items, outbox)
    subscriptions = Subscriptions(world)
    exchange = Exchange(
        world, mailboxes, items, outbox, agent, Meetings(items, outbox, agent), Access(world, mailboxes), subscriptions,
        Notices(world, items, subscriptions), Throttle(),
    )  # fmt: skip
    items.listeners.append(exchange.notices.tell)
    world.parts["exchange"] = exchange
    agent.resume()
    return exchange
