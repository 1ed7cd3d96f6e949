"""What people are told to do in Airtable where the API cannot: exact names, options and formulas to paste."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

UI_NAMES: Final = {
    "singleLineText": "Single line text",
    "multilineText": "Long text",
    "richText": "Long text with rich text formatting",
    "email": "Email",
    "url": "URL",
    "phoneNumber": "Phone number",
    "number": "Number",
    "percent": "Percent",
    "currency": "Currency",
    "duration": "Duration",
    "date": "Date",
    "dateTime": "Date, with the time included",
    "checkbox": "Checkbox",
    "rating": "Rating",
    "singleSelect": "Single select",
    "multipleSelects": "Multiple select",
    "singleCollaborator": "User",
    "multipleCollaborators": "User, several allowed",
    "multipleAttachments": "Attachment",
    "multipleRecordLinks": "Link to another record",
    "barcode": "Barcode",
    "formula": "Formula",
    "rollup": "Rollup",
    "multipleLookupValues": "Lookup",
    "count": "Count",
    "autoNumber": "Autonumber",
    "createdTime": "Created time",
    "lastModifiedTime": "Last modified time",
    "createdBy": "Created by",
    "lastModifiedBy": "Last modified by",
    "button": "Button",
    "aiText": "AI field",
    "externalSyncSource": "Sync source",
}
"""Field types as Airtable's own screens call them."""

_OPTION_NAMES: Final = {
    "precision": "precision",
    "symbol": "symbol",
    "durationFormat": "format",
    "dateFormat.name": "date format",
    "timeFormat.name": "time format",
    "timeZone": "time zone",
    "icon": "icon",
    "color": "colour",
    "max": "highest value",
    "date_format": "date format",
    "time_format": "time format",
    "time_zone": "time zone",
    "recordLinkFieldId": "link",
    "fieldIdInLinkedTable": "linked field",
    "linkedTableId": "linked table",
    "formula": "formula",
}


def ui_name(kind: str) -> str:
    """Return a field type as Airtable's screens call it."""
    return UI_NAMES.get(kind, kind)


def option_name(option: str) -> str:
    """Return an option as people call it."""
    return _OPTION_NAMES.get(option, option)


def flat_options(options: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return nested options as one mapping: `dateFormat.name`."""
    found: dict[str, Any] = {}
    for key, value in options.items():
        if isinstance(value, Mapping):
            found |= flat_options(value, f"{prefix}{key}.")
        else:
            found[f"{prefix}{key}"] = value
    return found


def how_to_add(
    table: str, body: Mapping[str, Any], name_of: Callable[[str], str] = lambda reference: reference
) -> str:
    """Return how to make the field that *body* would create; *name_of* tells the names of what it refers to."""
    lines = [
        f"In table '{table}' add a field named '{body['name']}' of type '{ui_name(str(body['type']))}'"
    ]
    options = flat_options(body.get("options") or {})
    formula = options.pop("formula", None)
    said = [
        f"{option_name(key)} '{name_of(str(value))}'"
        for key, value in options.items()
        if key != "choices"
    ]
    if said:
        lines[0] += f": {', '.join(said)}"
    if formula is not None:
        lines[0] += " and paste this formula:"
        lines += [f"    {line}" for line in str(formula).splitlines()]
    else:
        lines[0] += "."
    return "\n".join(lines)


def how_to_retype(table: str, name: str, kind: str, differences: Mapping[str, Any]) -> str:
    """Return how to give a field that is there another type, or other options where the type stays."""
    said = ", ".join(f"{option_name(key)} '{value}'" for key, value in differences.items())
    change = f"set {said}" if said and not kind else f"change its type to '{ui_name(kind)}'"
    if said and kind:
        change += f" with {said}"
    return f"In table '{table}' edit the field '{name}' and {change}."


def how_to_recount(table: str, name: str, *, many: bool) -> str:
    """Return how to let a link lead to many records, or to one alone."""
    switch = "on" if many else "off"
    return f"In table '{table}' edit the field '{name}' and switch 'Allow linking to multiple records' {switch}."


def how_to_remove(table: str, field: str = "") -> str:
    """Return how to delete a field, or without one the whole table."""
    if not field:
        return f"Delete the table '{table}'. Its rows go with it."
    return f"In table '{table}' delete the field '{field}'. Its values go with it."
