"""Subscriptions over HTTP."""

import re

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from roombooker_sandbox.exchange.access import caller
from roombooker_sandbox.exchange.errors import GraphError, bad_request
from roombooker_sandbox.exchange.odata import root, style
from roombooker_sandbox.exchange.routes import API, json_body, no_content
from roombooker_sandbox.exchange.service import Exchange
from roombooker_sandbox.exchange.subscriptions import Subscription

_RESOURCE = re.compile(r"/?(?:users(?:/([^/]+)|\('([^']+)'\))|(me))(?:/calendar|/calendars/[^/]+)?/events/?", re.IGNORECASE)


def register(part: Blueprint, exchange: Exchange) -> None:
    subscriptions = exchange.subscriptions

    def shown(subscription: Subscription, status: int = 200) -> ResponseReturnValue:
        return jsonify({"@odata.context": f"{root()}$metadata#subscriptions/$entity", **subscription.shown()}), status

    def owned(name: str) -> Subscription:
        found = subscriptions.find(name)
        if found.data["applicationId"] != caller().app_id:
            raise GraphError(404, "ResourceNotFound", "The object was not found.")
        return found

    @part.get(f"{API}/subscriptions")
    def list_subscriptions() -> ResponseReturnValue:
        mine = [s.shown() for s in subscriptions.live() if s.data["applicationId"] == caller().app_id]
        return jsonify({"@odata.context": f"{root()}$metadata#subscriptions", "value": mine})

    @part.post(f"{API}/subscriptions")
    def create_subscription() -> ResponseReturnValue:
        body = json_body()
        match = _RESOURCE.fullmatch(str(body.get("resource") or ""))
        if not match:
            raise bad_request(f"Resource '{body.get('resource')}' is not supported for subscriptions here.", "InvalidRequest")
        mailbox = exchange.access.mailbox(match[1] or match[2] or "")
        who = caller()
        return shown(subscriptions.create(mailbox.key, body, who.app_id, who.oid, immutable=style().immutable), 201)

    @part.get(f"{API}/subscriptions/<name>")
    def get_subscription(name: str) -> ResponseReturnValue:
        return shown(owned(name))

    @part.patch(f"{API}/subscriptions/<name>")
    def renew_subscription(name: str) -> ResponseReturnValue:
        return shown(subscriptions.renew(owned(name), json_body()))

    @part.delete(f"{API}/subscriptions/<name>")
    def delete_subscription(name: str) -> ResponseReturnValue:
        subscriptions.remove(owned(name).id)
        return no_content()

    @part.post(f"{API}/subscriptions/<name>/reauthorize")
    def reauthorize_subscription(name: str) -> ResponseReturnValue:
        owned(name)
        return no_content()
