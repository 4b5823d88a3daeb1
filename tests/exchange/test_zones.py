"""Windows zone names live only inside exchange/."""

from zoneinfo import ZoneInfo

import pytest
from tzlocal.windows_tz import win_tz

from roombooker.errors import Garbled
from roombooker.exchange.graph.zones import read_stamp, to_iana, to_windows


@pytest.mark.parametrize("name", sorted(win_tz))
def test_every_windows_name_is_a_zone(name: str) -> None:
    assert ZoneInfo(to_iana(name))


def test_names_go_both_ways() -> None:
    assert to_windows("Europe/Amsterdam") == "W. Europe Standard Time"
    assert to_windows("Mars/Olympus") == "Mars/Olympus"


@pytest.mark.parametrize("name", ["Mars", "../etc/passwd", "Customized Time Zone"])
def test_a_zone_that_nobody_knows_is_garbled(name: str) -> None:
    with pytest.raises(Garbled):
        to_iana(name)


@pytest.mark.parametrize("text", [None, "", "soon", 7])
def test_no_stamp_is_no_error(text: object) -> None:
    assert read_stamp(text) is None
