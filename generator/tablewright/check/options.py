"""The options of a field's type → plain values that Airtable takes."""

from __future__ import annotations

import zoneinfo
from functools import cache
from typing import Final

from tablewright.check.findings import Findings
from tablewright.check.reader import Reader
from tablewright.diagnostics import did_you_mean
from tablewright.kinds import RESULTS, Kind, Option


def read_options(findings: Findings, reader: Reader, kind: Kind) -> dict[str, str | int]:
    """Return the type's own options, defaults filled in."""
    options: dict[str, str | int] = {}
    for option in kind.options:
        value = _read_option(findings, reader, option)
        if value is not None:
            options[option.key] = value
    return options


def _read_option(findings: Findings, reader: Reader, option: Option) -> str | int | None:
    if not reader.has(option.key):
        if option.required:
            findings.error(reader.span_of_start(), "TW109", f"{reader.what} needs '{option.key}'",
                           _EXAMPLES.get(option.key, ""))  # fmt: skip
        return option.default
    match option.takes:
        case "integer":
            found = reader.integer(option.key, least=option.least, most=option.most)
            return option.default if found is None else found
        case "word":
            return reader.word(option.key, option.words, str(option.default))
        case "result":
            return reader.word(option.key, RESULTS, str(option.default))
        case "time_zone":
            return _time_zone(findings, reader, option)
        case "text" | "field" | "relation":
            return reader.text(option.key) or option.default
        case "formula" | "expression" | "function":
            # What these say is worked out once all tables are known.
            return None


_EXAMPLES: Final = {
    "relation": "the relation to look along, such as relation: subtasks",
    "field": "the field of the linked table, such as field: amount",
}


def _time_zone(findings: Findings, reader: Reader, option: Option) -> str:
    found = reader.scalar(option.key)
    if found is None:
        return str(option.default)
    if found.text.lower() == "utc" and found.text != "utc":
        findings.error(found.span, "TW217", f"Airtable refuses the time zone '{found.text}'", "write it small: utc")  # fmt: skip
    elif found.text not in ("utc", "client") and found.text not in _zones():
        city = found.text.strip().lower().replace(" ", "_")
        same = [one for one in sorted(_zones()) if one.rsplit("/", 1)[-1].lower() == city]
        near = (
            f"write {same[0]}"
            if same
            else did_you_mean(found.text, ("utc", "client", *sorted(_zones())))
            or "write utc, client, or a name such as Europe/Berlin"
        )
        findings.error(found.span, "TW217", f"there is no time zone '{found.text}'", near)
    else:
        return found.text
    return str(option.default)


@cache
def _zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())
