"""GET /support: the deployment's own help page, or ours in the reader's language."""

import dataclasses

from api.conftest import House
from roombooker.api.context import KEY


def test_whom_to_ask_is_said_in_the_readers_language(house: House) -> None:
    for asked, title in {"nl-NL,nl;q=0.9": "Hulp bij", "de": "Hilfe zu", "fr-CH": "Aide pour", "ja": "Help with"}.items():
        answer = house.nobody().call("GET", "/support", headers={"Accept-Language": asked})
        assert answer.status_code == 200
        assert f"<h1>{title} Room Booker</h1>" in answer.text


def test_the_help_page_runs_nothing_and_loads_nothing_of_others(house: House) -> None:
    policy = house.nobody().get("/support").headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script" not in policy
    assert "unsafe" not in policy


def test_a_deployment_with_a_help_page_of_its_own_sends_people_there(house: House) -> None:
    services = house.product.web.extensions[KEY]
    elsewhere = dataclasses.replace(services.settings, support_url="https://help.contoso.example/rooms")
    house.product.web.extensions[KEY] = dataclasses.replace(services, settings=elsewhere)
    try:
        answer = house.nobody().get("/support")
    finally:
        house.product.web.extensions[KEY] = services
    assert (answer.status_code, answer.headers["Location"]) == (302, "https://help.contoso.example/rooms")


def test_the_pane_may_run_and_style_itself_only_from_files(house: House) -> None:
    assert "unsafe" not in house.nobody().get("/taskpane.html").headers["Content-Security-Policy"]
