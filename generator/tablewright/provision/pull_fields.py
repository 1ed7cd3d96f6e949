"""A live field → how a schema writes it, or why it cannot."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable, Mapping
from typing import Any, Final

from tablewright.kinds import KINDS, Kind
from tablewright.provision.live import LiveField
from tablewright.provision.manual import flat_options, ui_name
from tablewright.provision.pull_names import unsayable_text
from tablewright.targets.airtable.formula_text import pieces, replaced_references

_KIND_NAMES: Final = {
    kind.airtable: kind.name
    for kind in KINDS.values()
    if kind.name not in ("integer", "json", "enum", "enum_list")
}
_OPTION_KEYS: Final = {
    "precision": "precision",
    "symbol": "symbol",
    "max": "max",
    "icon": "icon",
    "color": "color",
    "duration_format": "durationFormat",
    "date_format": "dateFormat.name",
    "time_format": "timeFormat.name",
    "time_zone": "timeZone",
}
_RESULTS: Final = {
    "number": "number",
    "checkbox": "boolean",
    "date": "date",
    "dateTime": "datetime",
    "percent": "number",
    "currency": "number",
    "duration": "number",
    "rating": "integer",
    "count": "integer",
    "autoNumber": "integer",
}


class Unsayable(Exception):
    """The language has no way to say this; the message says why."""


def plain_entry(field: LiveField) -> tuple[dict[str, Any], list[str]]:
    """Return type and options of a field without links, and what of it is left out.

    Raises:
        Unsayable: there is no such type, or an option has a value that the language lacks.
    """
    name = _KIND_NAMES.get(field.type)
    if name is None:
        raise Unsayable(f"the language has no type for '{ui_name(field.type)}' fields")
    if field.type == "number" and field.options.get("precision") == 0:
        return {"type": "integer"}, []
    kind = KINDS[name]
    result = field.options.get("result")
    shown = result if isinstance(result, Mapping) else {}
    options = flat_options((shown.get("options") if kind.computed else field.options) or {})
    entry = {"type": name, **_options(kind, options)}
    left_out = []
    if kind.computed and shown.get("type") == "date":
        left_out.append("that it shows the day alone")
    if kind.computed and field.options.get("referencedFieldIds") and name == "last_modified_time":
        left_out.append("that it watches some fields only")
    if name in ("ai_text", "button"):
        left_out.append("its prompt" if name == "ai_text" else "its label and action")
    return entry, left_out


def _options(kind: Kind, live: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for option in kind.options:
        value = live.get(_OPTION_KEYS.get(option.key, ""))
        if value is None or value == option.default:
            continue
        known = option.words or (zoneinfo.available_timezones() | {"client"} if option.takes == "time_zone" else ())  # fmt: skip
        if (known and value not in known) or (
            option.takes == "integer"
            and not (isinstance(value, int) and option.least <= value <= option.most)
        ):
            raise Unsayable(f"the language has no {option.key} '{value}'")
        if isinstance(value, str) and unsayable_text(value):
            raise Unsayable(f"its {option.key} holds a control character")
        found[option.key] = value
    return found


def result_word(field: LiveField) -> str:
    """Return what a formula or rollup gives, in the language's words; texts and all that has no word are `text`."""
    result = field.options.get("result")
    if not isinstance(result, Mapping):
        return "text"
    # Its decimal places are those that Airtable shows: the API gives all that there are.
    return _RESULTS.get(str(result.get("type")), "text")


def formula_entry(field: LiveField, reference: Callable[[str], str]) -> dict[str, Any]:
    """Return a formula field. *reference* gives what to write for a field's id.

    Raises:
        Unsayable: the formula is broken, or names a field that the schema does not have.
    """
    text = str(field.options.get("formula") or "")
    if not text.strip():
        raise Unsayable("its formula is not shown")
    written = _with_references(text, reference)
    entry: dict[str, Any] = {"type": "formula", "formula": written}
    result = result_word(field)
    return entry if result == "text" else {**entry, "result": result}


def _with_references(text: str, reference: Callable[[str], str]) -> str:
    if unsayable_text(text):
        raise Unsayable("its formula holds a control character")
    if sum((piece.text == "(") - (piece.text == ")") for piece in pieces(text)) != 0:
        raise Unsayable("its formula is broken")
    return replaced_references(text, reference)


def guessed_rollup(field: LiveField) -> str:
    """Return a formula that a rollup may have: the API never shows the real one."""
    word = result_word(field)
    if word in ("integer", "number"):
        return "SUM(values)"
    return "MAX(values)" if word in ("date", "datetime") else "ARRAYJOIN(values, ', ')"
