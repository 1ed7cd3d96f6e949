"""The `fields:` of a table → fields of the model. What computed fields hold is worked out later, by `computations`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from tablewright import airtable, names
from tablewright.check.defaults import read_default
from tablewright.check.findings import Findings
from tablewright.check.options import read_options
from tablewright.check.reader import Reader
from tablewright.check.types import BOUND_KEYS, Typed, read_bounds, read_type
from tablewright.kinds import COMMON_KEYS, ENUM, ENUM_LIST, KINDS, Kind
from tablewright.model.schema import Enum, Field
from tablewright.names import with_article
from tablewright.syntax.document import ListNode, Node, Scalar

_ALL_OPTION_KEYS: Final = tuple(
    dict.fromkeys(option.key for kind in KINDS.values() for option in kind.options)
)
FIELD_KEYS: Final = tuple(dict.fromkeys((*COMMON_KEYS, *BOUND_KEYS, *_ALL_OPTION_KEYS)))
_NEVER_NONE: Final = frozenset({"boolean", "count", "auto_number"})
_UNIQUE: Final = tuple(name for name, kind in KINDS.items() if kind.can_be_unique and name != ENUM)
_STORED_KEYS: Final = ("required", "default", "unique", "index")


@dataclass(frozen=True, slots=True)
class WrittenField:
    """A field with the places that later checks point at; *reader* is missing where only a type was written."""

    field: Field
    key: Scalar
    reader: Reader | None


def read_field(
    findings: Findings, key: Scalar, node: Node, enums: Mapping[str, Enum], *, as_written: bool
) -> WrittenField | None:
    """Return one field, or nothing where not even its type can be read."""
    what = f"field '{key.text}'"
    if isinstance(node, (Scalar, ListNode)):
        typed = read_type(findings, node, enums)
        if typed is None:
            return None
        _report_missing_options(findings, node, typed.kind, what)
        return WrittenField(_plain_field(key, typed, as_written=as_written), key, None)
    reader = Reader(findings, node, what, FIELD_KEYS)
    type_node = reader.required("type", "such as {type: text}")
    typed = read_type(findings, type_node, enums) if type_node is not None else None
    if typed is None:
        _check_common_keys(findings, reader)
        return None
    _report_foreign_keys(findings, reader, typed.kind, what)
    plain = _plain_field(key, typed, as_written=as_written)
    field = replace(
        plain,
        name=reader.text("name") if reader.has("name") else plain.name,
        description=read_description(findings, reader),
        required=reader.boolean("required"),
        unique=reader.boolean("unique"),
        index=reader.boolean("index"),
        bounds=read_bounds(findings, reader, typed.kind),
        options=read_options(findings, reader, typed.kind),
        was=tuple(word.text for word in reader.words("was")),
    )
    field = _with_default(findings, reader, field, what)
    return WrittenField(
        replace(field, type=typed.value_type(nullable=is_nullable(field))), key, reader
    )


def _check_common_keys(findings: Findings, reader: Reader) -> None:
    """Note wrong shapes of what a field of any type can have."""
    for key in ("required", "unique", "index"):
        reader.boolean(key)
    reader.text("name")
    read_description(findings, reader)
    reader.words("was")


def _with_default(findings: Findings, reader: Reader, field: Field, what: str) -> Field:
    if field.kind.computed:
        for key in _STORED_KEYS:
            if reader.has(key):
                findings.error(reader.key_span(key), "TW216", f"{what} is calculated by Airtable and cannot have '{key}'",
                               "remove the key")  # fmt: skip
        if field.required or field.unique or field.index:
            return replace(field, required=False, unique=False, index=False)
        return field
    if field.unique and not field.kind.can_be_unique:
        findings.error(reader.key_span("unique"), "TW209", f"{what}: {with_article(shown_kind(field))} field cannot be unique",
                       f"unique works for {', '.join(_UNIQUE)} and single choices")  # fmt: skip
    if field.index and field.kind.sql == "json":
        findings.error(reader.key_span("index"), "TW209", f"{what}: an index of {with_article(shown_kind(field))} field would find nothing",
                       "conditions look into it, and an index only knows the whole: remove the key")  # fmt: skip
    if field.required and field.kind.name == "boolean":
        findings.error(reader.key_span("required"), "TW209", f"{what}: a boolean is never blank, and cannot be required",
                       "a box that is not ticked is false: remove the key")  # fmt: skip
    written = reader.node("default") if reader.has("default") else None
    if written is None or field.lacks_values:
        return field
    has_default, default = read_default(findings, written, field)
    if has_default and field.unique:
        findings.error(reader.key_span("default"), "TW209", f"{what} is unique and has a default: the second record would repeat it",
                       "remove one of the two keys")  # fmt: skip
    return replace(field, default=default, has_default=has_default)


def _plain_field(key: Scalar, typed: Typed, *, as_written: bool) -> Field:
    name = key.text if as_written else names.title(key.text)
    options = {
        option.key: option.default for option in typed.kind.options if option.default is not None
    }
    nullable = not typed.kind.listed and typed.kind.name not in _NEVER_NONE
    value = typed.value_type(nullable=nullable)
    return Field(key.text, name, typed.kind, value, enum=typed.enum, options=options)


def is_nullable(field: Field) -> bool:
    """Tell whether a field of a record can be blank."""
    if field.kind.listed or field.kind.name in _NEVER_NONE:
        return False
    return not field.required and not field.has_default


def shown_kind(field: Field) -> str:
    """Return a field's type as it is written in a schema."""
    if field.enum is None:
        return field.kind.name
    return f"[{field.enum.key}]" if field.kind.listed else field.enum.key


def _report_missing_options(findings: Findings, node: Node, kind: Kind, what: str) -> None:
    needed = [option.key for option in kind.options if option.required]
    if kind.name == "formula":
        needed = ["expression' or 'formula"]
    if needed:
        listed = "' and '".join(needed)
        findings.error(node.span, "TW109", f"{what} needs '{listed}'", f"write {{type: {kind.name}, …}}")  # fmt: skip


def _report_foreign_keys(findings: Findings, reader: Reader, kind: Kind, what: str) -> None:
    own = [option.key for option in kind.options]
    for key in reader.keys:
        if key in COMMON_KEYS or key in own or key in kind.bounds:
            continue
        if key in FIELD_KEYS:
            possible = [*own, *sorted(kind.bounds)]
            findings.error(reader.key_span(key), "TW215", f"{what}: {with_article(_kind_in_words(kind))} has no '{key}'",
                           f"it has {', '.join(possible)}" if possible else "it has no options of its own")  # fmt: skip


def _kind_in_words(kind: Kind) -> str:
    return {ENUM: "choice", ENUM_LIST: "multiple choice"}.get(kind.name, kind.name) + " field"


def read_description(findings: Findings, reader: Reader, key: str = "description") -> str:
    """Return a description, which Airtable has to be able to hold."""
    found = reader.scalar(key)
    if found is None:
        return ""
    if len(found.text) > airtable.MAX_DESCRIPTION_LENGTH:
        findings.error(found.span, "TW214", f"the description is longer than {airtable.MAX_DESCRIPTION_LENGTH} characters",
                       "that is what Airtable holds: put the rest into your documentation")  # fmt: skip
    return found.text
