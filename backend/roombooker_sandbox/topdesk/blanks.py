"""Cards with nothing filled in, and the rows that cards are kept in."""

import json
from typing import Any

from roombooker_sandbox.directory import Building, stable_id
from roombooker_sandbox.topdesk.answers import Card
from roombooker_sandbox.topdesk.signin import API_OPERATOR

MEETING_ROOM = {"id": stable_id("location-type", "meeting"), "name": "Meeting room"}
TRAINING_ROOM = {"id": stable_id("location-type", "training"), "name": "Training room"}
OTHER_ROOM = {"id": stable_id("location-type", "other"), "name": "Other"}


def location_row(serial: int, card: Card) -> tuple[Any, ...]:
    management = card["reservationManagement"]
    return (serial, card["id"], card["name"], card["branch"]["id"], card["type"]["name"], card["status"] == "archived", management["reservable"],
            json.dumps(card))  # fmt: skip


def person_row(serial: int, card: Card) -> tuple[Any, ...]:
    return (serial, card["id"], card["email"], card["dynamicName"], card["branch"]["id"], card["archived"], json.dumps(card))


def branch(branch_id: str, name: str) -> Card:
    """A branch card with nothing filled in."""
    texts = ("specification", "clientReferenceNumber", "phone", "fax", "email", "website", "membershipNumber", "vatNumber", "attentionComment",
             "additionalInfo", "notes")  # fmt: skip
    references = ("extraA", "extraB", "headBranch", "accountManager", "contact", "serviceWindow", "attention")
    return {
        "id": branch_id, "status": "active", "name": name, "timeZone": "Europe/Amsterdam", "branchType": "independentBranch",
        "serviceWindowOption": "default", "address": {}, "postalAddress": {}, "realEstate": {}, "surfaceArea": 0.0, "volume": 0.0,
        "hasAttention": False, "optionalFields1": {}, "optionalFields2": {}, **dict.fromkeys(texts, ""), **dict.fromkeys(references),
        "creationDate": "2024-01-08T08:00:00Z", "modificationDate": "2024-01-08T08:00:00Z",
    }  # fmt: skip


def location(location_id: str, name: str, number: str, branch: Card, kind: Card, capacity: int) -> Card:
    """A location card that nobody may book yet."""
    return {
        "id": location_id, "status": "active", "name": name, "roomNumber": number, "functionalUse": None, "type": kind, "capacity": capacity,
        "specification": "", "budgetHolder": None, "branch": branch, "buildingZone": None, "roomStatus": None, "roomSetup": "standardLocation",
        "majorLocation": None, "area": {}, "finishing": {},
        "reservationManagement": {
            "reservable": False, "issuable": False, "blockTime": 0, "visibleInSsd": False, "reservableInSsd": False, "requiresApproval": False,
            "reservableBy": "everybody", "reservableByPersonGroup": None, "serviceWindowAppliesTo": "noServiceWindow", "serviceWindow": None,
            "price": 0.0, "highRate": 0.0, "pricePer": "hour", "deposit": 0.0, "extraInformation": "", "leaseText": "",
        },
        "optionalFields1": {}, "optionalFields2": {}, "notes": "", "creator": {"id": API_OPERATOR.id, "name": API_OPERATOR.name},
        "creationDate": "2024-01-08T08:00:00Z", "modifier": {"id": API_OPERATOR.id, "name": API_OPERATOR.name}, "modificationDate": "2024-01-08T08:00:00Z",
    }  # fmt: skip


def person(person_id: str, first: str, last: str, email: str, building: Building) -> Card:
    return {
        "id": person_id, "surName": last, "firstName": first, "dynamicName": f"{last}, {first}" if first else last, "archived": False, "email": email,
        "phoneNumber": "", "employeeNumber": "", "tasLoginName": "", "networkLoginName": "",
        "branch": {"id": building.branch_id, "name": building.name, "clientReferenceNumber": f"B{building.number + 1}", "timeZone": building.time_zone},
    }  # fmt: skip
