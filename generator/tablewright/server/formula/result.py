"""The type a formula's cells have, found from its text alone: what the meta API reports under `options.result`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tablewright.server.formula.formula import BoundFormula
from tablewright.server.formula.functions import FUNCTIONS
from tablewright.server.formula.row import VALUES
from tablewright.server.formula.syntax import Call, Chain, Constant, Node, Reference, Signed


@dataclass(frozen=True, slots=True)
class ResultType:
    """A field type of the Web API and its options."""

    type: str
    options: Mapping[str, Any] | None = field(default=None)

    def as_json(self) -> dict[str, Any]:
        """As it stands under `options.result`."""
        return {"type": self.type, **({"options": dict(self.options)} if self.options else {})}


TEXT: Final = ResultType("singleLineText")
INTEGER: Final = ResultType("number", {"precision": 0})
# Airtable's own choice of precision and of date formats for a new formula is unconfirmed.
_MOST_PLACES: Final = 8
_DATE_FORMAT: Final = {"name": "iso", "format": "YYYY-MM-DD"}
DATE: Final = ResultType("date", {"dateFormat": _DATE_FORMAT})
DATE_TIME: Final = ResultType(
    "dateTime",
    {
        "dateFormat": _DATE_FORMAT,
        "timeFormat": {"name": "24hour", "format": "HH:mm"},
        "timeZone": "utc",
    },
)

_NUMBERS: Final = frozenset(
    {"number", "percent", "currency", "duration", "rating", "count", "autoNumber"}
)
_DATE_TIMES: Final = frozenset({"dateTime", "createdTime", "lastModifiedTime"})
_WITH_RESULT: Final = frozenset(
    {"formula", "rollup", "multipleLookupValues", "createdTime", "lastModifiedTime"}
)


def result_type(bound: BoundFormula, field_type_of: Callable[[str], ResultType]) -> ResultType:
    """The type of *bound*'s result; *field_type_of* knows each field by id (and `values` in a rollup).

    Comparisons and logic are numbers without places (unconfirmed), mixed branches are text, as is what cannot be
    told.
    """
    return _Inference(bound.bindings, field_type_of).shown(bound.formula.tree) or TEXT


@dataclass(frozen=True, slots=True)
class _Inference:
    bindings: Mapping[int, str | None]
    field_type_of: Callable[[str], ResultType]

    def shown(self, node: Node) -> ResultType | None:
        """The type of a cell that shows *node*: a rollup's array shows as text."""
        is_array = isinstance(node, Reference) and self.bindings[node.start] == VALUES
        return TEXT if is_array else self.of(node)

    def of(self, node: Node) -> ResultType | None:
        """The type of *node*; None for what is always blank or an error."""
        match node:
            case Constant(value):
                return TEXT if isinstance(value, str) else _number(_places(value))
            case Reference():
                field_id = self.bindings[node.start]
                if field_id is None:
                    return self._call(Call(node.name, (), node.start, 1))
                return _plain(self.field_type_of(field_id))
            case Signed(_, operand):
                return _number(_precision(self.of(operand)))
            case Call():
                return self._call(node)
            case Chain():
                return self._chain(node)

    def _chain(self, node: Chain) -> ResultType:
        sign = node.rest[-1][0]
        if sign == "&":
            return TEXT
        if sign not in "+-*/":
            return INTEGER
        places = [
            _precision(self.of(operand))
            for operand in (node.first, *(each for _, each in node.rest))
        ]
        if any(each == "/" for each, _ in node.rest):
            return _number(_MOST_PLACES)
        return _number(sum(places) if sign in "*/" else max(places))

    def _call(self, call: Call) -> ResultType | None:
        match FUNCTIONS[call.function].result:
            case "integer":
                return INTEGER
            case "text" | "array":
                return TEXT
            case "date":
                return DATE
            case "dateTime":
                return DATE_TIME
            case "blank":
                return None
            case "extreme":
                return self._extreme(call)
            case "instant":
                given = self.of(call.arguments[0])
                return given if given is not None and given.type == "date" else DATE_TIME
            case "branches":
                return self._branches(call)
            case "number":
                return self._number_call(call)

    def _extreme(self, call: Call) -> ResultType:
        types = [found for found in map(self.of, call.arguments) if found is not None]
        if types and all(found.type in ("date", "dateTime") for found in types):
            return types[0]
        return max(
            (found for found in types if found.type in _NUMBERS), key=_precision, default=INTEGER
        )

    def _branches(self, call: Call) -> ResultType | None:
        arguments = call.arguments
        if call.function == "IF":
            branches = arguments[1:]
        else:
            branches = (*arguments[2::2], *(arguments[-1:] if len(arguments) % 2 == 0 else ()))
        types = [found for found in map(self.shown, branches) if found is not None]
        if not types:
            return None
        first = types[0]
        if all(each.type in _NUMBERS for each in types):
            finest = max(types, key=_precision)
            same = len({each.type for each in types}) == 1
            return finest if same else _number(_precision(finest))
        if all(each.type == first.type for each in types):
            return first
        if all(each.type in ("date", "dateTime") for each in types):
            return DATE_TIME
        return TEXT

    def _number_call(self, call: Call) -> ResultType:
        if call.function.startswith("ROUND"):
            places = call.arguments[1]
            if isinstance(places, Constant) and isinstance(places.value, float):
                return _number(int(min(places.value, _MOST_PLACES)))
            return _number(_MOST_PLACES)
        if call.function in ("SUM", "ABS", "MOD", "CEILING", "FLOOR"):
            return _number(max(_precision(self.of(argument)) for argument in call.arguments))
        return _number(_MOST_PLACES)


def _number(places: int) -> ResultType:
    return ResultType("number", {"precision": min(max(places, 0), _MOST_PLACES)})


def _places(number: float) -> int:
    text = f"{number:.8f}".rstrip("0")
    return len(text.partition(".")[2])


def _precision(found: ResultType | None) -> int:
    if found is None or found.type not in _NUMBERS:
        return 0
    return int((found.options or {}).get("precision", 0))


def _plain(found: ResultType) -> ResultType:
    """A field's type as a result: computed fields give the type of their own result, text kinds are text."""
    inner = (found.options or {}).get("result")
    if found.type in _WITH_RESULT and isinstance(inner, Mapping):
        return _plain(ResultType(inner.get("type", "singleLineText"), inner.get("options")))
    if found.type in ("count", "autoNumber"):
        return INTEGER
    if found.type == "rating":
        return _number(0)
    if found.type in _NUMBERS or found.type in ("date", "dateTime", "checkbox"):
        return found
    return DATE_TIME if found.type in _DATE_TIMES else TEXT
