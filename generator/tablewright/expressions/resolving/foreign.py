"""What other languages write → what this one writes, as ways out."""

from __future__ import annotations

import re
from typing import Final

NULLS: Final = frozenset({"null", "nil", "none", "undefined", "blank", "empty"})
"""What a blank is called elsewhere, in small letters."""

_NULL: Final = "(?:null|nil|none|undefined|blank|empty)"
_WAYS_OUT: Final = tuple(
    (re.compile(pattern), way_out)
    for pattern, way_out in (
        (rf"(?i)\bis\s+not\s+{_NULL}\b", "write 'is not None'"),
        (rf"(?i)\bis\s+{_NULL}\b", "write 'is None'"),
        (rf"(?i)(?<!is )\bnot\s+{_NULL}\b", "write 'is not None'"),
        (r"(?i)\bi?like\b", "write contains(text, part), startswith(text, part) or endswith(text, part)"),
        (r"(?i)\bbetween\b", "write 'least <= value <= greatest'"),
        (r"\bAND\b", "write 'and'"),
        (r"\bOR\b", "write 'or'"),
        (r"\bNOT\b", "write 'not'"),
        (r"\bIN\b", "write 'in'"),
        (r"\bIS\b", "write 'is'"),
        ("!==|<>|=!", "write '!='"),
        ("===", "write '=='"),
        ("=>", "write '>='"),
        ("=<", "write '<='"),
        ("&&", "write 'and'"),
        (r"\|\|", "write 'or'"),
        ("!(?!=)", "write 'not', or '!=' for a comparison"),
        (r"\?", "write 'a if test else b'"),
        ("(?<![=!<>])=(?!=)", "write '==' to compare"),
    )
)  # fmt: skip


def way_out_at(text: str, place: int) -> str:
    """Return what to write in place of the foreign words or signs at *place*, or a character before or behind it.

    The first of the list counts where several meet there; empty where nothing foreign is known.
    """
    for pattern, way_out in _WAYS_OUT:
        for found in pattern.finditer(text):
            is_written_so = way_out == f"write '{found.group()}'"
            if found.start() - 1 <= place <= found.end() + 1 and not is_written_so:
                return way_out
    return ""


def way_out_of_is(tested: str, against: str, *, negated: bool) -> str:
    """Return what to write in place of `tested is against`, or of `is not` where *negated*."""
    if against.casefold() in NULLS:
        return f"write '{tested} is not None'" if negated else f"write '{tested} is None'"
    if against.casefold() in ("true", "false"):
        return f"write 'not {tested}'" if (against.casefold() == "true") == negated else f"write '{tested}'"  # fmt: skip
    return "write '!='" if negated else "write '=='"
