"""Changes of what stands on fields: computed fields, the lifecycle, queries, statistics and the queue."""

from __future__ import annotations

from collections.abc import Iterator

from tablewright.language.bound_changes import bound_changes
from tablewright.language.change import Change, listed, matched, renamed
from tablewright.language.renames import same_meaning
from tablewright.model.lifecycle import Argument, Assignment, Transition
from tablewright.model.schema import Table


def computed_changes(old: Table, new: Table) -> Iterator[Change]:
    """Yield what changed in the computed fields."""
    found = matched(old.computed, new.computed)
    for one in found.removed:
        yield Change(f"{new.key}.{one.key}", "breaking", f"computed field '{one.key}' is gone")
    for one in found.added:
        yield Change(f"{new.key}.{one.key}", "compatible", f"computed field '{one.key}' is new")
    for before, after in found.both:
        place = f"{new.key}.{after.key}"
        yield from renamed(place, before.key, after.key, "computed field")
        if before.type != after.type:
            yield Change(place, "breaking", f"its value was {before.type} and is {after.type}")
        if not same_meaning(before.node, after.node):
            yield Change(place, "compatible", f"it is calculated as '{after.text}', and before as '{before.text}'")  # fmt: skip
        if before.publish != after.publish:
            now = f"is published in Airtable as '{after.publish}'" if after.publish else "is no longer published in Airtable"  # fmt: skip
            yield Change(place, "compatible" if after.publish else "breaking", f"it {now}")


def lifecycle_changes(old: Table, new: Table) -> Iterator[Change]:
    """Yield what changed in the state machine."""
    before, after = old.lifecycle, new.lifecycle
    if before is None and after is not None:
        yield Change(new.key, "breaking", f"'{after.field}' is moved by transitions only")
    if before is not None and after is None:
        yield Change(new.key, "breaking", "the lifecycle is gone, with its methods")
    if before is None or after is None:
        return
    place = f"{new.key}.lifecycle"
    if before.field != after.field:
        yield Change(place, "breaking", f"the state was held by '{before.field}' and is by '{after.field}'")  # fmt: skip
    if before.initial != after.initial:
        yield Change(place, "compatible", f"records began as {before.initial} and begin as {after.initial}")  # fmt: skip
    if before.history != after.history:
        yield Change(place, "compatible", "transitions leave a row of history" if after.history else "transitions leave no row of history any more")  # fmt: skip
    found = matched(before.transitions, after.transitions)
    for one in found.removed:
        yield Change(f"{new.key}.{one.key}", "breaking", f"transition '{one.key}' is gone")
    for one in found.added:
        yield Change(f"{new.key}.{one.key}", "compatible", f"transition '{one.key}' is new")
    for earlier, later in found.both:
        yield from _transition(f"{new.key}.{later.key}", earlier, later)


def _transition(place: str, old: Transition, new: Transition) -> Iterator[Change]:
    fewer = [state for state in old.sources if state not in new.sources]
    more = [state for state in new.sources if state not in old.sources]
    if fewer:
        yield Change(place, "breaking", f"it no longer leaves {listed(fewer)}")
    if more:
        yield Change(place, "compatible", f"it leaves {listed(more)} too")
    if old.target != new.target:
        yield Change(place, "breaking", f"it led to {old.target} and leads to {new.target}")
    if not same_meaning(old.guard, new.guard):
        if new.guard is None:
            yield Change(place, "compatible", "its guard is gone")
        else:
            yield Change(place, "breaking", f"its guard is '{new.guard_text}'" + (f", and was '{old.guard_text}'" if old.guard_text else ""))  # fmt: skip
    yield from _arguments(place, old.takes, new.takes)
    if not same_meaning(_by_field(old), _by_field(new)):
        yield Change(place, "compatible", "it sets other values")


def _by_field(transition: Transition) -> tuple[Assignment, ...]:
    return tuple(sorted(transition.sets, key=lambda one: one.field))


def _arguments(place: str, old: tuple[Argument, ...], new: tuple[Argument, ...]) -> Iterator[Change]:  # fmt: skip
    found = matched(old, new)
    for one in found.removed:
        yield Change(place, "breaking", f"the argument '{one.key}' is gone")
    for one in found.added:
        yield Change(place, "breaking" if one.required else "compatible", f"the argument '{one.key}' is new" + (" and has to be given" if one.required else ""))  # fmt: skip
    for before, after in found.both:
        if before.type.not_none() != after.type.not_none() or before.kind != after.kind:
            yield Change(place, "breaking", f"the argument '{after.key}' was {before.type} and is {after.type}")  # fmt: skip
        elif after.required and not before.required:
            yield Change(place, "breaking", f"the argument '{after.key}' has to be given")
        elif before.required and not after.required:
            yield Change(place, "compatible", f"the argument '{after.key}' need not be given")
        for tighter, sentence in bound_changes(before.bounds, after.bounds):
            yield Change(place, "breaking" if tighter else "compatible", f"of the argument '{after.key}' {sentence}")  # fmt: skip


def query_changes(old: Table, new: Table) -> Iterator[Change]:
    """Yield what changed in the queries."""
    found = matched(old.queries, new.queries)
    for one in found.removed:
        yield Change(f"{new.key}.{one.key}", "breaking", f"query '{one.key}' is gone")
    for one in found.added:
        yield Change(f"{new.key}.{one.key}", "compatible", f"query '{one.key}' is new")
    for before, after in found.both:
        place = f"{new.key}.{after.key}"
        if not same_meaning(before.where, after.where):
            yield Change(place, "compatible", f"it finds records where {after.where_text or 'nothing is asked'}")  # fmt: skip
        yield from _filters(place, before.filter_by, after.filter_by)
        yield from _arguments(place, before.takes, after.takes)
        if before.order_by != after.order_by:
            yield Change(place, "compatible", f"it sorts by {listed([str(one) for one in after.order_by]) or 'nothing'}")  # fmt: skip
        if before.limit != after.limit:
            yield Change(place, "compatible", f"it returns at most {after.limit} records" if after.limit else "it returns all records")  # fmt: skip


def _filters(place: str, old: tuple[str, ...], new: tuple[str, ...]) -> Iterator[Change]:
    gone = [one for one in old if one not in new]
    more = [one for one in new if one not in old]
    if gone:
        yield Change(place, "breaking", f"it can no longer be filtered by {listed(gone)}")
    if more:
        yield Change(place, "compatible", f"it can be filtered by {listed(more)}")
    if not gone and not more and old != new:
        yield Change(place, "breaking", f"its parameters stand in another order: {listed(new)}")


def statistics_changes(old: Table, new: Table) -> Iterator[Change]:
    """Yield what changed in the statistics."""
    found = matched(old.statistics, new.statistics)
    for one in found.removed:
        yield Change(f"{new.key}.{one.key}", "breaking", f"statistics '{one.key}' are gone")
    for one in found.added:
        yield Change(f"{new.key}.{one.key}", "compatible", f"statistics '{one.key}' are new")
    for before, after in found.both:
        place = f"{new.key}.{after.key}"
        if not same_meaning(before.where, after.where):
            yield Change(place, "compatible", f"they count records where {after.where_text or 'nothing is asked'}")  # fmt: skip
        yield from _filters(place, before.filter_by, after.filter_by)
        yield from _arguments(place, before.takes, after.takes)
        measures = matched(before.measures, after.measures)
        for measure in measures.removed:
            yield Change(place, "breaking", f"the figure '{measure.key}' is gone")
        for measure in measures.added:
            yield Change(place, "compatible", f"the figure '{measure.key}' is new")
        for earlier, later in measures.both:
            if same_meaning(
                (earlier.function, earlier.arguments), (later.function, later.arguments)
            ):
                if earlier.type != later.type:
                    yield Change(place, "breaking", f"the figure '{later.key}' gives {later.type}, and gave {earlier.type}")  # fmt: skip
            else:
                same = earlier.type == later.type and (earlier.function == "count_by") == (later.function == "count_by")  # fmt: skip
                yield Change(place, "compatible" if same else "breaking", f"the figure '{later.key}' is {later.text}, and was {earlier.text}")  # fmt: skip


def queue_changes(old: Table, new: Table) -> Iterator[Change]:
    """Yield what changed in the queue."""
    if old.queue == new.queue:
        return
    if old.queue is None:
        yield Change(new.key, "compatible", "workers can take its records")
    elif new.queue is None:
        yield Change(new.key, "breaking", "workers can no longer take its records")
    else:
        steps = [(one.take, one.done, one.fail, one.cancel) for one in (old.queue, new.queue)]
        if steps[0] != steps[1]:
            yield Change(f"{new.key}.queue", "breaking", "workers use other transitions: stop them before the change")  # fmt: skip
        else:
            yield Change(f"{new.key}.queue", "compatible", "workers take records in another order or at another pace")  # fmt: skip
