"""Subjects as TOPdesk takes them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roombooker.topdesk.wording import WIDTH, one_line, units


@given(st.text(max_size=400))
def test_a_line_always_fits_and_settles_at_once(text: str) -> None:
    line = one_line(text)
    assert units(line) <= WIDTH
    assert "\n" not in line
    assert one_line(line) == line


@given(st.text(alphabet=st.characters(min_codepoint=0x1F300, max_codepoint=0x1F6FF), min_size=60, max_size=90))
def test_no_emoji_is_cut_in_half(text: str) -> None:
    line = one_line(text)
    assert line.encode("utf-16-le").decode("utf-16-le") == line
    assert line.removesuffix("…") == text[: len(line) - 1]


def test_short_text_is_left_as_it_is() -> None:
    assert one_line("Budget review – Q3 🙂") == "Budget review – Q3 🙂"


def test_long_text_ends_in_an_ellipsis() -> None:
    assert one_line("x" * 101) == "x" * 99 + "…"
    assert one_line("x" * 100) == "x" * 100


@pytest.mark.parametrize("tail", ["e\u0301", "👍🏽", "👩\u200d🔧", "❤\ufe0f"])
def test_marks_stay_with_their_letter(tail: str) -> None:
    for length in range(90, 101):
        line = one_line("x" * length + tail + "y" * 20)
        kept = line.removesuffix("…").lstrip("x").rstrip("y")
        assert kept in ("", tail)


def test_breaks_and_control_characters_become_blanks() -> None:
    assert one_line(" a\r\n\tb\x00c \u2028 d ") == "a b c d"
