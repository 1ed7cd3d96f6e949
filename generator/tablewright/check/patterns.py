"""`pattern:` → why it is of no use: to Python's engine, to the one behind generated models, or because they differ."""

from __future__ import annotations

import re
import warnings
from typing import Final

_PIECE: Final = re.compile(r"(?s)\\.|\[\^?\]?(?:\\.|[^\]\\])*\]")
"""An escape or a set of signs, in which quantifiers and brackets stand for themselves."""
_POSSESSIVE: Final = re.compile(r"[*+?}]\+")
_ITSELF: Final = "a sign that stands for itself has a backslash before it, as in '\\['"
_WAYS_OUT: Final = (
    ("size limit", "say + or * in it, and count the characters with 'min_length' and 'max_length'"),
    ("look-around", "write it without looking ahead and behind"),
    ("backreferences", "write what is repeated once more"),
    ("valid decimal", "write both ends, as in {0,3}"),
    ("unrecognized escape", "a sign that is none of ASCII stands for itself without a backslash"),
)
"""What to do about what the engine of generated models says, by words in it."""


def why_unusable(pattern: str) -> tuple[str, str]:
    """Return what is wrong with a regular expression and what to do about it; both empty where it can be used.

    Generated models match with pydantic's engine, which takes linear time and knows less than Python's; stores match
    with Python's. What the two read in different ways is refused as well.
    """
    try:
        with warnings.catch_warnings():
            # Python warns of what other engines read as a set inside a set.
            warnings.simplefilter("error")
            re.compile(pattern)
    except (re.error, RecursionError, OverflowError, Warning) as error:
        return str(error), _ITSELF
    pieces = _PIECE.findall(pattern)
    if "\\<" in pieces or "\\>" in pieces:
        return (
            "'\\<' and '\\>' are ends of words to some engines",
            "write < and > without a backslash",
        )
    if _POSSESSIVE.search(_PIECE.sub("x", pattern)):
        return (
            "only some engines know possessive repetitions",
            "write it without the '+' behind another sign of repetition",
        )
    return _refused_by_models(pattern)


def _refused_by_models(pattern: str) -> tuple[str, str]:
    # Imported here: it takes longer than to check a whole schema, and few schemas have patterns.
    from pydantic_core import SchemaError, SchemaValidator, core_schema

    try:
        SchemaValidator(core_schema.str_schema(pattern=pattern))
    except SchemaError as error:
        reason = str(error).strip().splitlines()[-1].partition("rror: ")[2].rstrip(".")
        if "\\Z" in _PIECE.findall(pattern):
            return reason, "write '$' for '\\Z'"
        return reason, next((way for words, way in _WAYS_OUT if words in reason), _ITSELF)
    return "", ""
