"""The options a client gives for a new field → the options the field has, or everything wrong with them.

The write forms are those of the field model page; every problem is worded as observed:
`<Field>.options is missing`, `<Field>.options.<key> is not included in the schema`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from tablewright.airtable import (
    CHECKBOX_ICONS,
    CHOICE_COLORS,
    DATE_FORMATS,
    DURATION_FORMATS,
    ICON_COLORS,
    MAX_CHOICES,
    MAX_PRECISION,
    MAX_RATING,
    RATING_ICONS,
    TIME_FORMATS,
)
from tablewright.server import dates
from tablewright.server.choices import new_choices
from tablewright.server.ids import is_id
from tablewright.server.jsontext import Json, JsonObject

Problems = list[str]
Check = Callable[[str, Json, Problems], Json]
"""Gets the path, the value and the list to add problems to; returns the value to store."""


@dataclass(frozen=True, slots=True)
class _Option:
    check: Check
    is_required: bool = True


def _whole(least: int, most: int) -> Check:
    def check(path: str, value: Json, problems: Problems) -> Json:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            problems.append(f"{path} must be a whole number from {least} to {most}")
        return value

    return check


def _one_of(*known: str) -> Check:
    def check(path: str, value: Json, problems: Problems) -> Json:
        if value not in known:
            problems.append(f"{path} must be one of {', '.join(known)}")
        return value

    return check


def _text(path: str, value: Json, problems: Problems) -> Json:
    if not isinstance(value, str) or not value:
        problems.append(f"{path} must be a text")
    return value


def _id(prefix: str) -> Check:
    def check(path: str, value: Json, problems: Problems) -> Json:
        if not is_id(value, prefix):
            problems.append(f"{path} must be an id starting with {prefix}")
        return value

    return check


def _format(known: Mapping[str, str]) -> Check:
    def check(path: str, value: Json, problems: Problems) -> Json:
        name = value.get("name") if isinstance(value, dict) else None
        if not isinstance(name, str) or name not in known:
            problems.append(f"{path}.name must be one of {', '.join(known)}")
            return value
        problems.extend(
            f"{path}.{key} is not included in the schema"
            for key in value
            if key not in ("name", "format")
        )
        if value.get("format") not in (None, known[name]):
            problems.append(f"{path}.format must be {known[name]} for {name}")
        return {"name": name, "format": known[name]}

    return check


def _time_zone(path: str, value: Json, problems: Problems) -> Json:
    # Observed in 2026: `UTC` in capitals is refused, `utc` is not.
    if not isinstance(value, str) or value in ("UTC", "GMT") or dates.zone(value) is None:
        problems.append(f"{path} is an invalid timezone")
    return value


def _choices(path: str, value: Json, problems: Problems) -> Json:
    if not isinstance(value, list):
        problems.append(f"{path} must be an array")
        return value
    if len(value) > MAX_CHOICES:
        problems.append(f"{path} must hold at most {MAX_CHOICES} choices")
    before = len(problems)
    seen: set[str] = set()
    for position, choice in enumerate(value):
        here = f"{path}[{position}]"
        if not isinstance(choice, dict) or not isinstance(choice.get("name"), str):
            problems.append(f"{here}.name is missing")
            continue
        name = choice["name"].strip().casefold()
        if not name:
            problems.append(f"{here}.name must not be empty")
        elif name in seen:
            problems.append(f"{here}.name is used twice")
        seen.add(name)
        problems.extend(
            f"{here}.{key} is not included in the schema"
            for key in choice
            if key not in ("name", "color")
        )
        if choice.get("color") not in (None, *CHOICE_COLORS):
            problems.append(f"{here}.color must be one of {', '.join(CHOICE_COLORS)}")
    return value if len(problems) > before else new_choices(value)


_ICON_COLOR = _Option(_one_of(*ICON_COLORS))
_DATE_FORMAT = _Option(_format(DATE_FORMATS))
_LINK = _Option(_id("fld"))
_SELECT = {"choices": _Option(_choices)}

_OPTIONS: Final[dict[str, dict[str, _Option]]] = {
    "number": {"precision": _Option(_whole(0, MAX_PRECISION["number"]))},
    "percent": {"precision": _Option(_whole(0, MAX_PRECISION["percent"]))},
    "currency": {
        "precision": _Option(_whole(0, MAX_PRECISION["currency"])),
        "symbol": _Option(_text),
    },
    "duration": {"durationFormat": _Option(_one_of(*DURATION_FORMATS))},
    "date": {"dateFormat": _DATE_FORMAT},
    "dateTime": {
        "timeZone": _Option(_time_zone),
        "dateFormat": _DATE_FORMAT,
        "timeFormat": _Option(_format(TIME_FORMATS)),
    },
    "checkbox": {"icon": _Option(_one_of(*CHECKBOX_ICONS)), "color": _ICON_COLOR},
    "rating": {
        "icon": _Option(_one_of(*RATING_ICONS)),
        "color": _ICON_COLOR,
        "max": _Option(_whole(1, MAX_RATING)),
    },
    "singleSelect": _SELECT,
    "multipleSelects": _SELECT,
    "multipleRecordLinks": {
        "linkedTableId": _Option(_id("tbl")),
        "viewIdForRecordSelection": _Option(_id("viw"), is_required=False),
    },
    "formula": {"formula": _Option(_text)},
    "rollup": {
        "recordLinkFieldId": _LINK,
        "fieldIdInLinkedTable": _LINK,
        "formula": _Option(_text),
    },
    "multipleLookupValues": {"recordLinkFieldId": _LINK, "fieldIdInLinkedTable": _LINK},
    "count": {"recordLinkFieldId": _LINK},
}


def checked_options(
    field_name: str, field_type: str, given: Json
) -> tuple[JsonObject | None, Problems]:
    """The options a new field of this type gets from what was *given*, and what is wrong with that."""
    path = f"{field_name}.options"
    result = given.get("result") if isinstance(given, dict) else None
    if field_type in ("createdTime", "lastModifiedTime") and isinstance(result, dict):
        # Only people make these fields. They choose how the moments are shown.
        shown, problems = checked_options(field_name, "dateTime", result.get("options"))
        return {"result": {"type": "dateTime", "options": shown}}, problems
    known = _OPTIONS.get(field_type)
    if known is None:
        # An empty object for a type without options is let through (unconfirmed).
        wrong = given is not None and given != {}
        return (
            {"isReversed": False} if field_type == "multipleAttachments" else None,
            [f"{path} is not included in the schema"] if wrong else [],
        )
    if not given:
        return None, [f"{path} is missing"]
    if not isinstance(given, dict):
        return None, [f"{path} must be an object"]
    problems = [f"{path}.{key} is not included in the schema" for key in given if key not in known]
    stored: JsonObject = {}
    for key, option in known.items():
        if given.get(key) is not None:
            stored[key] = option.check(f"{path}.{key}", given[key], problems)
        elif option.is_required:
            problems.append(f"{path}.{key} is missing")
    return stored, problems
