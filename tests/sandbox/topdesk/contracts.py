"""TOPdesk's two published contracts as judges of every exchange on the wire."""

import json
import os
import re
from functools import cache
from pathlib import Path

import pytest
from openapi_core import Config, OpenAPI
from openapi_core.testing import MockRequest, MockResponse
from werkzeug.test import TestResponse

FILES = ("topdesk-reservations-2.0.0.json", "topdesk-supporting-files-2.7.11.json")
_MOUNT = "/topdesk/tas/api"
_PERSON_TYPES = (
    "application/x.topdesk-collection-person-v2+json",
    "application/x.topdesk-person-v2+json",
    "application/x.topdesk-collection-person-group-v2+json",
)

# The supporting files' contract refers to these bodies without having them.
_ANY_BODIES = {
    name: {"content": {"application/json": {"schema": {"type": "object"}}}}
    for name in ("UpdateBranchDto", "UpdateLocationDto", "UpdateOperatorDto", "UpdatePersonPrivateDetailsV2Dto")
}

_UNSAID = re.compile(r"/(reservation(Cancellation|Rejection)Reasons|reservationProcessingStatus|serviceTypes|reservationsOptionalSearchlist)"
                     r"|/reservations/[^/]+/attachments")  # fmt: skip

# Calls that no contract here has, with the reason.
ELSEWHERE = {
    "/version": "General API 1.2.0",
    "/productVersion": "General API 1.2.0",
    "/login/operator": "General API 1.2.0",
    "/logout": "General API 1.2.0",
    "/serviceWindow/lookup": "General API 1.2.0",
    "/persons/id/": "persons v1, documented up to Supporting Files 1.58.0",
}


def folder() -> Path:
    """Where the contracts are; the tests that need them are skipped where they are not."""
    here = Path(os.environ.get("ROOMBOOKER_CONTRACTS", Path(__file__).parents[3] / "../shared/contracts"))
    if not (here / FILES[0]).exists():
        pytest.skip("the contracts are not here: set ROOMBOOKER_CONTRACTS")
    return here


@cache
def _judges() -> tuple[tuple[frozenset[str], OpenAPI, OpenAPI], ...]:
    """For each contract: the first words of its paths, a judge of requests, and a stricter one of our answers."""
    judges = []
    for name in FILES:
        text = json.loads((folder() / name).read_text())
        text["servers"] = [{"url": f"http://localhost{_MOUNT}"}]
        text["components"].setdefault("requestBodies", _ANY_BODIES)
        text["components"]["schemas"].get("Time_of_day", {})["additionalProperties"] = True  # an object of which nothing is said
        for operation in (o for operations in text["paths"].values() for o in operations.values()):
            for response in operation["responses"].values():
                # its own description says IMF-fixdate, its schema says date-time: the words are right
                response.get("headers", {}).get("Last-Modified", {}).get("schema", {}).pop("format", None)
        readers = dict.fromkeys(_PERSON_TYPES, json.loads)
        requests = OpenAPI.from_dict(text, config=Config(extra_media_type_deserializers=readers))
        # a member that the contract does not know is a mistake of ours, not a liberty
        strict = Config(extra_media_type_deserializers=readers, additional_properties_default_policy="forbid")
        judges.append((frozenset(path.split("/")[1] for path in text["paths"]), requests, OpenAPI.from_dict(text, config=strict)))
    return tuple(judges)


def judge(response: TestResponse, body: bytes, *, request_too: bool) -> None:
    """Fails when the answer, or the request when it was meant to be right, is not what the contract says."""
    path = response.request.path.removeprefix(_MOUNT)
    if any(path.startswith(known) for known in ELSEWHERE):
        return
    judges = next(((requests, answers) for roots, requests, answers in _judges() if path.split("/")[1] in roots), None)
    assert judges is not None, f"no contract has {path}"
    requests, answers = judges
    sent = response.request
    asked = MockRequest(
        "http://localhost", sent.method.lower(), sent.path.rstrip("/"), args=sent.args, headers=dict(sent.headers), data=body, content_type=sent.mimetype,
    )  # fmt: skip
    if request_too and response.status_code != 401:
        requests.validate_request(asked)
    if response.status_code != 401 and not _differs(path, response):
        answers.validate_response(
            asked, MockResponse(response.data, response.status_code, headers=dict(response.headers), content_type=response.mimetype)
        )


def _differs(path: str, response: TestResponse) -> bool:
    """Where the real system is known, or has, to differ from its specification."""
    # persons v1 is not in the contract of v2, though several clients speak it
    asked_v1 = path.startswith("/persons") and "person-v2" not in response.request.headers.get("Accept", "")
    is_v1 = asked_v1 and (response.mimetype == "application/json" or response.status_code == 204)
    # the contract gives 206 no body; the list that was asked for must be somewhere
    is_part = path.startswith("/reservations") and response.status_code == 206
    # these calls' contract forgets that a body can be wrong and an entry unknown
    is_unsaid = response.status_code in (400, 404) and bool(_UNSAID.match(path))
    # a server-side weight (qs) as part of the content type is never sent
    return is_v1 or is_part or is_unsaid or path.endswith("/privateDetails")
