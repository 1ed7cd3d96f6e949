"""Changes of fields and relations: types, constraints, defaults, names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tablewright.kinds import as_written
from tablewright.language.bound_changes import bound_changes
from tablewright.language.change import Change, Effect, listed, matched, renamed
from tablewright.language.renames import same_meaning
from tablewright.model.schema import Field, Relation, Table

_WIDER: Final = frozenset(
    {
        ("text", "long_text"), ("text", "rich_text"), ("email", "text"), ("url", "text"), ("phone", "text"),
        ("email", "long_text"), ("url", "long_text"), ("phone", "long_text"), ("long_text", "rich_text"),
        ("integer", "number"), ("integer", "currency"), ("number", "currency"), ("currency", "number"),
        ("rating", "integer"), ("rating", "number"), ("collaborator", "collaborators"), ("enum", "enum_list"),
    }
)  # fmt: skip
"""Changes of type that lose no value, though code sees another Python type in some."""
_SAME_IN_PYTHON: Final = frozenset(
    {"text", "long_text", "rich_text", "email", "url", "phone"}
), frozenset({"number", "currency", "percent"}), frozenset({"integer", "rating"})  # fmt: skip


def field_changes(old: Table, new: Table) -> Iterator[Change]:
    """Yield what changed in the fields of a table."""
    found = matched(old.fields, new.fields)
    for field in found.removed:
        yield Change(f"{new.key}.{field.key}", "breaking", f"field '{field.key}' is gone; its values stay in the store until they are dropped")  # fmt: skip
    for field in found.added:
        yield _added(new, field)
    for before, after in found.both:
        yield from _field(f"{new.key}.{after.key}", before, after)
    if old.fields and new.fields:
        first, now = old.fields[0], new.fields[0]
        stayed = {(before.key, after.key) for before, after in found.both}
        if (first.key, now.key) not in stayed:
            yield Change(new.key, "breaking", f"the primary field was '{first.key}' and is '{now.key}': Airtable's API cannot change that")  # fmt: skip


def _added(table: Table, field: Field) -> Change:
    place = f"{table.key}.{field.key}"
    if field.kind.computed:
        return Change(place, "compatible", f"computed field '{field.key}' is new")
    if field.required and not field.has_default:
        return Change(place, "backfill", f"required field '{field.key}' is new: records that are there need a value")  # fmt: skip
    if field.has_default:
        return Change(place, "backfill", f"field '{field.key}' is new: records that are there need its default")  # fmt: skip
    return Change(place, "compatible", f"field '{field.key}' is new and blank where it is not given")  # fmt: skip


def _field(place: str, old: Field, new: Field) -> Iterator[Change]:
    yield from renamed(place, old.key, new.key, "field")
    if old.name != new.name:
        yield Change(place, "compatible", f"its name in Airtable was '{old.name}' and is '{new.name}'")  # fmt: skip
    yield from _type(place, old, new)
    yield from _presence(place, old, new)
    for tighter, sentence in bound_changes(old.bounds, new.bounds):
        outcome = ": records that are there may not meet it" if tighter else ""
        yield Change(place, "breaking" if tighter else "compatible", f"{sentence}{outcome}")
    if old.unique != new.unique:
        effect: Effect = "breaking" if new.unique else "compatible"
        sentence = "values have to be unique: records that share one are in the way" if new.unique else "values need no longer be unique"  # fmt: skip
        yield Change(place, effect, sentence)
    if old.index != new.index:
        yield Change(place, "compatible", f"SQL stores {'keep' if new.index else 'drop'} an index for it")  # fmt: skip
    if old.description != new.description:
        yield Change(place, "compatible", "its description changed")
    for key in sorted(old.options.keys() | new.options.keys()):
        if old.kind == new.kind and key not in ("formula", "result") and old.options.get(key) != new.options.get(key):  # fmt: skip
            fewer = key == "max" and int(new.options.get(key, 0)) < int(old.options.get(key, 0))
            yield Change(place, "breaking" if fewer else "compatible", f"'{key}' was {old.options.get(key)} and is {new.options.get(key)}")  # fmt: skip
    was, now = old.computation, new.computation
    same_type = was is not None and now is not None and was.result == now.result
    if was != now and old.kind == new.kind and not (same_type and same_meaning(was, now)):
        yield Change(place, "compatible" if same_type else "breaking", "it is calculated in another way" + ("" if same_type else ", and gives another type"))  # fmt: skip


def _type(place: str, old: Field, new: Field) -> Iterator[Change]:
    old_shown, new_shown = _shown(old), _shown(new)
    if old_shown == new_shown:
        return
    one, other = old.kind.name, new.kind.name
    same_enum = (old.enum and old.enum.key) == (new.enum and new.enum.key)
    sentence = f"its type was {old_shown} and is {new_shown}"
    if any(one in group and other in group for group in _SAME_IN_PYTHON) and (one, other) in _WIDER:
        yield Change(place, "compatible", f"{sentence}: every value fits")
    elif (one, other) in _WIDER and same_enum:
        yield Change(place, "breaking", f"{sentence}: every value fits, and code sees another Python type")  # fmt: skip
    else:
        yield Change(place, "breaking", f"{sentence}: values may not fit")


def _shown(field: Field) -> str:
    if field.enum is None:
        return field.kind.name
    return f"[{field.enum.key}]" if field.kind.listed else field.enum.key


def _default(field: Field) -> str:
    value = field.default
    return repr(value) if value is None or isinstance(value, (str, bool)) else as_written(value)


def _presence(place: str, old: Field, new: Field) -> Iterator[Change]:
    if old.kind.computed or new.kind.computed:
        return
    if not old.required and new.required:
        effect: Effect = "compatible" if old.has_default and not old.type.nullable else "backfill"
        yield Change(place, effect, "it is required: records where it is blank need a value")
    elif old.required and not new.required and new.type.nullable:
        yield Change(place, "breaking", "it can be blank: code that reads it sees None")
    if (old.has_default, old.default) == (new.has_default, new.default):
        return
    if not old.has_default:
        effect = "backfill" if old.type.nullable and not new.type.nullable else "compatible"
        yield Change(place, effect, f"new records begin with {_default(new)}" + (": records where it is blank need it too" if effect == "backfill" else ""))  # fmt: skip
    elif not new.has_default:
        gone = "new records have to be given a value" if new.required else "new records begin blank"
        yield Change(place, "breaking", f"its default {_default(old)} is gone: {gone}")
    else:
        yield Change(place, "compatible", f"its default was {_default(old)} and is {_default(new)}")


def relation_changes(old: Table, new: Table) -> Iterator[Change]:
    """Yield what changed in the relations that a table declares."""
    found = matched(old.relations, new.relations)
    for relation in found.removed:
        yield Change(f"{new.key}.{relation.key}", "breaking", f"relation '{relation.key}' is gone; its links stay in the store until they are dropped")  # fmt: skip
    for relation in found.added:
        if relation.required:
            yield Change(f"{new.key}.{relation.key}", "backfill", f"required relation '{relation.key}' is new: records that are there need a link")  # fmt: skip
        else:
            yield Change(f"{new.key}.{relation.key}", "compatible", f"relation '{relation.key}' is new")  # fmt: skip
    for before, after in found.both:
        yield from _relation(f"{new.key}.{after.key}", before, after)


def _relation(place: str, old: Relation, new: Relation) -> Iterator[Change]:
    yield from renamed(place, old.key, new.key, "relation")
    if old.target != new.target:
        yield Change(place, "breaking", f"it led to {old.target} and leads to {new.target}: links cannot be kept")  # fmt: skip
    if old.many != new.many:
        now = "any number of records" if new.many else "one record: further links are lost"
        yield Change(place, "breaking", f"it leads to {now}")
    if old.inverse != new.inverse:
        if not old.inverse:
            yield Change(place, "compatible", f"its other side is now called '{new.inverse}'")
        else:
            now = f"is called '{new.inverse}'" if new.inverse else "has no name any more"
            yield Change(place, "breaking", f"its other side was called '{old.inverse}' and {now}")
    if old.required != new.required:
        yield Change(
            place,
            "backfill" if new.required else "breaking",
            "it is required: records without a link need one" if new.required else "it can be blank: code that reads it sees None",
        )  # fmt: skip
    if old.acyclic != new.acyclic:
        yield Change(place, "breaking" if new.acyclic else "compatible", "circles are " + ("refused: those that are there are in the way" if new.acyclic else "allowed"))  # fmt: skip
    if old.on_delete != new.on_delete:
        yield Change(place, "breaking", f"deleting the linked record was '{old.on_delete}' and is '{new.on_delete}'")  # fmt: skip
    if old.add != new.add:
        yield from _add(place, old, new)
    if (old.name, old.inverse_name) != (new.name, new.inverse_name):
        yield Change(place, "compatible", f"its names in Airtable were {listed([repr(old.name), repr(old.inverse_name)])} and are {listed([repr(new.name), repr(new.inverse_name)])}")  # fmt: skip
    if (old.description, old.inverse_description) != (new.description, new.inverse_description):
        yield Change(place, "compatible", "its description changed")


def _add(place: str, old: Relation, new: Relation) -> Iterator[Change]:
    if old.add is None and new.add is not None:
        yield Change(place, "compatible", f"the method '{new.add.key}' is new")
    elif new.add is None and old.add is not None:
        yield Change(place, "breaking", f"the method '{old.add.key}' is gone")
    elif old.add is not None and new.add is not None:
        if old.add.key != new.add.key:
            yield Change(place, "breaking", f"the method '{old.add.key}' is now called '{new.add.key}'")  # fmt: skip
        if old.add.inherit != new.add.inherit:
            yield Change(place, "breaking", f"'{new.add.key}' hands down {listed(new.add.inherit) or 'nothing'}, and before {listed(old.add.inherit) or 'nothing'}")  # fmt: skip
