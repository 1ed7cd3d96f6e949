"""A formula as text and tree, and the same bound to the fields of a table, ready to run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Final

from tablewright.server.formula.code import Evaluate, Predicate
from tablewright.server.formula.compile import compile_node
from tablewright.server.formula.errors import FormulaError
from tablewright.server.formula.functions import FUNCTIONS
from tablewright.server.formula.parse import parse_tree
from tablewright.server.formula.predicate import compile_predicate
from tablewright.server.formula.row import VALUES
from tablewright.server.formula.syntax import Call, Node, Reference, nodes_of

Resolve = Callable[[str], str | None]
"""A field's id for a name or id as written, or None. How names are matched is the table's affair."""

_CONSTANT_WORDS: Final = ("TRUE", "FALSE", "BLANK", "NOW", "TODAY")
"""Functions that some write without parentheses. A field of that name comes first (all of it unconfirmed)."""


@dataclass(frozen=True)
class Formula:
    """A formula that reads well by itself; whether its fields exist is seen by `bind`."""

    text: str
    tree: Node = field(repr=False)

    @cached_property
    def references(self) -> tuple[Reference, ...]:
        return tuple(node for node in nodes_of(self.tree) if isinstance(node, Reference))

    @property
    def field_references(self) -> tuple[str, ...]:
        """The names and ids as written, braces off, in the order of the text, repeats kept."""
        return tuple(reference.name for reference in self.references)

    @cached_property
    def function_names(self) -> frozenset[str]:
        """The functions called, in upper case: tells a caller that a result depends on the clock, say."""
        called = {node.function for node in nodes_of(self.tree) if isinstance(node, Call)}
        bare = {node.name for node in self.references if node.bare and node.name in _CONSTANT_WORDS}
        return frozenset(called | bare)

    def bind(self, resolve: Resolve, *, rollup: bool = False) -> BoundFormula:
        """The formula over the fields that *resolve* finds; in a *rollup* the bare word `values` is the array.

        Raises:
            FormulaError: of kind `unknown_fields`, with every unknown name once; or a function asks for a field
                where none stands.
        """
        bindings: dict[int, str | None] = {}
        unknown: dict[str, int] = {}
        for reference in self.references:
            if rollup and reference.bare and reference.name == VALUES:
                bindings[reference.start] = VALUES
                continue
            field_id = resolve(reference.name)
            if field_id is None and not (reference.bare and reference.name in _CONSTANT_WORDS):
                unknown.setdefault(reference.name, reference.start)
            bindings[reference.start] = field_id
        if unknown:
            raise FormulaError(
                "unknown_fields",
                f"unknown field {', '.join(unknown)}",
                names=tuple(unknown),
                position=next(iter(unknown.values())),
            )
        return BoundFormula(self, bindings, compile_node(self.tree, bindings).evaluate)


@dataclass(frozen=True, eq=False)
class BoundFormula:
    """A formula over the fields of one table. Safe to use from several threads."""

    formula: Formula
    bindings: dict[int, str | None] = field(repr=False)
    """The field id of every reference by its place in the text; None for a constant word such as a bare TRUE."""
    evaluate: Evaluate = field(repr=False)
    """The value for a row. It never raises for what the row holds: a failure is an ErrorValue."""

    @cached_property
    def keeps(self) -> Predicate:
        """Whether `filterByFormula` keeps a row: what `is_truthy` says of its value, found faster."""
        return compile_predicate(self.formula.tree, self.bindings)

    @cached_property
    def field_ids(self) -> frozenset[str]:
        """The fields the result depends on (`values` among them in a rollup)."""
        return frozenset(field_id for field_id in self.bindings.values() if field_id is not None)

    @cached_property
    def text_with_ids(self) -> str:
        """The text with every reference written as `{fld…}`, as Airtable stores a formula."""
        return self._rewritten(lambda field_id: field_id)

    def text_with_names(self, name_of: Callable[[str], str]) -> str:
        """The text with every reference written as `{Name}`, as people see it after a field was renamed."""
        return self._rewritten(lambda field_id: name_of(field_id).replace("}", "\\}"))

    def _rewritten(self, write: Callable[[str], str]) -> str:
        text = self.formula.text
        pieces: list[str] = []
        end = 0
        for reference in self.formula.references:
            field_id = self.bindings[reference.start]
            if field_id is None or (reference.bare and field_id == VALUES):
                continue
            pieces += (text[end : reference.start], "{", write(field_id), "}")
            end = reference.end
        return "".join((*pieces, text[end:]))


def parse_formula(text: str) -> Formula:
    """The formula that *text* is. Recent ones are remembered.

    Raises:
        FormulaError: of kind `syntax`, `unknown_function` or `arity`.
    """
    return _short_formula(text) if len(text) <= _SHORT else _long_formula(text)


_SHORT: Final = 4_096


@lru_cache(maxsize=512)
def _short_formula(text: str) -> Formula:
    return Formula(text, parse_tree(text))


# A client that pages through a long list of ids sends the same long text again and again; many of them would fill memory.
@lru_cache(maxsize=8)
def _long_formula(text: str) -> Formula:
    return Formula(text, parse_tree(text))


def function_table() -> tuple[tuple[str, str, str], ...]:
    """Group, signature and meaning of every function, in the order of Airtable's reference."""
    entries = sorted(FUNCTIONS.values(), key=lambda entry: _GROUPS.index(entry.group))
    return tuple((entry.group, entry.signature, entry.meaning) for entry in entries)


_GROUPS: Final = ("Logical", "Text", "Numeric", "Date and time", "Array", "Record", "Regex")
