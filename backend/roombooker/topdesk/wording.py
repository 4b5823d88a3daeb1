"""Texts as TOPdesk takes them: 100 wide, on one line, nothing private."""

import unicodedata

WIDTH = 100
PRIVATE = "Private"
_BREAKS = ("Cc", "Cs", "Zl", "Zp")  # control characters, half characters, line and paragraph ends


def one_line(text: str, width: int = WIDTH) -> str:
    """Whitespace and control characters become single blanks; what is too long ends in an ellipsis.

    The width counts UTF-16 units, as Java and SQL Server do, so that an emoji takes two; no character is cut in half, and marks and
    joiners stay with their letter."""
    line = " ".join("".join(" " if unicodedata.category(c) in _BREAKS else c for c in text).split())
    if units(line) <= width:
        return line
    kept, taken = [], 0
    for c in line:
        taken += units(c)
        if taken > width - 1:
            break
        kept.append(c)
    rest = line[len(kept) :]
    while kept and (_joins(rest[:1]) or kept[-1] == "\u200d"):
        rest = kept.pop() + rest
    return "".join(kept).rstrip() + "…"


def units(text: str) -> int:
    """Its length in UTF-16 units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _joins(c: str) -> bool:
    """Whether it belongs to the character before: marks, joiners, variation selectors, skin tones."""
    return bool(c) and (unicodedata.combining(c) > 0 or c in ("\u200d", "\ufe0f", "\ufe0e") or "\U0001f3fb" <= c <= "\U0001f3ff")
