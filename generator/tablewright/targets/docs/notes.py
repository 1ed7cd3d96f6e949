"""Fields, links and queues → what holds of them, in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tablewright.kinds import as_written, duration_as_written
from tablewright.model.queries import Queue
from tablewright.model.schema import Default, Field, Relation, Table
from tablewright.targets.docs.markdown import code, prose

_ON_DELETE: Final = {
    "restrict": "keeps the other record from being deleted",
    "cascade": "deleted with the other record",
}


def field_notes(field: Field) -> Iterator[str]:
    """Yield what a value of the field is held to, and where it comes from."""
    bounds = field.bounds
    if field.required:
        yield "required"
    if field.has_default:
        yield f"default {code(_default(field.default))}"
    if field.unique:
        yield "unique"
    if field.index:
        yield "indexed"
    if bounds.minimum is not None:
        yield f"at least {as_written(bounds.minimum)}"
    if bounds.maximum is not None:
        yield f"at most {as_written(bounds.maximum)}"
    if field.kind.name == "rating":
        yield f"1 to {field.options['max']}"
    if bounds.min_length is not None:
        yield f"at least {_counted(bounds.min_length, 'character')}"
    if bounds.max_length is not None:
        yield f"at most {_counted(bounds.max_length, 'character')}"
    if bounds.pattern is not None:
        yield f"matches {code(bounds.pattern)}"
    if not field.is_writable:
        yield f"calculated by Airtable{_calculation(field)}"


def _default(value: Default) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else as_written(value or 0)


def _calculation(field: Field) -> str:
    found = field.computation
    if found is None:
        return ""
    if found.text:
        return f": {code(found.text)}"
    if found.formula and not found.relation:
        return f": {code(found.formula)}"
    linked = f"{found.relation}.{found.field}" if found.field else found.relation
    formula = f" by {code(found.formula)}" if found.formula else ""
    return f" from {code(linked)}{formula}"


def relation_notes(relation: Relation) -> Iterator[str]:
    """Yield what holds of a link, seen from the table that declares it."""
    if relation.required:
        yield "required"
    if relation.acyclic:
        yield "never in a circle"
    if relation.on_delete in _ON_DELETE:
        yield _ON_DELETE[relation.on_delete]


def inverse_notes(relation: Relation) -> Iterator[str]:
    """Yield what holds of a link, seen from the other side."""
    yield f"the other side of {prose(f'{relation.source}.{relation.key}')}"
    if relation.add is not None:
        yield f"made with {code(f'{relation.add.key}()')}"


def queue_notes(table: Table, queue: Queue) -> Iterator[str]:
    """Yield how workers take records and finish them, a sentence each."""
    order = f", sorted by {code(', '.join(map(str, queue.order_by)))}" if queue.order_by else ""
    yield f"Workers take records with {code(f'{table.key}.claim()')}, which makes the transition {code(queue.take)}{order}."
    yield f"They end in {code(queue.done)} or {code(queue.fail)}, and own a record for {duration_as_written(queue.lease)} without a sign of life."
    if queue.timeout is not None:
        yield f"One attempt takes at most {duration_as_written(queue.timeout)}."
    if queue.retry is not None:
        retry = queue.retry
        yield (
            f"What failed comes back with {code(retry.transition)} after {duration_as_written(retry.first)}; each pause is "
            f"{retry.factor:g} times as long as the one before, and at most {duration_as_written(retry.most)}."
        )
    if queue.cancel is not None:
        yield f"What is called off ends in {code(queue.cancel)}."


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
