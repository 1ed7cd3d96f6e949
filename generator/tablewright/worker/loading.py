"""`package:Class` and `module:function` → what they name, and `field=value` → a condition; or what is wrong with them."""

from __future__ import annotations

import importlib
import inspect
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType
from typing import Any, Final

from tablewright.diagnostics import close_matches, did_you_mean
from tablewright.runtime.choice import Choice
from tablewright.runtime.columns import Condition
from tablewright.runtime.errors import RecordInvalid
from tablewright.runtime.model import AirtableModel
from tablewright.runtime.spec import FieldSpec
from tablewright.runtime.writing import equality
from tablewright.worker.calling import check_handler


class CannotLoad(Exception):
    """What was named is not there, or is something else; the message says what to write."""


def load_model(name: str) -> type[AirtableModel]:
    """Return the record class that `package:Class` names.

    Raises:
        CannotLoad: there is none.
    """
    found = _loaded(name, _MODEL)
    if not _is_model(found):
        raise CannotLoad(f"'{name}' is no record class")
    return found  # type: ignore[no-any-return]  # it is one


def load_queue_model(name: str) -> type[AirtableModel]:
    """Return the record class with a queue that `package:Class` names.

    Raises:
        CannotLoad: there is none, or it has no queue.
    """
    found = load_model(name)
    if found.table.queue is None:
        raise CannotLoad(f"'{name}' has no queue: give its table a 'queue:' in the schema")
    return found


def load_handler(name: str) -> Callable[[Any], Any]:
    """Return the function that `module:function` names.

    Raises:
        CannotLoad: there is none, or calling it with a task would fail, or run nothing.
    """
    found = _loaded(name, _HANDLER)
    try:
        check_handler(found)
    except TypeError as error:
        raise CannotLoad(f"'{name}' {error}") from None
    return found  # type: ignore[no-any-return]  # it takes a task


def _is_model(found: object) -> bool:
    return (
        isinstance(found, type) and issubclass(found, AirtableModel) and found is not AirtableModel
    )


def _is_function(found: object) -> bool:
    """Tell whether something that can be called is no class: those are imported for other ends."""
    return callable(found) and not isinstance(found, type)


_GENERATE: Final = ": run 'tablewright generate' where its schema is"


@dataclass(frozen=True)
class _Sought:
    """What a name should stand for: how it is written, what is offered where it is not there, and what makes it."""

    example: str
    offered: str
    is_it: Callable[[object], bool]
    made_by: str = ""


_MODEL: Final = _Sought(
    "generated.agent_tasks:AgentTask", "record classes there", _is_model, _GENERATE
)
_HANDLER: Final = _Sought("my_agents:handle", "functions there", _is_function)


def _loaded(name: str, sought: _Sought) -> Any:
    module_name, separator, attribute = name.partition(":")
    if not separator or not module_name or not attribute:
        raise CannotLoad(f"'{name}' names nothing: write it as {sought.example}")
    here = str(Path.cwd())
    if here not in sys.path:
        # As `python -m` does: what lies in the current folder can be named.
        sys.path.insert(0, here)
    found: Any = _imported(module_name, sought)
    for part in attribute.split("."):
        if not hasattr(found, part):
            # Looked up without calling anything: a property may do whatever it likes.
            known = [one for one in dir(found) if sought.is_it(inspect.getattr_static(found, one))]
            offered = [one for one in known if not one.startswith("_")]
            way_out = did_you_mean(part, offered, what=sought.offered)
            raise CannotLoad(
                f"'{module_name}' has no '{attribute}'{f': {way_out}' if way_out else ''}"
            )
        found = getattr(found, part)
    return found


def _imported(name: str, sought: _Sought) -> ModuleType:
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        missing = error.name or ""
        if missing and (name == missing or name.startswith(f"{missing}.")):
            way_out = _neighbour(missing) or sought.made_by
            raise CannotLoad(
                f"there is no module '{name}' here or among the installed ones{way_out}"
            ) from None
        # By default that is the folder of generated packages.
        way_out = _GENERATE if missing.partition(".")[0] == "generated" else ""
        raise CannotLoad(f"{_unimportable(name, error)}{way_out}") from error
    # A module may do anything while it is imported, and leave; what goes wrong there is its author's to mend.
    except (Exception, SystemExit) as error:
        raise CannotLoad(_unimportable(name, error)) from error


def _neighbour(missing: str) -> str:
    """Return which module may have been meant: one of the same package, or the one that a file holds."""
    package, _, last = missing.rpartition(".")
    if package not in sys.modules:
        return ""
    places = getattr(sys.modules[package], "__path__", None)
    if places is None:
        return f": did you mean '{package}'?"
    near = close_matches(last, (one.name for one in iter_modules(places)))
    return f": did you mean '{package}.{near[0]}'?" if near else ""


def _unimportable(module_name: str, error: BaseException) -> str:
    """Say why a module cannot be imported, and where."""
    said = str(error)
    if isinstance(error, SyntaxError) and error.filename is not None:
        place, said = f"{error.filename}:{error.lineno}", error.msg
    else:
        own = [
            one for one in traceback.extract_tb(error.__traceback__) if _is_of_others(one.filename)
        ]
        place = f"{own[-1].filename}:{own[-1].lineno}" if own else ""
    where = f" ({place})" if place else ""
    return f"'{module_name}' cannot be imported: {type(error).__name__}: {said}{where}"


def _is_of_others(filename: str) -> bool:
    return not filename.startswith("<") and filename != __file__ and filename != importlib.__file__


def condition_of(model: type[AirtableModel], text: str) -> Condition:
    """Return the condition that `field=value` names; enums by the name of a value or by its label.

    Raises:
        CannotLoad: there is no such field, or it cannot have this value.
    """
    key, separator, value = text.partition("=")
    if not separator:
        raise CannotLoad(f"'{text}' is no condition: write it as agent_id=agent_001")
    field = known_field(model, key)
    found: Any = value or None
    if found is not None and field.choices is not None:
        found = _member(field.choices, value, text)
    elif found is not None:
        found = _converted(field.definition.sql, value, text)
    try:
        return equality(model, key, found)
    except RecordInvalid as error:
        raise CannotLoad(str(error)) from None


def _member(choices: type[Choice], value: str, text: str) -> Choice:
    """Return the value of an enum by its name or its label."""
    names = {one.label: one for one in choices} | {one.name: one for one in choices}
    if value not in names:
        known = did_you_mean(value, list(choices.__members__), what="its values")
        raise CannotLoad(f"'{text}': the field has no such value: {known}")
    return names[value]


def known_field(model: type[AirtableModel], key: str) -> FieldSpec:
    """Return the field of this key.

    Raises:
        CannotLoad: there is none.
    """
    field = model.table.by_key.get(key)
    if field is None:
        guess = did_you_mean(key, list(model.table.by_key))
        raise CannotLoad(f"{model.__name__} has no field '{key}': {guess}")
    return field


def _converted(kind: str, value: str, text: str) -> Any:
    try:
        if kind == "bigint":
            return int(value)
        if kind == "double":
            return float(value)
    except ValueError:
        raise CannotLoad(f"'{text}': the field holds numbers") from None
    if kind == "boolean":
        if value.lower() not in ("true", "false"):
            raise CannotLoad(f"'{text}': the field is true or false")
        return value.lower() == "true"
    if kind != "text":
        raise CannotLoad(
            f"'{text}': only texts, numbers, enums and yes/no fields can be given here"
        )
    return value
