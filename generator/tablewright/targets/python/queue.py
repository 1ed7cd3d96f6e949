"""A table's queue → its specification, its rules, and the methods that workers use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from tablewright.expressions import tree
from tablewright.expressions.columns import column_source
from tablewright.model.lifecycle import Lifecycle, Transition
from tablewright.model.queries import Queue, Retry
from tablewright.model.schema import Table
from tablewright.targets.python.code import (
    Bracketed,
    Code,
    bracketed_tuple,
    call,
    docstring,
    laid_out,
    literal,
)
from tablewright.targets.python.imports import Imports
from tablewright.targets.python.names import decision_name

LAPSED = "the lease ran out: nothing was heard from the worker in time"
"""The error of an attempt whose worker went silent; the runtime's own words."""


@dataclass(frozen=True, slots=True)
class QueueView:
    lease: Code
    claim_doc: Code
    cancel_doc: Code
    rules: Code


def queue_spec_code(queue: Queue, imports: Imports) -> Code:
    """Return the queue as `_schema.py` prints it."""
    imports.name("tablewright.runtime", "QueueSpec")
    options = {name: literal(getattr(queue, name)) for name in ("take", "done", "fail")}
    if queue.retry is not None:
        options["retry"] = _retry_spec(queue.retry, imports)
    if queue.cancel is not None:
        options["cancel"] = literal(queue.cancel)
    if queue.order_by:
        options["order_by"] = bracketed_tuple([literal(str(one)) for one in queue.order_by])
    options["lease"] = literal(float(queue.lease))
    if queue.timeout is not None:
        options["timeout"] = literal(float(queue.timeout))
    if queue.lease_field is not None:
        options["lease_field"] = literal(queue.lease_field)
    return call("QueueSpec", [], options)


def _retry_spec(retry: Retry, imports: Imports) -> Code:
    imports.name("tablewright.runtime", "RetrySpec")
    names = ("first", "factor", "most", "jitter")
    options = {name: literal(float(getattr(retry, name))) for name in names}
    return call("RetrySpec", [literal(retry.transition)], options)


def queue_view(
    table: Table, queue: Queue, lifecycle: Lifecycle, imports: Imports, typing_imports: Imports
) -> QueueView:
    """Return what the record class prints for its queue."""
    imports.module("datetime", "dt")
    imports.names("tablewright.runtime", ["UtcDatetime", "queue"])
    imports.name("pydantic", "Field")
    typing_imports.name("tablewright.runtime", "Condition")
    typing_imports.name("typing", "Any")
    typing_imports.name("collections.abc", "Mapping")
    return QueueView(
        lease=Code(shown(queue.lease)),
        claim_doc=_claim_doc(table, queue),
        cancel_doc=Code(
            "Ask the worker that holds it to stop; cancel it at once where nobody holds it."
            if queue.cancel is not None
            else "Ask the worker that holds it to stop; nobody takes it any more."
        ),
        rules=laid_out(call("queue.QueueRules", [], _rules(table, queue, lifecycle, imports)), 8, lead="return "),
    )  # fmt: skip


def shown(seconds: float) -> str:
    """Return a duration as people say it."""
    for unit, size in (("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * size and seconds % size == 0:
            return f"{seconds / size:g} {unit}"
    return f"{seconds:g} seconds"


def _claim_doc(table: Table, queue: Queue) -> Code:
    order = f", by {', '.join(str(one) for one in queue.order_by)}" if queue.order_by else ""
    text = (
        f"Take up to *n* {table.key} records that are ready, for {shown(queue.lease)}{order}.\n\n"
        "Each is taken by one worker only; what waits for others, is not due, or is held, is left out. *conditions*\n"
        "narrow the choice. A record whose lease ran out is taken again, as another attempt. How certain it is that\n"
        "nobody else has it, the records' *claim_guarantee* says.\n\n"
        "Raises:\n    NotSupported: the store cannot say who holds a record."
    )
    return docstring(text, " " * 8)


def _rules(table: Table, queue: Queue, lifecycle: Lifecycle, imports: Imports) -> dict[str, Code]:
    by_key = {one.key: one for one in lifecycle.transitions}
    take, fail = by_key[queue.take], by_key[queue.fail]
    retry = by_key[queue.retry.transition] if queue.retry is not None else None
    roles = {"take": take, "done": by_key[queue.done], "fail": fail}
    if retry is not None:
        roles["retry"] = retry
    if queue.cancel is not None:
        roles["cancel"] = by_key[queue.cancel]
    options = {
        role: Code(f"lifecycle.{decision_name(table, transition)}")
        for role, transition in roles.items()
    }
    if take.guard is not None:
        options["ready"] = _columns(_without_arguments(take.guard, take), imports)
    taking = _effects(take, {})
    if taking:
        options["taking"] = _values(table, taking, imports)
    if retry is not None:
        failed = _effects(fail, {})
        again = retry.guard if retry.guard is not None else tree.TRUE
        options["again"] = _columns(_inlined(_without_arguments(again, retry), failed), imports)
        back = {**failed, **_effects(retry, failed)}
        options["taking_again"] = _values(table, {**back, **_effects(take, back)}, imports)
    return options


def _effects(transition: Transition, before: Mapping[str, tree.Node]) -> dict[str, tree.Node]:
    """Return what a transition sets, where the values *before* have been set already."""
    return {
        one.field: _inlined(_without_arguments(one.node, transition), before)
        for one in transition.sets
    }


def _without_arguments(node: tree.Node, transition: Transition) -> tree.Node:
    """Return *node* with nothing given: workers give no arguments when they take, and only an error when one lapses."""
    first = next(
        (one.key for one in transition.takes if one.type.kind == "text" and one.required), ""
    )

    def value(one: tree.Node) -> tree.Node:
        match one:
            case tree.Argument(name) if name == first:
                return tree.literal(LAPSED)
            case tree.Argument(_, kind) if kind.kind == "list":
                return tree.Members((), kind)
            case tree.Argument(_, kind):
                return tree.Constant(None, kind)
            case _:
                return _simplified(one)

    return tree.rebuilt(node, value)


def _inlined(node: tree.Node, values: Mapping[str, tree.Node]) -> tree.Node:
    """Return *node* over a record in which *values* are set."""

    def value(one: tree.Node) -> tree.Node:
        if isinstance(one, tree.Field) and one.owner is None:
            return values.get(one.name, one)
        return _simplified(one)

    return tree.rebuilt(node, value)


def _simplified(node: tree.Node) -> tree.Node:
    """Return *node* as it is, or without its question to a list that is known."""
    match node:
        case tree.ListContains(tree.Members(items), item):
            return tree.Membership(item, items)
        case tree.BlankTest(tree.Members(items), negated):
            return tree.TRUE if bool(items) is negated else tree.FALSE
        case _:
            return node


def _values(table: Table, values: Mapping[str, tree.Node], imports: Imports) -> Code:
    parts = []
    kinds = {field.key: field.type for field in table.fields}
    for key, node in values.items():
        if isinstance(node, tree.Constant) and isinstance(
            node.value, (type(None), bool, int, float, str)
        ):
            source = literal(node.value)
        elif isinstance(node, tree.Constant) and isinstance(node.value, timedelta):
            imports.module("datetime", "dt")
            source = literal(node.value)
        elif isinstance(node, tree.EnumMember):
            source = Code(f"{imports.name('.enums', kinds[key].name)}.{node.name}")
        elif isinstance(node, tree.Members):
            names = [f"{imports.name('.enums', one.enum)}.{one.name}" for one in node.items]
            source = Code(f"[{', '.join(names)}]")
        else:
            source = _columns(node, imports)
        parts.append(Code(f"{literal(key)}: {source}"))
    return Bracketed.of("{", parts, "}")


def _columns(node: tree.Node, imports: Imports) -> Code:
    source = column_source(node, columns="cls.c", functions="columns")
    imports.names(".enums", sorted(source.enums))
    if source.uses_functions:
        imports.name("tablewright.runtime", "columns")
    return Code(source.text)
