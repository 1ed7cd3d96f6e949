"""Text functions. Positions count from 1; characters are Unicode code points (unconfirmed: perhaps UTF-16 units)."""

from __future__ import annotations

import math
import re
from typing import Final
from urllib.parse import quote

from tablewright.server.formula.functions.table import Group
from tablewright.server.formula.values import ERROR, MAX_TEXT, Value, to_number, to_text

_text = Group("Text")


def whole(value: Value, *, least: int = 0) -> int:
    """*value* as a count or position: cut to an integer, NaN and anything below *least* read as *least*."""
    number = to_number(value)
    if math.isnan(number):
        return least
    return int(min(max(number, least), MAX_TEXT + 1))


@_text.pure("CONCATENATE(t, [t, …])", "the texts one after another, as `&`", "text")
def concatenate(*values: Value) -> Value:
    parts = [to_text(value) for value in values]
    return "".join(parts) if sum(map(len, parts)) <= MAX_TEXT else ERROR


@_text.pure("LEFT(s, n)", "the first *n* characters", "text")
def left(text: Value, count: Value) -> Value:
    return to_text(text)[: whole(count)]


@_text.pure("RIGHT(s, n)", "the last *n* characters", "text")
def right(text: Value, count: Value) -> Value:
    string, wanted = to_text(text), whole(count)
    return string[max(0, len(string) - wanted) :]


@_text.pure("MID(s, start, n)", "*n* characters from position *start*", "text")
def mid(text: Value, start: Value, count: Value) -> Value:
    begin = whole(start, least=1) - 1
    return to_text(text)[begin : begin + whole(count)]


@_text.pure("LEN(s)", "the number of characters", "integer")
def length(text: Value) -> Value:
    return len(to_text(text))


@_text.pure("LOWER(s)", "in lower case", "text")
def lower(text: Value) -> Value:
    return to_text(text).lower()


@_text.pure("UPPER(s)", "in upper case", "text")
def upper(text: Value) -> Value:
    return to_text(text).upper()


@_text.pure("TRIM(s)", "without white space at both ends", "text")
def trim(text: Value) -> Value:
    return to_text(text).strip()


@_text.pure(
    "FIND(needle, hay, [start])",
    "the position of *needle*, case-sensitive, 0 when absent",
    "integer",
)
def find(needle: Value, hay: Value, start: Value = 0) -> Value:
    # A start of 0 (the documented default) and 1 both mean the first character; the base of others is unconfirmed.
    begin = 0 if start == 0 else whole(start, least=1) - 1
    return to_text(hay).find(to_text(needle), begin) + 1


@_text.pure("SEARCH(needle, hay, [start])", "as FIND, but blank when absent", "integer")
def search(needle: Value, hay: Value, start: Value = 0) -> Value:
    # Case-sensitive like FIND (unconfirmed: sources disagree, most wrap both sides in LOWER).
    return find(needle, hay, start) or None


@_text.pure(
    "SUBSTITUTE(s, old, new, [index])", "*new* for every *old*, or for the *index*-th alone", "text"
)
def substitute(text: Value, old: Value, new: Value, index: Value = None) -> Value:
    string, wanted, replacement = to_text(text), to_text(old), to_text(new)
    if not wanted:
        return string
    if index is None:
        growth = string.count(wanted) * (len(replacement) - len(wanted))
        return string.replace(wanted, replacement) if len(string) + growth <= MAX_TEXT else ERROR
    at = -len(wanted)
    for _ in range(whole(index, least=1)):
        at = string.find(wanted, at + len(wanted))
        if at < 0:
            return string
    return string[:at] + replacement + string[at + len(wanted) :]


@_text.pure(
    "REPLACE(s, start, n, new)", "*new* in place of *n* characters from position *start*", "text"
)
def replace(text: Value, start: Value, count: Value, new: Value) -> Value:
    string, begin = to_text(text), whole(start, least=1) - 1
    return string[:begin] + to_text(new) + string[begin + whole(count) :]


@_text.pure("REPT(s, n)", "the text *n* times", "text")
def repeat(text: Value, count: Value) -> Value:
    string, times = to_text(text), whole(count)
    return string * times if len(string) * times <= MAX_TEXT else ERROR


@_text.pure("T(v)", "*v* when it is text, otherwise blank", "text")
def text_only(value: Value) -> Value:
    return value if isinstance(value, str) else None


@_text.pure("EXACT(a, b)", "1 when both texts are the same, case included", "integer")
def exact(left_text: Value, right_text: Value) -> Value:
    # Not in every list of Airtable's functions (unconfirmed).
    return to_text(left_text) == to_text(right_text)


_DIGITS: Final = re.compile(r"[^0-9.\-]", re.ASCII)
_NUMERAL: Final = re.compile(r"-?(?:[0-9]+\.?[0-9]*|\.[0-9]+)", re.ASCII)


@_text.pure("VALUE(text)", "the number in a text", "number")
def number_of(text: Value) -> Value:
    # Signs of currency and thousands are dropped; what is then no numeral is NaN (unconfirmed).
    if not isinstance(text, str):
        return to_number(text)
    digits = _DIGITS.sub("", text)
    if not digits:
        return math.nan if text.strip() else None
    return float(digits) if _NUMERAL.fullmatch(digits) else math.nan


@_text.pure(
    "ENCODE_URL_COMPONENT(s)", "percent-encoded, all but letters, digits and `-_.~`", "text"
)
def encode_url_component(text: Value) -> Value:
    encoded = quote(to_text(text), safe="-_.~")
    return encoded if len(encoded) <= MAX_TEXT else ERROR
