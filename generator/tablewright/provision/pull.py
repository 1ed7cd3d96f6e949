"""A live base → schema text. What the language cannot say is listed, and named as unmanaged in the text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from glob import escape
from typing import Any

from tablewright import airtable, names
from tablewright.provision.errors import NothingToPull
from tablewright.provision.live import LINK, SELECTS, LiveBase, LiveField, LiveTable
from tablewright.provision.pull_enums import Enums, choices_problem
from tablewright.provision.pull_fields import (
    Unsayable,
    formula_entry,
    guessed_rollup,
    plain_entry,
    result_word,
)
from tablewright.provision.pull_names import (
    Keys,
    SqlSpace,
    counter_key,
    field_key,
    folded_name,
    history_of,
    is_other_side,
    module_keys,
    record_keys,
    relation_key,
    table_key,
    unsayable_name,
    unsayable_text,
)
from tablewright.provision.yaml_text import Flow, sections, yaml_text

_OVER_LINKS = frozenset({"rollup", "multipleLookupValues", "count"})


@dataclass(frozen=True, slots=True)
class Pulled:
    """The text of a schema file, what it leaves out or guesses, one sentence each, and how many tables it has."""

    text: str
    remarks: tuple[str, ...]
    tables: int


@dataclass(slots=True)
class _Draft:
    """A table while it is written. *keys* holds the schema's name of every field in it, by id."""

    live: LiveTable
    key: str
    scope: Keys = field(init=False)
    fields: dict[str, Flow] = field(default_factory=dict)
    relations: dict[str, Flow] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    unmanaged: list[str] = field(default_factory=list)
    sayable: list[LiveField] = field(default_factory=list)
    """The fields whose names a schema can hold, the one that stands first in it in front."""


def pulled(live: LiveBase, *, name: str, origin: str) -> Pulled:
    """Return a schema that describes *live*. *origin* says in its description where it comes from.

    Raises:
        NothingToPull: the base has no table, or none that a schema can hold.
    """
    found = _Pull(live, name, origin).schema()
    if not found.tables:
        reasons = "; ".join(found.remarks) or "it has no tables"
        raise NothingToPull(
            f"nothing of this base can be pulled: {reasons}. Add a table with a text, number or date field to it"
        )
    return found


class _Pull:
    def __init__(self, live: LiveBase, name: str, origin: str) -> None:
        self._live = live
        self._name = name
        self._origin = origin
        self._remarks: list[str] = []
        self._sql = SqlSpace()
        self._module = module_keys(self._sql)
        self.enums = Enums(self._module)
        self.drafts: dict[str, _Draft] = {}
        self._table_names: set[str] = set()

    def schema(self) -> Pulled:
        left_out = [table.name for table in self._live.tables if not self._begin(table)]
        for draft in self.drafts.values():
            self._prepare(draft)
        module = [*(draft.key for draft in self.drafts.values()), *self.enums]
        for draft in self.drafts.values():
            draft.scope = record_keys(self._sql, module)
            self._plain(draft)
        for draft in self.drafts.values():
            self._links(draft)
        self._computed()
        document: dict[str, Any] = {
            "tablewright": 1,
            "name": self._name,
            "description": self._origin,
        }
        if left_out:
            document["unmanaged"] = [escape(name) for name in left_out]
        if enums := self.enums.entries():
            document["enums"] = enums
        document["tables"] = {draft.key: self._table(draft) for draft in self.drafts.values()}
        head = "# yaml-language-server: $schema=tablewright.schema.json\n"
        return Pulled(head + sections(document), tuple(self._remarks), len(self.drafts))

    # -- tables ---------------------------------------------------------------------------------------------------

    def _begin(self, table: LiveTable) -> bool:
        reason = unsayable_name(table.name)
        if not reason and folded_name(table.name) in self._table_names:
            reason = "the language holds its name for that of another table"
        if not reason and (of := history_of(table, self._live)):
            reason = f"it is the history of '{of}', which 'history: true' in that table's lifecycle reads"
        if not reason and not any(_can_be_first(one) for one in table.fields):
            reason = "none of its fields can stand first in a schema"
        if reason:
            self._remarks.append(f"table '{table.name}' is left out: {reason}")
            return False
        self._table_names.add(folded_name(table.name))
        self.drafts[table.id] = _Draft(table, table_key(table.name, self._module))
        return True

    def _table(self, draft: _Draft) -> dict[str, Any]:
        live = draft.live
        entry: dict[str, Any] = {}
        if live.name != draft.key:
            entry["name"] = live.name
        if self._description(live.description, f"table '{live.name}'"):
            entry["description"] = live.description
        if draft.unmanaged:
            entry["unmanaged"] = [escape(name) for name in draft.unmanaged]
        entry["fields"] = draft.fields
        if draft.relations:
            entry["relations"] = draft.relations
        return entry

    def _description(self, text: str, what: str) -> str:
        if text and (unsayable_text(text) or len(text) > airtable.MAX_DESCRIPTION_LENGTH):
            self._remarks.append(
                f"the description of {what} is left out: it holds control characters"
            )
            return ""
        return text

    def _leave_out(self, draft: _Draft, one: LiveField, reason: str) -> None:
        self._remarks.append(f"field '{one.name}' of '{draft.live.name}' is left out: {reason}")
        draft.unmanaged.append(one.name)

    # -- plain fields and enums -----------------------------------------------------------------------------------

    def _prepare(self, draft: _Draft) -> None:
        """Find the fields whose names can be said, and give out the keys of enums, which no field may have."""
        first = next(one for one in draft.live.fields if _can_be_first(one))
        taken: set[str] = set()
        for one in [first, *(one for one in draft.live.fields if one.id != first.id)]:
            reason = unsayable_name(one.name)
            if not reason and folded_name(one.name) in taken:
                reason = "the language holds its name for that of another field"
            if reason:
                self._leave_out(draft, one, reason)
                continue
            taken.add(folded_name(one.name))
            draft.sayable.append(one)
            if one.type in SELECTS and not choices_problem(one):
                self.enums.named(draft.key, one)

    def _plain(self, draft: _Draft) -> None:
        for one in draft.sayable:
            if one.type == LINK or one.type in _OVER_LINKS or one.type == "formula":
                continue
            try:
                entry, left_out = self._plain_entry(draft, one)
            except Unsayable as problem:
                self._leave_out(draft, one, str(problem))
                continue
            for what in left_out:
                self._remarks.append(
                    f"field '{one.name}' of '{draft.live.name}': the language does not say {what}"
                )
            self._add(draft, one, entry)

    def _plain_entry(self, draft: _Draft, one: LiveField) -> tuple[dict[str, Any], list[str]]:
        if one.type not in SELECTS:
            return plain_entry(one)
        problem = choices_problem(one)
        if problem:
            raise Unsayable(problem)
        key = self.enums.named(draft.key, one)
        return {"type": key if one.type == "singleSelect" else [key]}, []

    def _add(self, draft: _Draft, one: LiveField, entry: dict[str, Any]) -> None:
        key = (
            counter_key(one.name, draft.key, draft.scope)
            if one.type == "autoNumber"
            else field_key(one.name, draft.scope)
        )
        draft.keys[one.id] = key
        draft.fields[key] = Flow({**entry, **self._naming(key, one)})

    def _naming(self, key: str, one: LiveField) -> dict[str, str]:
        said = {} if names.title(key) == one.name else {"name": one.name}
        if self._description(one.description, f"field '{one.name}'"):
            said["description"] = one.description
        return said

    # -- links ----------------------------------------------------------------------------------------------------

    def _links(self, draft: _Draft) -> None:
        for one in draft.live.fields:
            if one.type != LINK or one.id in draft.keys or one.name in draft.unmanaged:
                continue
            target = self.drafts.get(one.linked_table)
            if target is None:
                self._leave_out(draft, one, "the table that it links to is not in the schema")
                continue
            other = self._live.other_side(one)
            if other is not None and other.name in target.unmanaged:
                other = None
            if other is not None and is_other_side(one, draft.live.name, other, target.live.name):
                self._relation(target, other, draft, one)
            else:
                self._relation(draft, one, target, other)

    def _relation(
        self, draft: _Draft, one: LiveField, target: _Draft, other: LiveField | None
    ) -> None:
        key = draft.keys[one.id] = relation_key(
            one.name, draft.key, draft.scope, many=not one.is_single
        )
        entry: dict[str, Any] = {"to": target.key}
        if not one.is_single:
            entry["many"] = True
        if other is not None:
            inverse = target.keys[other.id] = field_key(other.name, target.scope)
            entry["inverse"] = inverse
            if names.title(inverse) != other.name:
                entry["inverse_name"] = other.name
            if self._description(other.description, f"field '{other.name}'"):
                entry["inverse_description"] = other.description
        draft.relations[key] = Flow({**entry, **self._naming(key, one)})

    # -- what Airtable calculates ---------------------------------------------------------------------------------

    def _computed(self) -> None:
        """Add formulas, rollups, lookups and counts, each as soon as all that it looks at is there."""
        waiting = [
            (draft, one)
            for draft in self.drafts.values()
            for one in draft.live.fields
            if (one.type in _OVER_LINKS or one.type == "formula")
            and one.name not in draft.unmanaged
        ]
        while waiting:
            left: list[tuple[_Draft, LiveField]] = []
            problems: list[str] = []
            for draft, one in waiting:
                try:
                    entry = self._computed_entry(draft, one)
                except Unsayable as reason:
                    left.append((draft, one))
                    problems.append(str(reason))
                    continue
                self._add(draft, one, entry)
                if one.type == "rollup":
                    self._remarks.append(
                        f"field '{one.name}' of '{draft.live.name}': the API does not show the formula of a rollup; "
                        f"{entry['formula']} is a guess"
                    )
            if len(left) == len(waiting):
                for (draft, one), problem in zip(left, problems, strict=True):
                    self._leave_out(draft, one, problem)
                return
            waiting = left

    def _computed_entry(self, draft: _Draft, one: LiveField) -> dict[str, Any]:
        if one.type == "formula":
            return formula_entry(one, self._reference(draft))
        link = draft.live.field(str(one.options.get("recordLinkFieldId") or ""))
        if link is None or link.id not in draft.keys:
            raise Unsayable("the link that it follows is not in the schema")
        target = self.drafts.get(link.linked_table)
        entry: dict[str, Any] = {"relation": draft.keys[link.id]}
        if one.type == "count":
            return {"type": "count", **entry}
        looked_at = str(one.options.get("fieldIdInLinkedTable") or "")
        shown = target.live.field(looked_at) if target is not None else None
        if target is None or shown is None or shown.id not in target.keys or shown.type == LINK:
            raise Unsayable("the field that it looks at is not in the schema, or is a link itself")
        entry["field"] = target.keys[shown.id]
        if one.type == "multipleLookupValues":
            return {"type": "lookup", **entry}
        word = result_word(one)
        entry = {"type": "rollup", **entry, "formula": guessed_rollup(one)}
        return entry if word == "text" else {**entry, "result": word}

    def _reference(self, draft: _Draft) -> Callable[[str], str]:
        known = {one.name: one for one in draft.live.fields if one.id in draft.keys}

        def reference(written: str) -> str:
            one = draft.live.field(written) or known.get(written)
            if one is None or one.id not in draft.keys:
                raise Unsayable("its formula names a field that is not in the schema")
            key = draft.keys[one.id]
            # A key of the schema stands for names that braces cannot hold.
            plain = not set("{}\\\\") & set(one.name)
            if not plain and key in known:
                raise Unsayable(f"its formula names '{one.name}', which cannot be told from others")
            return f"{{{one.name if plain else key}}}"

        return reference


def _can_be_first(one: LiveField) -> bool:
    return one.type in airtable.CREATABLE_PRIMARY_TYPES and not unsayable_name(one.name)


@dataclass(frozen=True, slots=True)
class Described:
    """How a schema says a live field: its key and entry. *enum* is the line of the enum that the entry names, if any."""

    key: str
    entry: Flow
    enum: str


def described_fields(live: LiveBase) -> dict[str, Described]:
    """Return how a schema says each field of a base, by the fields' ids, for all that it can say."""
    pull = _Pull(live, "base", "")
    pull.schema()
    enums = {
        key: yaml_text({key: Flow(entry)}).strip() for key, entry in pull.enums.entries().items()
    }
    found: dict[str, Described] = {}
    for draft in pull.drafts.values():
        by_key = {key: field_id for field_id, key in draft.keys.items()}
        for section in (draft.fields, draft.relations):
            for key, entry in section.items():
                named = entry.get("type")
                enum = named[0] if isinstance(named, list) else str(named)
                found[by_key[key]] = Described(key, entry, enums.get(enum, ""))
    return found
