"""/openapi.json describes what the views do: valid as OpenAPI 3.1, and true under fuzzing."""

import contextlib
from collections import Counter
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS, load_all_checks

from api.conftest import House
from sandboxes import ALICE


@pytest.fixture(scope="session")
def description(house: House) -> dict[str, Any]:
    answer = house.nobody().get("/openapi.json")
    assert answer.status_code == 200
    return dict(answer.get_json())


def test_the_description_is_valid(description: dict[str, Any]) -> None:
    assert description["openapi"].startswith("3.1")
    assert list(OpenAPIV31SpecValidator(description).iter_errors()) == []


def test_the_description_names_every_address_of_the_api(house: House, description: dict[str, Any]) -> None:
    served = {rule.rule for rule in house.product.web.url_map.iter_rules() if rule.rule.startswith(("/api/", "/hooks/"))}
    described = {path.split("{")[0] for path in description["paths"]}
    assert {path.split("<")[0] for path in served} <= described
    assert {"/healthz", "/readyz", "/metrics"} <= described


def test_what_needs_a_token_says_so_and_what_does_not_says_that(description: dict[str, Any]) -> None:
    assert description["security"] == [{"entra": []}]
    for path, operations in description["paths"].items():
        for method, operation in operations.items():
            if method in ("get", "post", "patch", "delete"):
                is_open = not path.startswith("/api/")
                assert ("security" in operation and operation["security"] == []) is is_open, f"{method} {path}"


def test_every_operation_has_a_sentence(description: dict[str, Any]) -> None:
    for path, operations in description["paths"].items():
        for method, operation in operations.items():
            if method in ("get", "post", "patch", "delete"):
                assert operation.get("summary"), f"{method} {path}"


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["good", "bad"])
def test_requests_made_from_the_description_are_answered_as_it_says(house: House, mode: GenerationMode) -> None:
    """Schemathesis invents requests, good and bad; every answer must be one that the description knows, and never a 500."""
    schema = schemathesis.openapi.from_wsgi("/openapi.json", house.product.web)
    load_all_checks()
    wanted = [
        CHECKS.get_one(name)
        for name in ("not_a_server_error", "response_schema_conformance", "status_code_conformance", "content_type_conformance")
    ]
    bearer = f"Bearer {house.sandbox.person_token(ALICE)}"
    asked = Counter[str]()
    for found in schema.get_all_operations():
        with contextlib.suppress(Unsatisfiable):  # an operation without parameters has no bad request
            _ask(found.ok(), mode, bearer, wanted, asked)
    assert sum(asked.values()) > 100, asked


def _ask(operation: Any, mode: GenerationMode, bearer: str, wanted: list[Any], asked: Counter[str]) -> None:
    @settings(
        max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate], database=None, derandomize=True
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        asked[operation.label] += 1
        case.call_and_validate(headers={"Authorization": bearer}, checks=wanted)

    ask()
