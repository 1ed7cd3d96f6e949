"""Tables → `models.py`: the record classes with every method written out."""

from __future__ import annotations

from dataclasses import dataclass

from tablewright.expressions.python import python_source
from tablewright.kinds import Kind
from tablewright.model.schema import AddMethod, Computed, Field, Relation, Schema, Table
from tablewright.names import with_article
from tablewright.targets.python.code import (
    LINE_LENGTH,
    Bracketed,
    Code,
    call,
    docstring,
    identifier,
    laid_out,
    literal,
)
from tablewright.targets.python.imports import Imports
from tablewright.targets.python.inputs import settable_fields
from tablewright.targets.python.lifecycle import add_names
from tablewright.targets.python.methods import (
    QueryView,
    StatisticsMethodView,
    TransitionView,
    query_view,
    statistics_method_view,
    transition_view,
)
from tablewright.targets.python.names import is_split, record_module, spec_name
from tablewright.targets.python.queue import QueueView, queue_view
from tablewright.targets.python.types import (
    constraints,
    default_code,
    field_line,
    given_annotation,
    or_unset,
    stored_annotation,
    value_annotation,
)


@dataclass(frozen=True, slots=True)
class FieldView:
    line: Code
    doc: Code


@dataclass(frozen=True, slots=True)
class ParameterView:
    """A keyword parameter; *default* is empty for one that has to be given, *passed* is what is handed on."""

    name: Code
    annotation: Code
    default: Code
    passed: Code


@dataclass(frozen=True, slots=True)
class LinkView:
    name: Code
    local_import: Code
    key: Code
    target: Code
    annotation: Code
    assigned: Code
    doc: Code
    accessor: Code
    setter: Code


@dataclass(frozen=True, slots=True)
class InverseView:
    name: Code
    local_import: Code
    key: Code
    source: Code
    doc: Code


@dataclass(frozen=True, slots=True)
class AddView:
    name: Code
    local_import: Code
    source: Code
    doc: Code
    parameters: tuple[ParameterView, ...]


@dataclass(frozen=True, slots=True)
class ComputedView:
    name: Code
    annotation: Code
    doc: Code
    uses_now: bool
    source: Code


@dataclass(frozen=True, slots=True)
class RecordView:
    name: Code
    bases: Code
    doc: Code
    columns: Code
    spec: Code
    fields: tuple[FieldView, ...]
    links: tuple[LinkView, ...]
    inverses: tuple[InverseView, ...]
    adds: tuple[AddView, ...]
    computed: tuple[ComputedView, ...]
    transitions: tuple[TransitionView, ...]
    create: tuple[ParameterView, ...]
    create_doc: Code
    update: tuple[ParameterView, ...]
    upsert_on: Code
    upsert_doc: Code
    find: tuple[ParameterView, ...]
    queries: tuple[QueryView, ...]
    statistics: tuple[StatisticsMethodView, ...]
    queue: QueueView | None


@dataclass(frozen=True, slots=True)
class ModelsView:
    source: Code
    doc: Code
    imports: Code
    typing_imports: Code
    records: tuple[RecordView, ...]


@dataclass(frozen=True, slots=True)
class ModelsIndexView:
    source: Code
    doc: Code
    typing_imports: Code
    modules: Code
    exported: Code


def models_index_view(schema: Schema, source: Code) -> ModelsIndexView:
    """Return what `models.py` prints where each record class has a module of its own."""
    typing_imports = Imports()
    entries: list[Code] = []
    for table in schema.tables:
        module = record_module(schema, table.key)
        typing_imports.name(f".{module}", table.key)
        entries.append(Code(f"{literal(table.key)}: {literal(module)}"))
    exported = [literal(table.key) for table in sorted(schema.tables, key=lambda table: table.key)]
    return ModelsIndexView(
        source,
        docstring(schema.description or f"The records of {schema.name}."),
        typing_imports.lines(4),
        laid_out(Bracketed.of("{", entries, "}"), 0, lead="_MODULES = "),
        laid_out(Bracketed.of("[", exported, "]"), 0, lead="__all__ = "),
    )


def models_view(schema: Schema, source: Code) -> ModelsView:
    """Return what `models.py` prints where all record classes fit into it."""
    return _module_view(schema, schema.tables, source)


def record_module_view(schema: Schema, table: Table, source: Code) -> ModelsView:
    """Return what the module of one record class prints."""
    return _module_view(schema, (table,), source)


def _module_view(schema: Schema, tables: tuple[Table, ...], source: Code) -> ModelsView:
    imports, typing_imports = Imports(), Imports()
    imports.names("typing", ["ClassVar", "Self"])
    imports.names(
        "tablewright.runtime",
        ["AirtableModel", "TableSpec", "given", "UNSET", "Unset", "columns_of"],
    )
    typing_imports.name("tablewright.runtime", "Query")
    records = tuple(_record_view(schema, table, imports, typing_imports) for table in tables)
    if typing_imports.lines():
        imports.name("typing", "TYPE_CHECKING")
    about = schema.description or f"The records of {schema.name}."
    doc = docstring(f"The {tables[0].key} records of {schema.name}." if is_split(schema) else about)
    return ModelsView(source, doc, imports.lines(), typing_imports.lines(4), records)


def _record_view(
    schema: Schema, table: Table, imports: Imports, typing_imports: Imports
) -> RecordView:
    typing_imports.name(".columns", f"{table.key}Columns")
    bases = "AirtableModel"
    if table.mixin:
        module, _, name = table.mixin.partition(":")
        bases = f"{imports.name(module, name)}, AirtableModel"
    if table.lifecycle is not None and table.lifecycle.transitions:
        imports.name(".", "lifecycle")
    for other in _linked_tables(table) if is_split(schema) else ():
        typing_imports.name(f".{record_module(schema, other)}", other)
    create = _create_parameters(table, imports)
    merged = [field.key for field in settable_fields(table) if field.kind.can_be_unique]
    unique = tuple(field.key for field in table.fields if field.unique)
    if merged:
        imports.name("typing", "Literal")
        imports.name("collections.abc", "Sequence")
    return RecordView(
        name=identifier(table.key),
        bases=Code(bases),
        doc=docstring(table.description or f"One {table.key}.", "    "),
        columns=_columns(f"{table.key}Columns"),
        spec=_spec(table, imports),
        fields=tuple(_field_view(table, field, imports) for field in table.fields)
        + tuple(_id_view(relation, imports) for relation in table.relations),
        links=tuple(_link_view(schema, relation, imports) for relation in table.relations),
        inverses=tuple(
            _inverse_view(schema, relation) for relation in table.inverses if relation.inverse
        ),
        adds=tuple(
            _add_view(schema, relation, relation.add, imports)
            for relation in table.inverses
            if relation.add is not None
        ),
        computed=tuple(_computed_view(one, imports) for one in table.computed),
        transitions=tuple(
            transition_view(schema, table, table.lifecycle, one, imports)
            for one in (table.lifecycle.transitions if table.lifecycle is not None else ())
            if table.lifecycle is not None
        ),
        create=create,
        create_doc=_create_doc(schema, table),
        update=_update_parameters(table, imports),
        upsert_on=_upsert_on(merged, unique),
        upsert_doc=_upsert_doc(table, unique),
        find=_find_parameters(table, imports),
        queries=tuple(query_view(table, one, imports) for one in table.queries),
        statistics=tuple(
            statistics_method_view(schema, table, one, imports, typing_imports)
            for one in table.statistics
        ),
        queue=(
            queue_view(table, table.queue, table.lifecycle, imports, typing_imports)
            if table.queue is not None and table.lifecycle is not None
            else None
        ),
    )


def _columns(name: str) -> Code:
    source = call("columns_of", [Code("__name__"), literal(name)], {})
    return laid_out(source, 4, lead=f"c: ClassVar[{identifier(name)}] = ")


def _spec(table: Table, imports: Imports) -> Code:
    # The alias is private, a name that no enum or table of a schema can have.
    name = spec_name(table.key)
    imports.name("._schema", f"{name} as _{name}")
    return Code(f"_{identifier(name)}")


# -- fields ---------------------------------------------------------------------------------------------------------


def _field_view(table: Table, field: Field, imports: Imports) -> FieldView:
    options = constraints(field.kind, field.bounds, field.options, required=field.required)
    annotation = stored_annotation(field, imports)
    if field.kind.listed:
        options = {"default_factory": annotation, **options}
    elif field.has_default:
        options = {"default": default_code(field, imports), **options}
    elif field.kind.name == "boolean":
        options = {"default": literal(False), **options}
    elif not field.required:
        options = {"default": _blank(field.kind), **options}
    is_state = table.lifecycle is not None and table.lifecycle.field == field.key
    if is_state and not field.has_default and table.lifecycle is not None:
        state = imports.name(".enums", table.lifecycle.enum)
        options["default"] = Code(f"{state}.{identifier(table.lifecycle.initial)}")
    if is_state or not field.is_writable:
        options["frozen"] = literal(True)
    if is_state and annotation.endswith(" | None"):
        annotation = Code(annotation.removesuffix(" | None"))
    doc = docstring(field.description, "    ") if field.description else Code("")
    return FieldView(field_line(field.key, annotation, options, imports), doc)


def _blank(kind: Kind) -> Code:
    return literal(0) if kind.name in ("count", "auto_number") else literal(None)


def _id_view(relation: Relation, imports: Imports) -> FieldView:
    if relation.many:
        options = {"default_factory": Code("list[str]")}
        line = field_line(f"{relation.key}_ids", Code("list[str]"), options, imports)
        return FieldView(line, docstring(f"The ids of {relation.key}, in their order."))
    annotation = Code("str" if relation.required else "str | None")
    default = {} if relation.required else {"default": literal(None)}
    line = field_line(f"{relation.key}_id", annotation, default, imports)
    return FieldView(line, docstring(f"The id of {relation.key}."))


def _linked_tables(table: Table) -> list[str]:
    """Return the other tables whose records the methods of this one name."""
    targets = [relation.target for relation in table.relations]
    sources = [
        relation.source
        for relation in table.inverses
        if relation.inverse or relation.add is not None
    ]
    return [other for other in dict.fromkeys([*targets, *sources]) if other != table.key]


def _local_import(schema: Schema, other: str, table: str) -> Code:
    """Return the import of a record class inside a method, where it lives in another module; else nothing."""
    if not is_split(schema) or other == table:
        return Code("")
    return Code(f"from .{record_module(schema, other)} import {identifier(other)}")


# -- relations ------------------------------------------------------------------------------------------------------


def _link_view(schema: Schema, relation: Relation, imports: Imports) -> LinkView:
    target = identifier(relation.target)
    if relation.many:
        imports.name("collections.abc", "Sequence")
    one = target if relation.required else Code(f"{target} | None")
    return LinkView(
        name=identifier(relation.key),
        local_import=_local_import(schema, relation.target, relation.source),
        key=literal(relation.key),
        target=target,
        annotation=Code(f"list[{target}]") if relation.many else one,
        assigned=Code(f"Sequence[{target}]") if relation.many else one,
        doc=docstring(
            relation.description or f"The linked {target}{' records' if relation.many else ''}.",
            " " * 8,
        ),
        accessor=Code(
            "_linked_many" if relation.many else "_linked" if relation.required else "_linked_one"
        ),
        setter=Code("_link_many" if relation.many else "_link_one"),
    )


def _inverse_view(schema: Schema, relation: Relation) -> InverseView:
    held = "holds" if relation.many else "is"
    text = (
        relation.inverse_description
        or f"The {relation.source} records whose {relation.key} {held} this one."
    )
    return InverseView(
        identifier(relation.inverse),
        _local_import(schema, relation.source, relation.target),
        literal(relation.inverse),
        identifier(relation.source),
        docstring(text, " " * 8),
    )


def _add_view(schema: Schema, relation: Relation, add: AddMethod, imports: Imports) -> AddView:
    source = schema.table(relation.source)
    parameters: list[ParameterView] = []
    for one in _create_parameters(source, imports):
        if one.name == relation.key:
            continue
        if one.name in add.inherit:
            annotation = one.annotation if "Unset" in one.annotation else or_unset(one.annotation)
            passed = Code(f"self.{one.name} if {one.name} is UNSET else {one.name}")
            parameters.append(ParameterView(one.name, annotation, Code("UNSET"), passed))
        else:
            parameters.append(one)
    linked = Code("[self]" if relation.many else "self")
    parameters.sort(key=lambda one: bool(one.default))
    # The link itself is no parameter: it is this record.
    parameters.append(ParameterView(identifier(relation.key), Code(""), Code(""), linked))
    text = f"Create {with_article(relation.source)} whose {relation.key} is this record."
    if add.inherit:
        text += f"\n\nIt takes over {' and '.join(add.inherit)} unless they are given."
    return AddView(
        identifier(add.key),
        _local_import(schema, relation.source, relation.target),
        identifier(relation.source),
        docstring(text, " " * 8),
        tuple(parameters),
    )


# -- computed fields ------------------------------------------------------------------------------------------------


def _computed_view(computed: Computed, imports: Imports) -> ComputedView:
    source = python_source(computed.node, record="self")
    add_names(source, imports)
    if source.uses_now:
        imports.name("tablewright.runtime", "utc_now")
    return ComputedView(
        identifier(computed.key),
        value_annotation(computed.type, imports),
        docstring(computed.description or computed.text, " " * 8),
        source.uses_now,
        Code(source.text),
    )


# -- parameters -----------------------------------------------------------------------------------------------------


def _create_parameters(table: Table, imports: Imports) -> tuple[ParameterView, ...]:
    parameters = [
        _field_parameter(field, imports, optional=not field.required)
        for field in settable_fields(table)
    ]
    parameters += [
        _link_parameter(relation, imports, optional=not relation.required)
        for relation in table.relations
    ]
    return tuple(sorted(parameters, key=lambda one: bool(one.default)))


def _update_parameters(table: Table, imports: Imports) -> tuple[ParameterView, ...]:
    parameters = [
        _field_parameter(field, imports, optional=True) for field in settable_fields(table)
    ]
    return (
        *parameters,
        *(_link_parameter(relation, imports, optional=True) for relation in table.relations),
    )


def _field_parameter(field: Field, imports: Imports, *, optional: bool) -> ParameterView:
    name = identifier(field.key)
    annotation = given_annotation(field, imports)
    if not optional:
        return ParameterView(name, annotation, Code(""), name)
    return ParameterView(name, or_unset(annotation), Code("UNSET"), name)


def _link_parameter(relation: Relation, imports: Imports, *, optional: bool) -> ParameterView:
    name = identifier(relation.key)
    target = identifier(relation.target)
    if relation.many:
        imports.name("collections.abc", "Sequence")
        annotation = f"Sequence[{target} | str]"
    else:
        annotation = f"{target} | str" if relation.required else f"{target} | str | None"
    if not optional:
        return ParameterView(name, Code(annotation), Code(""), name)
    return ParameterView(name, or_unset(Code(annotation)), Code("UNSET"), name)


def _find_parameters(table: Table, imports: Imports) -> tuple[ParameterView, ...]:
    comparable = ("text", "integer", "number", "boolean", "date", "datetime", "duration", "enum")
    parameters = [
        _field_parameter(field, imports, optional=True)
        for field in table.fields
        if field.type.kind in comparable
    ]
    parameters += [
        _link_parameter(relation, imports, optional=True)
        for relation in table.relations
        if not relation.many
    ]
    return tuple(parameters)


def _create_doc(schema: Schema, table: Table) -> Code:
    first = f"Store a new {table.key} and return it."
    if table.lifecycle is not None:
        initial = schema.enum(table.lifecycle.enum).value(table.lifecycle.initial)
        first = f"Store a new {table.key} and return it. Its {table.lifecycle.field} is {initial.label}."
    return docstring(
        f"{first}\n\nRaises:\n    RecordInvalid: a value does not fit; nothing was stored.", " " * 8
    )


def _upsert_on(merged: list[str], unique: tuple[str, ...]) -> Code:
    """Return the parameter that names the fields to find a record by; empty where there are none."""
    if not merged:
        return Code("")
    default = f" = {literal(unique)}" if unique else ""
    keys = Bracketed.of("Literal[", [literal(key) for key in merged], "]")
    names = Bracketed.of("on: Sequence[", [keys], "]")
    if 8 + len(names) + len(default) < LINE_LENGTH:
        return Code(names + default)
    # Black gives a subscript of one part no comma.
    inner = laid_out(keys, 12)
    return Code(f"on: Sequence[\n{' ' * 12}{inner}\n{' ' * 8}]{default}")


def _upsert_doc(table: Table, unique: tuple[str, ...]) -> Code:
    text = f"Change the {table.key} whose fields in *on* have these values, or store a new one."
    if unique:
        text += f"\n\nUnless said otherwise it is found by {' and '.join(unique)}."
    return docstring(
        f"{text}\n\nRaises:\n    RecordInvalid: a value does not fit, or several records do.",
        " " * 8,
    )
