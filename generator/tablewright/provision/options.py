"""Options of a field, live against wanted: what differs, apart from what the API shows and nobody wrote."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tablewright.provision.live import LiveField
from tablewright.provision.manual import flat_options
from tablewright.provision.wanted import WantedField

_NOT_COMPARED: Final = frozenset(
    {"choices", "formula", "linkedTableId", "recordLinkFieldId", "fieldIdInLinkedTable"}
)
"""Compared apart, since they hold ids or can be changed."""

_DISPLAY: Final = {
    "date_format": "dateFormat.name",
    "time_format": "timeFormat.name",
    "time_zone": "timeZone",
}


def differing_options(wanted: WantedField, live: LiveField) -> dict[str, tuple[Any, Any]]:
    """Return the options that differ, each with its live and its wanted value. The types are the same."""
    if wanted.role == "manual":
        given = {_DISPLAY[key]: value for key, value in wanted.options.items() if key in _DISPLAY}
        result = live.options.get("result")
        shown = result if isinstance(result, Mapping) else {}
        has = flat_options(shown.get("options") or {})
        if shown.get("type") == "date":
            # Shown without its time of day, it has neither time format nor time zone.
            given.pop("timeFormat.name", None)
            given.pop("timeZone", None)
    else:
        given, has = flat_options(wanted.options), flat_options(live.options)
    return {
        key: (has.get(key), value)
        for key, value in given.items()
        if key not in _NOT_COMPARED and has.get(key) != value
    }
