"""`was:` — earlier names: each belongs to one thing, and to nothing that still has that name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tablewright.check.claims import entries
from tablewright.check.draft import Draft
from tablewright.check.findings import Findings
from tablewright.check.include import place
from tablewright.check.reader import Reader
from tablewright.diagnostics import Span
from tablewright.syntax.document import MapNode, Node, Scalar


def check_earlier_names(findings: Findings, drafts: Iterable[Draft], enums: Node | None) -> None:
    """Note earlier names that are still in use, or that two things claim, among tables, fields and values."""
    drafts = list(drafts)
    _check(findings, [(draft.key, draft.reader) for draft in drafts], [])
    for draft in drafts:
        written = [*_readable(entries(draft.reader, "fields"))]
        written += _readable(entries(draft.reader, "relations"))
        written += _readable(entries(draft.reader, "computed"))
        names = [(one.field.name, one.key.span) for one in draft.written_fields]
        names += [(one.relation.name, one.key.span) for one in draft.written_relations]
        keys = [key for key, _ in entries(draft.reader, "fields")]
        _check(findings, written, [*names, *((key.text, key.span) for key in keys)])
    if isinstance(enums, MapNode):
        _check(findings, list(_readable(list(enums.entries))), [(key.text, key.span) for key, _ in enums.entries])  # fmt: skip
        for _, node in enums.entries:
            values = node.get("values") if isinstance(node, MapNode) else None
            if isinstance(values, MapNode):
                in_use = [(key.text, key.span) for key, _ in values.entries]
                _check(findings, list(_readable(list(values.entries))), in_use)


def earlier_names(draft: Draft) -> dict[str, str]:
    """Return the names now of a table's fields, relations, computed fields and other sides, by their earlier ones."""
    sections = ("fields", "relations", "computed")
    written = [one for section in sections for one in _readable(entries(draft.reader, section))]
    found = {word.text: key.text for key, reader in written for word in reader.words("was")}
    for relation in draft.inverse_relations:
        found |= dict.fromkeys(relation.inverse_was, relation.inverse)
    return found


def _readable(found: list[tuple[Scalar, Node]]) -> Iterator[tuple[Scalar, Reader]]:
    for key, node in found:
        if isinstance(node, MapNode) and node.key("was") is not None:
            yield key, Reader(Findings(), node, "", None)


def _check(
    findings: Findings, written: list[tuple[Scalar, Reader]], in_use: Iterable[tuple[str, Span]]
) -> None:
    current = dict(in_use) | {key.text: key.span for key, _ in written}
    claimed: dict[str, Span] = {}
    for key, reader in written:
        for word in reader.words("was"):
            if word.text == key.text:
                findings.error(word.span, "TW220", f"'{key.text}' is its own earlier name", "'was' lists names it no longer has")  # fmt: skip
            elif word.text in current:
                where = place(current[word.text], word.span)
                findings.error(word.span, "TW220", f"the earlier name '{word.text}' is still in use {where}",
                               "a name is either an earlier one or a current one")  # fmt: skip
            elif word.text in claimed:
                findings.error(word.span, "TW220", f"the earlier name '{word.text}' is claimed twice",
                               f"the other one is {place(claimed[word.text], word.span)}: one thing became one thing")  # fmt: skip
            else:
                claimed[word.text] = word.span
