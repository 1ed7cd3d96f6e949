"""The `fields:` of a table, and the arguments of transitions and queries → fields and arguments of the model."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from tablewright import airtable, names
from tablewright.check.defaults import read_default
from tablewright.check.findings import Findings
from tablewright.check.options import read_options
from tablewright.check.reader import Reader
from tablewright.diagnostics import did_you_mean
from tablewright.expressions.types import ValueType, enum_type, list_of
from tablewright.kinds import COMMON_KEYS, ENUM, ENUM_LIST, KINDS, WRITTEN_KINDS, Kind
from tablewright.model.lifecycle import Argument
from tablewright.model.schema import Bounds, Enum, Field
from tablewright.syntax.document import ListNode, Node, Scalar, described

_BOUND_KEYS: Final = ("min", "max", "min_length", "max_length", "pattern")
_ARGUMENT_KEYS: Final = ("type", "description", "required")
_ALL_OPTION_KEYS: Final = tuple(
    dict.fromkeys(option.key for kind in KINDS.values() for option in kind.options)
)
_FIELD_KEYS: Final = (*COMMON_KEYS, *_BOUND_KEYS, *_ALL_OPTION_KEYS)
_NEVER_NONE: Final = frozenset({"boolean", "count", "auto_number", "created_time"})


@dataclass(frozen=True, slots=True)
class Typed:
    """A type as it was written: its kind, and its enum where it has one."""

    kind: Kind
    enum: Enum | None

    def value_type(self, *, nullable: bool) -> ValueType:
        """Return what expressions see in a value of this type."""
        if self.enum is not None and self.kind.name == ENUM:
            return enum_type(self.enum.key, nullable=nullable)
        if self.enum is not None:
            return list_of(enum_type(self.enum.key))
        return self.kind.value.or_none(nullable)


def read_field(
    findings: Findings, key: Scalar, node: Node, enums: Mapping[str, Enum], *, as_written: bool
) -> Field | None:
    """Return one field, or nothing where not even its type can be read."""
    what = f"field '{key.text}'"
    if isinstance(node, (Scalar, ListNode)):
        typed = read_type(findings, node, enums)
        return None if typed is None else _plain_field(key, typed, as_written=as_written)
    peek = Reader(Findings(), node, what, None)
    type_node = peek.node("type")
    if type_node is None:
        Reader(findings, node, what, None).required("type", "such as {type: text}")
        return None
    typed = read_type(findings, type_node, enums)
    reader = Reader(findings, node, what, _FIELD_KEYS)
    if typed is None:
        return None
    _report_foreign_keys(findings, reader, typed.kind, what)
    field = _plain_field(key, typed, as_written=as_written)
    if reader.has("name"):
        field = replace(field, name=reader.text("name"))
    field = replace(
        field,
        description=_description(findings, reader),
        required=reader.boolean("required"),
        unique=reader.boolean("unique"),
        index=reader.boolean("index"),
        bounds=read_bounds(findings, reader, typed.kind),
        options=read_options(findings, reader, typed.kind),
        was=tuple(word.text for word in reader.words("was")),
    )
    if typed.kind.computed:
        _report_computed(findings, reader, what)
    elif field.unique and not typed.kind.can_be_unique:
        findings.error(reader.key_span("unique"), "TW209", f"{what}: a {typed.kind.name} field cannot be unique",
                       "unique works for texts, numbers, dates and single choices")  # fmt: skip
    if reader.has("default") and not typed.kind.computed:
        found = reader.node("default")
        if found is not None:
            has_default, default = read_default(findings, found, field)
            field = replace(field, default=default, has_default=has_default)
    return replace(field, type=typed.value_type(nullable=_nullable(field)))


def _plain_field(key: Scalar, typed: Typed, *, as_written: bool) -> Field:
    name = key.text if as_written else names.title(key.text)
    options = {
        option.key: option.default for option in typed.kind.options if option.default is not None
    }
    field = Field(key.text, name, typed.kind, typed.kind.value, enum=typed.enum, options=options)
    return replace(field, type=typed.value_type(nullable=_nullable(field)))


def _nullable(field: Field) -> bool:
    if field.kind.listed or field.kind.name in _NEVER_NONE:
        return False
    return not field.required and not field.has_default


def read_type(findings: Findings, node: Node, enums: Mapping[str, Enum]) -> Typed | None:
    """Return the type that was written: a word, an enum's name, or `[EnumName]`."""
    if isinstance(node, ListNode) and len(node.items) == 1 and isinstance(node.items[0], Scalar):
        word = node.items[0]
        if word.text in enums:
            return Typed(KINDS[ENUM_LIST], enums[word.text])
        findings.error(word.span, "TW206", f"unknown enum '{word.text}'",
                       did_you_mean(word.text, enums) or "declare it under 'enums:'")  # fmt: skip
        return None
    if not isinstance(node, Scalar):
        findings.error(
            node.span, "TW110", f"the type is {described(node)}, and a word or [EnumName] is needed"
        )
        return None
    if node.text in enums:
        return Typed(KINDS[ENUM], enums[node.text])
    if node.text in WRITTEN_KINDS:
        return Typed(KINDS[node.text], None)
    known = [*WRITTEN_KINDS, *enums]
    way_out = _OTHER_NAMES.get(node.text.lower(), "")
    findings.error(node.span, "TW206", f"unknown type '{node.text}'",
                   f"write '{way_out}'" if way_out else did_you_mean(node.text, known, what="types"))  # fmt: skip
    return None


_OTHER_NAMES: Final = {
    "string": "text", "str": "text", "singlelinetext": "text", "multilinetext": "long_text", "longtext": "long_text",
    "richtext": "rich_text", "markdown": "rich_text", "int": "integer", "float": "number", "double": "number",
    "decimal": "number", "bool": "boolean", "checkbox": "boolean", "timestamp": "datetime", "time": "datetime",
    "phonenumber": "phone", "attachment": "attachments", "file": "attachments", "files": "attachments",
    "user": "collaborator", "money": "currency", "dict": "json", "object": "json", "timedelta": "duration",
    "autonumber": "auto_number", "createdtime": "created_time", "lastmodifiedtime": "last_modified_time",
    "createdby": "created_by", "lastmodifiedby": "last_modified_by", "multiplelookupvalues": "lookup",
    "aitext": "ai_text", "uri": "url", "select": "the enum's name", "singleselect": "the enum's name",
    "enum": "the enum's name", "multipleselects": "[EnumName]", "link": "a relation under 'relations:'",
}  # fmt: skip


def _report_foreign_keys(findings: Findings, reader: Reader, kind: Kind, what: str) -> None:
    own = [option.key for option in kind.options]
    for key in reader.keys:
        if key in COMMON_KEYS or key in own or key in kind.bounds:
            continue
        if key in _ALL_OPTION_KEYS or key in _BOUND_KEYS:
            possible = [*own, *sorted(kind.bounds)]
            findings.error(reader.key_span(key), "TW215", f"{what}: a {kind.name} field has no '{key}'",
                           f"it has {', '.join(possible)}" if possible else "it has no options of its own")  # fmt: skip


def _report_computed(findings: Findings, reader: Reader, what: str) -> None:
    for key in ("required", "default", "unique", "index"):
        if reader.has(key):
            findings.error(reader.key_span(key), "TW216", f"{what} is calculated by Airtable and cannot have '{key}'",
                           "remove the key")  # fmt: skip


def _description(findings: Findings, reader: Reader) -> str:
    found = reader.scalar("description")
    if found is None:
        return ""
    if len(found.text) > airtable.MAX_DESCRIPTION_LENGTH:
        findings.error(found.span, "TW214", f"the description is longer than {airtable.MAX_DESCRIPTION_LENGTH} characters",
                       "that is what Airtable holds")  # fmt: skip
    return found.text


def read_bounds(findings: Findings, reader: Reader, kind: Kind) -> Bounds:
    """Return what a value is held to, contradictions reported."""
    numeric = "min" in kind.bounds
    whole = kind.value.kind == "integer"
    least = (reader.integer if whole else reader.number)("min") if numeric else None
    most = (reader.integer if whole else reader.number)("max") if numeric else None
    shortest = reader.integer("min_length", least=0) if "min_length" in kind.bounds else None
    longest = (
        reader.integer("max_length", least=1, most=airtable.MAX_TEXT_LENGTH)
        if "max_length" in kind.bounds
        else None
    )
    for low, high, key in ((least, most, "min"), (shortest, longest, "min_length")):
        if low is not None and high is not None and low > high:
            findings.error(reader.key_span(key), "TW209", f"'{key}' is above '{key.replace('min', 'max')}': {low} > {high}",
                           "no value could meet both")  # fmt: skip
    pattern = _pattern(findings, reader) if "pattern" in kind.bounds else None
    return Bounds(least, most, shortest, longest, pattern)


def _pattern(findings: Findings, reader: Reader) -> str | None:
    found = reader.scalar("pattern")
    if found is None:
        return None
    try:
        re.compile(found.text)
    except (re.error, RecursionError, OverflowError) as error:
        findings.error(found.span, "TW213", f"'{found.text}' is not a regular expression: {error}")
        return None
    lookaround = re.search(r"\(\?(<?[=!]|P=|\()|\\[1-9]", found.text)
    if lookaround:
        findings.error(found.span, "TW213", f"the pattern uses '{lookaround.group()}', which linear-time engines do not have",
                       "write it without look-around and back-references")  # fmt: skip
        return None
    return found.text


def read_arguments(
    findings: Findings, reader: Reader, enums: Mapping[str, Enum], reserved: Mapping[str, str]
) -> tuple[Argument, ...]:
    """Return what `takes:` declares."""
    taken = reader.mapping("takes", "'takes'", None)
    if taken is None:
        return ()
    arguments: list[Argument] = []
    for key, node in taken.entries():
        what = f"argument '{key.text}'"
        reason = names.why_not_identifier(key.text)
        if reason or key.text.startswith("_"):
            findings.error(key.span, "TW201", f"an argument cannot be called '{key.text}'"
                           + (f": {reason}" if reason else ""), f"call it '{names.suggested_identifier(key.text.lstrip('_'))}'")  # fmt: skip
            continue
        if key.text in reserved or key.text.endswith("_"):
            why = reserved.get(key.text, "the '_' at the end marks arguments in expressions")
            findings.error(
                key.span,
                "TW202",
                f"an argument cannot be called '{key.text}': {why}",
                "choose another name",
            )
            continue
        argument = _read_argument(findings, key, node, what, enums)
        if argument is not None:
            arguments.append(argument)
    # Python wants parameters without a default first.
    return tuple(sorted(arguments, key=lambda argument: not argument.required))


def _read_argument(
    findings: Findings, key: Scalar, node: Node, what: str, enums: Mapping[str, Enum]
) -> Argument | None:
    if isinstance(node, (Scalar, ListNode)):
        typed = read_type(findings, node, enums)
        reader = None
    else:
        reader = Reader(findings, node, what, (*_ARGUMENT_KEYS, *_BOUND_KEYS))
        type_node = reader.required("type", "such as {type: text}")
        typed = read_type(findings, type_node, enums) if type_node is not None else None
    if typed is None:
        return None
    if typed.kind.computed or typed.kind.name in (
        "attachments",
        "collaborator",
        "collaborators",
        "barcode",
    ):
        findings.error(
            node.span,
            "TW206",
            f"{what} cannot be of type {typed.kind.name}",
            "take a text, number, date, choice or json",
        )
        return None
    if reader is None:
        return Argument(key.text, typed.kind, typed.value_type(nullable=True), required=False)
    for bound in _BOUND_KEYS:
        if reader.has(bound) and bound not in typed.kind.bounds:
            findings.error(
                reader.key_span(bound), "TW215", f"{what}: a {typed.kind.name} has no '{bound}'"
            )
    required = reader.boolean("required")
    bounds = read_bounds(findings, reader, typed.kind)
    return Argument(
        key.text, typed.kind, typed.value_type(nullable=not required), required, reader.text("description"),
        bounds.minimum, bounds.maximum, bounds.min_length, bounds.max_length, bounds.pattern,
    )  # fmt: skip
