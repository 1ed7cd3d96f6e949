"""Tables → `models.py`: the record classes with every method written out."""

from __future__ import annotations

from dataclasses import dataclass

from tablewright.expressions.python import python_source
from tablewright.kinds import Kind
from tablewright.model.schema import Computed, Field, Relation, Schema, Table
from tablewright.targets.python.code import (
    Bracketed,
    Code,
    call,
    docstring,
    identifier,
    laid_out,
    literal,
)
from tablewright.targets.python.imports import Imports, export_order
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
from tablewright.targets.python.names import (
    is_split,
    parameter,
    record_module,
    spec_name,
    twin_name,
)
from tablewright.targets.python.parameters import (
    ParameterView,
    create_doc,
    create_parameters,
    find_parameters,
    update_parameters,
    upsert_doc,
    upsert_on,
)
from tablewright.targets.python.queue import QueueView, queue_view
from tablewright.targets.python.relations import (
    AddView,
    InverseView,
    LinkView,
    add_view,
    inverse_view,
    link_view,
    linked_tables,
)
from tablewright.targets.python.types import (
    constraints,
    default_code,
    field_line,
    stored_annotation,
    value_annotation,
)


@dataclass(frozen=True, slots=True)
class FieldView:
    line: Code
    doc: Code


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
    aio: Code
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
    upsert_by: Code
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
    keys = sorted((table.key for table in schema.tables), key=export_order)
    exported = [literal(key) for key in keys]
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
        ["AirtableModel", "TableSpec", "given", "UNSET", "Unset", "columns_of", "twin_of"],
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
    typing_imports.name(".aio", twin_name(table))
    bases = "AirtableModel"
    if table.mixin:
        module, _, name = table.mixin.partition(":")
        bases = f"{imports.name(module, name)}, AirtableModel"
    if table.lifecycle is not None and table.lifecycle.transitions:
        imports.name(".", "lifecycle")
    for other in linked_tables(schema, table) if is_split(schema) else ():
        typing_imports.name(f".{record_module(schema, other)}", other)
    create = create_parameters(table, imports)
    merged = [field.key for field in settable_fields(table) if field.kind.can_be_unique]
    unique = tuple(field.key for field in table.fields if field.unique)
    by = identifier(parameter("on", [one.name for one in create]))
    if merged:
        imports.name("typing", "Literal")
        imports.name("collections.abc", "Sequence")
    return RecordView(
        name=identifier(table.key),
        bases=Code(bases),
        doc=docstring(table.description or f"One {table.key}.", "    "),
        columns=_columns(f"{table.key}Columns"),
        aio=_aio(twin_name(table)),
        spec=_spec(table, imports),
        fields=tuple(_field_view(table, field, imports) for field in table.fields)
        + tuple(_id_view(relation, imports) for relation in table.relations),
        links=tuple(link_view(schema, relation, imports) for relation in table.relations),
        inverses=tuple(
            inverse_view(schema, relation) for relation in table.inverses if relation.inverse
        ),
        adds=tuple(
            add_view(schema, relation, relation.add, imports)
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
        create_doc=create_doc(schema, table),
        update=update_parameters(table, imports),
        upsert_by=by,
        upsert_on=upsert_on(merged, unique, by),
        upsert_doc=upsert_doc(table, unique, by),
        find=find_parameters(table, imports),
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


def _aio(name: str) -> Code:
    source = call("twin_of", [Code("__name__"), literal(name)], {})
    return laid_out(source, 4, lead=f"aio: ClassVar[type[{identifier(name)}]] = ")


def _spec(table: Table, imports: Imports) -> Code:
    # The alias is private, a name that no enum or table of a schema can have.
    name = spec_name(table.key)
    imports.name("._schema", f"{name} as _{name}")
    return Code(f"_{identifier(name)}")


# -- fields ---------------------------------------------------------------------------------------------------------


def _field_view(table: Table, field: Field, imports: Imports) -> FieldView:
    options = constraints(field.limits, imports)
    annotation = stored_annotation(field, imports)
    if field.kind.listed and not field.required:
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
