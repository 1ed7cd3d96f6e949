"""Model → Mermaid diagrams: tables with their links, and state machines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tablewright.model.lifecycle import Lifecycle
from tablewright.model.schema import Field, Relation, Schema

_STATE_WORDS: Final = frozenset(
    {
        "acctitle", "accdescr", "class", "classdef", "click", "default", "direction", "end", "hide", "href", "note", "scale",
        "state", "statediagram", "style",
        "root", "constructor", "hasownproperty", "isprototypeof", "propertyisenumerable", "tolocalestring", "tostring",
        "valueof",
    }
)  # fmt: skip
"""What no state can be called in Mermaid, in small letters: words of its state diagrams, its own name for the whole
diagram, and what JavaScript finds in every object."""

_TABLE_WORDS: Final = frozenset(
    {
        "acctitle", "accdescr", "class", "classdef", "direction", "end", "erdiagram", "many", "one", "style", "subgraph",
        "title", "to",
    }
)  # fmt: skip
"""Words of Mermaid's diagrams of tables, in small letters, that a table is called in quotes only."""

_MARKS: Final = frozenset({"pk", "fk", "uk"})
"""Marks behind a field in Mermaid's diagrams of tables, in small letters."""


def state_diagram(schema: Schema, lifecycle: Lifecycle) -> str:
    """Return the state machine as a Mermaid diagram."""
    enum = schema.enum(lifecycle.enum)
    ids = _state_ids(lifecycle)
    lines = ["stateDiagram-v2"]
    lines += [
        f'    state "{_label(enum.value(state).label)}" as {ids[state]}'
        for state in lifecycle.states
    ]
    lines.append(f"    [*] --> {ids[lifecycle.initial]}")
    for source, target, names in _arrows(lifecycle):
        lines.append(f"    {ids[source]} --> {ids[target]}: {names}")
    entered = {one.target for one in lifecycle.transitions} | {lifecycle.initial}
    lines += [f"    {ids[state]} --> [*]" for state in lifecycle.final_states if state in entered]
    return "\n".join(lines)


def _arrows(lifecycle: Lifecycle) -> Iterator[tuple[str, str, str]]:
    """Yield source, target and name of every arrow: what leads from a state to itself has one, with all the names.

    Mermaid draws several of those on top of one another.
    """
    loops: dict[str, list[str]] = {}
    for one in lifecycle.transitions:
        shown = f"{one.key} [guarded]" if one.guard is not None else one.key
        for source in one.sources:
            if source == one.target:
                loops.setdefault(source, []).append(shown)
            else:
                yield source, one.target, shown
    for state, names in loops.items():
        yield state, state, ", ".join(names)


def _state_ids(lifecycle: Lifecycle) -> dict[str, str]:
    """Return what each state is called in the diagram: its key, with a '_' behind it where Mermaid has that word."""
    ids: dict[str, str] = {}
    for state in lifecycle.states:
        made = state
        while made.lower() in _STATE_WORDS or (made != state and made in lifecycle.states):
            made += "_"
        ids[state] = made
    return ids


def _label(text: str) -> str:
    """Return *text* as a label that Mermaid takes literally: its own entity codes for what could end it or is markup."""
    flat = " ".join(text.split())
    return "".join(
        sign if sign.isalnum() or sign in " -.,()" else f"#{ord(sign)};" for sign in flat
    )


def er_diagram(schema: Schema) -> str:
    """Return tables and links as a Mermaid diagram."""
    lines = ["erDiagram"]
    for table in schema.tables:
        lines.append(f"    {_entity(table.key)} {{")
        lines += [f"        {_attribute(field)}" for field in table.fields]
        lines.append("    }")
    for table in schema.tables:
        own = [relation for relation in table.relations if relation.target == table.key]
        others = [relation for relation in table.relations if relation.target != table.key]
        lines += [f"    {_edge([relation])}" for relation in others]
        # Mermaid draws several links of a table to itself on top of one another.
        lines += [f"    {_edge(own)}"] if own else []
    return "\n".join(lines)


def _entity(table: str) -> str:
    return f'"{table}"' if table.lower() in _TABLE_WORDS else table


def _attribute(field: Field) -> str:
    written = field.enum.key if field.enum is not None else field.kind.name
    several = "[]" if field.enum is not None and field.kind.listed else ""
    return f"{_unmarked(written)}{several} {_unmarked(field.key)}{' UK' if field.unique else ''}"


def _unmarked(word: str) -> str:
    return f"{word}_" if word.lower() in _MARKS else word


def _edge(relations: list[Relation]) -> str:
    first = max(relations, key=lambda relation: relation.many)
    ends = "}o--o{" if first.many else "}o--||" if first.required else "}o--o|"
    names = ", ".join(relation.key for relation in relations)
    return f'{_entity(first.source)} {ends} {_entity(first.target)} : "{names}"'
