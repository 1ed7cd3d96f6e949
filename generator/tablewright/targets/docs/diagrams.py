"""Model → Mermaid diagrams: tables with their links, and state machines."""

from __future__ import annotations

from tablewright.model.lifecycle import Lifecycle
from tablewright.model.schema import Field, Relation, Schema


def state_diagram(schema: Schema, lifecycle: Lifecycle) -> str:
    """Return the state machine as a Mermaid diagram."""
    enum = schema.enum(lifecycle.enum)
    lines = ["stateDiagram-v2"]
    lines += [
        f'    state "{_label(enum.value(state).label)}" as {state}' for state in lifecycle.states
    ]
    lines.append(f"    [*] --> {lifecycle.initial}")
    for one in lifecycle.transitions:
        guard = " [guarded]" if one.guard is not None else ""
        lines += [f"    {source} --> {one.target}: {one.key}{guard}" for source in one.sources]
    entered = {one.target for one in lifecycle.transitions} | {lifecycle.initial}
    lines += [f"    {state} --> [*]" for state in lifecycle.final_states if state in entered]
    return "\n".join(lines)


def _label(text: str) -> str:
    """Return *text* as a label that Mermaid takes literally: its own entity codes for whatever could end it."""
    flat = " ".join(text.split())
    return "".join(
        sign if sign.isalnum() or sign in " -_.,()" else f"#{ord(sign)};" for sign in flat
    )


def er_diagram(schema: Schema) -> str:
    """Return tables and links as a Mermaid diagram."""
    lines = ["erDiagram"]
    for table in schema.tables:
        lines.append(f"    {table.key} {{")
        lines += [f"        {_attribute(field)}" for field in table.fields]
        lines.append("    }")
    for table in schema.tables:
        own = [relation for relation in table.relations if relation.target == table.key]
        others = [relation for relation in table.relations if relation.target != table.key]
        lines += [f"    {_edge([relation])}" for relation in others]
        # Mermaid draws several links of a table to itself on top of one another.
        lines += [f"    {_edge(own)}"] if own else []
    return "\n".join(lines)


def _attribute(field: Field) -> str:
    written = field.enum.key if field.enum is not None else field.kind.name
    several = "[]" if field.enum is not None and field.kind.listed else ""
    return f"{written}{several} {field.key}{' UK' if field.unique else ''}"


def _edge(relations: list[Relation]) -> str:
    first = max(relations, key=lambda relation: relation.many)
    ends = "}o--o{" if first.many else "}o--||" if first.required else "}o--o|"
    names = ", ".join(relation.key for relation in relations)
    return f'{first.source} {ends} {first.target} : "{names}"'
