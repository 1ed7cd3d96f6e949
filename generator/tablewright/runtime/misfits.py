"""Pydantic's findings → one error in the words of the schema."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError

from tablewright.diagnostics import did_you_mean
from tablewright.kinds import Bound, as_written
from tablewright.runtime.errors import Misfit, RecordInvalid
from tablewright.runtime.spec import LifecycleSpec
from tablewright.runtime.unfit_values import JSON_RULE, Unfit, choice_unfit, without_zone

if TYPE_CHECKING:
    from tablewright.runtime.model import AirtableModel

_RULES: Final[Mapping[str, str]] = {
    "string": "has to be a text",
    "int": "has to be an integer",
    "float": "has to be a number",
    "finite": "has to be a finite number",
    "bool": "has to be true or false",
    "datetime": "has to be a datetime",
    "date": "has to be a date",
    "time": "has to be a timedelta",
    "list": "has to be a list",
    "invalid-json-value": JSON_RULE,
}
"""What is valid, by how the type of pydantic's finding begins."""


def translated(model: type[AirtableModel], error: ValidationError, described: str) -> RecordInvalid:
    """Return what pydantic found in the words of the schema."""
    attributes = {relation.attribute: relation.key for relation in model.table.relations}
    misfits = []
    for detail in error.errors(include_url=False):
        place = [str(part) for part in detail["loc"]]
        name = attributes.get(place[0], place[0]) if place else model.table.key
        misfits.append(_unfit(model, detail, name).misfit(name, detail["input"]))
    unique = {(one.field, one.valid): one for one in misfits}
    return RecordInvalid(described, list(unique.values()))


def unknown(model: type[AirtableModel], name: str) -> str:
    """Return what is to be said of a name that is no field that can be given."""
    inverse = next((one for one in model.table.inverses() if one.key == name), None)
    if inverse is not None:
        there = f"{inverse.source.key}.{inverse.relation.key}"
        return f"is the other side of {there}, where the link is set"
    if isinstance(inspect.getattr_static(model, name, None), property):
        return "is calculated, and cannot be given or set"
    known = [one.key for one in model.table.fields] + [one.key for one in model.table.relations]
    return f"is not a field of {model.table.key}: {did_you_mean(name, known)}"


def refuse_other_side(model: type[AirtableModel], name: str, described: str) -> None:
    """Do nothing where *name*, which cannot be set, is not the other side of a relation.

    Raises:
        RecordInvalid: it is one.
    """
    if any(one.key == name for one in model.table.inverses()):
        raise RecordInvalid(described, [Misfit(name, unknown(model, name), has_given=False)])


def by_transitions(lifecycle: LifecycleSpec) -> str:
    """Return what is to be said of a state that is set."""
    names = ", ".join(one.name for one in lifecycle.transitions)
    return f"is moved by transitions only: {names}"


def _unfit(model: type[AirtableModel], detail: Any, name: str) -> Unfit:
    lifecycle = model.table.lifecycle
    field = model.table.by_key.get(name)
    match detail["type"]:
        case "missing":
            return Unfit("is required", has_given=False)
        case "extra_forbidden" | "no_such_attribute":
            return Unfit(unknown(model, name), has_given=False)
        case "frozen_field" if lifecycle is not None and name == lifecycle.field:
            return Unfit(by_transitions(lifecycle), has_given=False)
        case "frozen_field":
            return Unfit("is given by the store and cannot be set", has_given=False)
        case _ if detail["input"] is None:
            return Unfit("is required", has_given=False)
        case "too_short" if detail["input"] == []:
            return Unfit("is required", has_given=False)
        case "timezone_aware":
            return without_zone()
        case "enum" if field is not None and field.choices is not None:
            return choice_unfit(field.choices, detail["input"])
        case _ if field is not None and field.kind == "json":
            return Unfit(JSON_RULE)
        case "greater_than_equal":
            least = None if field is None else field.minimum
            return Unfit(f"has to be at least {_shown(least, detail['ctx']['ge'])}")
        case "less_than_equal":
            most = None if field is None else field.maximum
            return Unfit(f"has to be at most {_shown(most, detail['ctx']['le'])}")
        case "string_pattern_mismatch":
            return Unfit(f"has to match {detail['ctx']['pattern']}")
        case "string_too_short" | "string_too_long" | "too_short" | "too_long":
            return Unfit(_pydantics(detail))
        case kind:
            rule = _RULES.get(kind) or _RULES.get(kind.partition("_")[0])
            return Unfit(rule or _pydantics(detail))


def _pydantics(detail: Any) -> str:
    text = re.sub(r"^(Value error, )", "", str(detail["msg"]))
    return re.sub(r"^\w+( \w+)? should ", "has to ", text)


def _shown(bound: Bound | None, asked: Any) -> str:
    """Return a bound of the schema as it is written there, or what a class of the user's own asks for."""
    return str(asked) if bound is None else as_written(bound)
