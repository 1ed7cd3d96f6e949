"""Steps for people that nothing asks for any more: carried out, or dropped because the schema changed again."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Final

from tablewright.provision.live import LiveBase, LiveField
from tablewright.provision.manual import flat_options, option_name, ui_name
from tablewright.provision.plan import Plan

_TABLE: Final = re.compile(r"Delete the table '(?P<table>.+)'\. Its rows")
_FIELD: Final = re.compile(
    r"In table '(?P<table>.+?)' (?P<what>add a field named|edit the field|delete the field|give every row a value for) "
    r"'(?P<field>.+?)'(?P<rest> of type| and |, which|\. Its values)(?P<more>.*)",
    re.DOTALL,
)
_RETYPED: Final = re.compile(r"change its type to '(?P<type>.+?)'[.]? ?(?:with .*)?\Z", re.DOTALL)
_ADDED: Final = re.compile(r" '(?P<type>.+?)'(?:\.|:| and paste)")
_CHOICE: Final = re.compile(r"rename the choice '.+' to '(?P<label>.+)'\. Rows")
_COUNT: Final = re.compile(r"switch '.+' (?P<switch>on|off)\.")
_OPTION: Final = re.compile(r"(?:set |, )(?P<name>[a-z ]+) '(?P<value>.*?)'(?=,|\.)")


def was_done(step: str, live: LiveBase, plan: Plan) -> bool:
    """Tell whether a base is as a step left it that *plan*, made since, does not ask for.

    Where the text of the step does not show it, it counts as done.
    """
    ours = _ids(plan, {key: table["fields"] for key, table in plan.known.items()})
    gone = _TABLE.match(step)
    if gone is not None:
        return live.table_named(gone["table"]) is None
    about = _FIELD.match(step)
    if about is None:
        return True
    table = live.table_named(about["table"])
    found = table.field_named(about["field"]) if table is not None else None
    match about["what"]:
        case "delete the field":
            return found is None
        case "add a field named":
            kind = _ADDED.match(about["more"])
            return found is not None and kind is not None and ui_name(found.type) == kind["type"]
        case "edit the field":
            return found is not None and _was_edited(about["more"], found, ours)
        case _:
            # What the schema asks of rows no more is in neither of them.
            met = plan.unique if about["more"].startswith(" no other row") else plan.filled
            return found is not None and found.id in _ids(plan, met)


def _ids(plan: Plan, keys: Mapping[str, Iterable[str]]) -> set[str]:
    """Return the ids of fields, given by their keys, by table."""
    return {
        plan.known[table]["fields"][key]
        for table, wanted in keys.items()
        for key in wanted
        if key in plan.known.get(table, {}).get("fields", {})
    }


def _was_edited(text: str, found: LiveField, ours: Collection[str]) -> bool:
    if retyped := _RETYPED.match(text):
        return ui_name(found.type) == retyped["type"]
    if choice := _CHOICE.match(text):
        return any(one.name == choice["label"] for one in found.choices)
    if count := _COUNT.match(text):
        return bool(found.is_single) is (count["switch"] == "off")
    if not text.startswith("set "):
        return found.id in ours
    options = {option_name(key): str(value) for key, value in flat_options(found.options).items()}
    return found.id in ours and all(
        options.get(one["name"], one["value"]) in (one["value"], "")
        for one in _OPTION.finditer(text)
        # These are told by name, and the base knows them by id.
        if one["name"] not in ("link", "linked field", "linked table")
    )
