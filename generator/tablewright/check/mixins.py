"""`mixins:` and `use:` → tables with the entries of their mixins written in. Done on the document, before any check."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tablewright.check.findings import Findings
from tablewright.check.include import place
from tablewright.check.reader import Reader
from tablewright.diagnostics import Span, did_you_mean
from tablewright.syntax.document import Document, MapNode, Node, Scalar

MIXIN_SECTIONS: Final = ("fields", "relations", "computed", "queries", "statistics")
MIXIN_KEYS: Final = ("description", "silence", *MIXIN_SECTIONS)
_Mixins = Mapping[str, tuple[Scalar, MapNode]]


def expand_mixins(findings: Findings, document: Document) -> Document:
    """Return the document with the entries of mixins in the tables that use them; a table's own come first."""
    root = document.root
    node = root.get("mixins")
    mixins = {} if node is None else _read_mixins(findings, node)
    tables = root.get("tables")
    if not isinstance(tables, MapNode):
        return document
    used: set[str] = set()
    expanded = MapNode(
        tuple((key, _expanded(findings, value, mixins, used)) for key, value in tables.entries),
        tables.span,
        tables.flow,
    )
    found_errors = any(one.severity == "error" for one in findings.found)
    for name, (key, _) in mixins.items() if not found_errors else ():
        if name not in used and key.span.path == document.path:
            findings.warning(key.span, "TW218", f"nothing uses the mixin '{name}'",
                             f"say 'use: [{name}]' in a table, or remove the mixin")  # fmt: skip
    entries = tuple((key, expanded if key.text == "tables" else value) for key, value in root.entries)  # fmt: skip
    return Document(document.path, MapNode(entries, root.span, root.flow))


def _read_mixins(findings: Findings, node: Node) -> _Mixins:
    mixins: dict[str, tuple[Scalar, MapNode]] = {}
    for key, value in Reader(findings, node, "'mixins'", None).entries():
        reader = Reader(findings, value, f"mixin '{key.text}'", MIXIN_KEYS)
        if isinstance(value, MapNode):
            mixins[key.text] = (key, value)
            if not any(reader.has(section) for section in MIXIN_SECTIONS):
                findings.error(key.span, "TW210", f"mixin '{key.text}' has nothing in it",
                               "mixins: {Audited: {fields: {checked_by: text}}}")  # fmt: skip
    return mixins


def _expanded(findings: Findings, table: Node, mixins: _Mixins, used: set[str]) -> Node:
    if not isinstance(table, MapNode) or table.key("use") is None:
        return table
    names: dict[str, Scalar] = {}
    for word in Reader(findings, table, "", None).words("use"):
        if word.text not in mixins:
            way_out = did_you_mean(word.text, mixins, what="mixins")
            findings.error(word.span, "TW219", f"unknown mixin '{word.text}'",
                           way_out or "declare it under 'mixins:'")  # fmt: skip
        else:
            names.setdefault(word.text, word)
    used.update(names)
    sections = {key.text: (key, value) for key, value in table.entries}
    for section in MIXIN_SECTIONS:
        parts = [(name, mixins[name][1]) for name in names if mixins[name][1].key(section)]
        if parts:
            sections[section] = _joined(findings, sections.get(section), section, parts, names)
    return MapNode(tuple(sections.values()), table.span, table.flow)


def _joined(
    findings: Findings,
    own: tuple[Scalar, Node] | None,
    section: str,
    parts: list[tuple[str, MapNode]],
    names: Mapping[str, Scalar],
) -> tuple[Scalar, Node]:
    """Return a section of a table with the entries of its mixins behind its own."""
    if own is not None and not isinstance(own[1], MapNode):
        return own
    head, span = (own[0], own[1].span) if own is not None else _head(section, parts, names)
    entries: dict[str, tuple[Scalar, Node]] = {}
    if own is not None and isinstance(own[1], MapNode):
        entries = {key.text: (key, value) for key, value in own[1].entries}
    for name, mixin in parts:
        written = mixin.get(section)
        if not isinstance(written, MapNode):
            if written is not None:
                Reader(findings, written, f"'{section}' of mixin '{name}'", None)
            continue
        for key, value in written.entries:
            first = entries.setdefault(key.text, (key, value))[0]
            if first is not key:
                findings.error(names[name].span, "TW203", f"mixin '{name}' brings '{key.text}' under '{section}', which is there already",
                               f"the other one is {place(first.span, names[name].span)}: rename one of them")  # fmt: skip
    return head, MapNode(tuple(entries.values()), span, flow=False)


def _head(
    section: str, parts: list[tuple[str, MapNode]], names: Mapping[str, Scalar]
) -> tuple[Scalar, Span]:
    name, mixin = parts[0]
    key = mixin.key(section)
    return (key if key is not None else names[name]), names[name].span
