"""What `add:` hands down → a test that both tables have it, of types that fit."""

from __future__ import annotations

from tablewright.check.draft import Draft
from tablewright.check.findings import Findings
from tablewright.check.relations import WrittenAdd
from tablewright.check.was import earlier_names
from tablewright.diagnostics import called_now, did_you_mean
from tablewright.expressions.types import ValueType, accepts, record_of, records_of
from tablewright.kinds import Kind
from tablewright.model.schema import Relation
from tablewright.syntax.document import Scalar


def check_inherited(
    findings: Findings, add: WrittenAdd, relation: Relation, child: Draft, parent: Draft
) -> None:
    """Note inherited fields and links that one of the two tables does not have, or that differ between them."""
    has, gets = _types(parent), _types(child)
    gets.pop(relation.key, None)
    both = [key for key in gets if key in has]
    for word in add.inherit:
        if word.text in child.unreadable | parent.unreadable:
            continue
        if word.text == relation.key:
            findings.error(word.span, "TW403", f"'{word.text}' is the link itself, and cannot be inherited",
                           "leave it out: the new record links here anyway")  # fmt: skip
        elif word.text not in gets or word.text not in has:
            missing = relation.source if word.text not in gets else relation.target
            findings.error(
                word.span,
                "TW403",
                f"{missing} has no field '{word.text}' to inherit",
                _called_now(word.text, child, parent)
                or did_you_mean(word.text, both, what="in both tables")
                or f"give {missing} that field, or leave it out here",
            )
        else:
            _check_one(findings, word, child, parent, gets[word.text], has[word.text])


def _called_now(key: str, child: Draft, parent: Draft) -> str:
    """Return the help line for an earlier name of what both tables have; empty where *key* is none."""
    now = {**earlier_names(parent), **earlier_names(child)}.get(key)
    return "" if now is None else called_now(now)


def _check_one(
    findings: Findings, word: Scalar, child: Draft, parent: Draft, gets: ValueType, has: ValueType
) -> None:
    if word.text == child.state:
        findings.error(word.span, "TW403", f"'{word.text}' is the state and cannot be inherited",
                       f"every {child.key.text} begins in its initial state")  # fmt: skip
        return
    kind, held = _kind(child, word.text), _kind(parent, word.text)
    if kind is not None and kind.computed:
        findings.error(word.span, "TW403", f"'{word.text}' is calculated by Airtable and cannot be inherited", "leave it out")  # fmt: skip
        return
    if kind is not None and held is not None and "opaque" in (gets.kind, has.kind):
        fits = kind is held
        one, other = f"of type {held.name}", f"of type {kind.name}"
    else:
        fits, one, other = accepts(gets, has), str(has), str(gets)
    if not fits:
        findings.error(word.span, "TW403", f"'{word.text}' is {one} in {parent.key.text} and {other} in {child.key.text}",
                       "give both the same type, or leave it out")  # fmt: skip


def _kind(table: Draft, key: str) -> Kind | None:
    return next((field.kind for field in table.fields if field.key == key), None)


def _types(table: Draft) -> dict[str, ValueType]:
    found = {field.key: field.type for field in table.fields}
    for one in table.relations:
        found[one.key] = (
            records_of(one.target) if one.many else record_of(one.target, nullable=not one.required)
        )
    return found
