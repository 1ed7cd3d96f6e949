"""A base schema as the real service returns it → a base of the local server, all ids kept."""

from collections.abc import Iterator
from pathlib import Path

from tablewright.airtable import FIELD_TYPES
from tablewright.server import clock
from tablewright.server.choices import default_color
from tablewright.server.ids import is_id, new_id
from tablewright.server.jsontext import Json, JsonObject, loads
from tablewright.server.option_kinds import option_problems
from tablewright.server.schema import Base, Table, grid_view
from tablewright.server.transaction import Transaction
from tablewright.server.workspace import Workspace

_UNDOCUMENTED_TYPES = frozenset({"manualSort"})
"""Internal field types that a base schema may show; the server leaves them out."""
_SHOWN_PROBLEMS = 5
_EXPECTED = "save the whole answer of GET /v0/meta/bases/{id}/tables"


class SchemaFileError(ValueError):
    """A schema that cannot be opened; the message says where it is wrong and what is expected."""


def read_schema(path: Path) -> JsonObject:
    """The JSON object in a file.

    Raises:
        SchemaFileError: not readable, or not a JSON object.
    """
    try:
        document = loads(path.read_bytes())
    except OSError as error:
        raise SchemaFileError(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise SchemaFileError(f"{path} is not JSON ({error}): {_EXPECTED}") from error
    if not isinstance(document, dict):
        raise SchemaFileError(f"{path} holds no JSON object: {_EXPECTED}")
    return document


def open_schema(workspace: Workspace, document: JsonObject, name: str) -> Base:
    """The base of what `GET /v0/meta/bases/{id}/tables` answers, with or without `id` and `name` of the base.

    A base that is there already under the same id is taken as it is, so a server can be started again with the
    same file. Without an id the base with the same tables is taken, else a new id is given.

    Raises:
        SchemaFileError: something in it is not a table, a field or an id.
    """
    problems = list(_problems(document))
    if problems:
        more = len(problems) - _SHOWN_PROBLEMS
        told = [*problems[:_SHOWN_PROBLEMS], *([f"and {more} more like these"] if more > 0 else [])]
        raise SchemaFileError("; ".join(told))
    given_id = document.get("id")
    known = workspace.bases.get(given_id) if given_id else _base_with_tables(workspace, document)
    if known is not None:
        return known
    base = Base(
        given_id or new_id("app"),
        document.get("name") or name,
        workspace.workspace_id,
        clock.whole_second(workspace.now()),
    )
    with Transaction(workspace, base) as transaction:
        transaction.add_base()
        for given in document["tables"]:
            transaction.add_table(_table(given))
    return base


def _base_with_tables(workspace: Workspace, document: JsonObject) -> Base | None:
    ids = {table["id"] for table in document["tables"]}
    return next((base for base in workspace.bases.values() if ids <= set(base.tables)), None)


def _problems(document: JsonObject) -> Iterator[str]:
    tables = document.get("tables")
    if not isinstance(tables, list):
        yield f"it has no list 'tables': {_EXPECTED}"
        return
    if document.get("id") is not None and not is_id(document["id"], "app"):
        yield f"id {document['id']!r} is not the id of a base (app and 14 letters or digits)"
    if not isinstance(document.get("name", ""), (str, type(None))):
        yield f"name {document['name']!r} is not a text"
    seen: set[str] = set()
    for place, table in enumerate(tables):
        yield from _table_problems(f"tables[{place}]", table, seen)


def _table_problems(here: str, table: Json, seen: set[str]) -> Iterator[str]:
    if not isinstance(table, dict) or not isinstance(table.get("fields"), list):
        yield f"{here} is not a table with a list 'fields'"
        return
    yield from _thing_problems(here, table, "tbl", seen)
    if not isinstance(table.get("views"), (list, type(None))):
        yield f"{here}.views is not a list"
    for place, field in enumerate(table["fields"]):
        inside = f"{here}.fields[{place}]"
        if not isinstance(field, dict):
            yield f"{inside} is not a field"
            continue
        yield from _thing_problems(inside, field, "fld", seen)
        if field.get("type") not in (*FIELD_TYPES, *_UNDOCUMENTED_TYPES):
            yield f"{inside}.type {field.get('type')!r} is not a field type of the Web API"
        yield from option_problems(f"{inside}.options", field.get("options"))
    ids = [field["id"] for field in table["fields"] if isinstance(field, dict) and "id" in field]
    if table.get("primaryFieldId") not in ids:
        yield f"{here}.primaryFieldId {table.get('primaryFieldId')!r} is not one of its fields"


def _thing_problems(here: str, thing: JsonObject, prefix: str, seen: set[str]) -> Iterator[str]:
    if not is_id(thing.get("id"), prefix):
        yield f"{here}.id {thing.get('id')!r} is not an id starting with {prefix}"
    elif thing["id"] in seen:
        yield f"{here}.id {thing['id']} is used twice"
    else:
        seen.add(thing["id"])
    if not isinstance(thing.get("name"), str) or not thing["name"]:
        yield f"{here}.name is missing"


def _table(given: JsonObject) -> Table:
    fields = [
        _field(field) for field in given["fields"] if field["type"] not in _UNDOCUMENTED_TYPES
    ]
    # The service lists fields in the order of a view; the primary one comes first here.
    fields.sort(key=lambda field: bool(field["id"] != given["primaryFieldId"]))
    views = [view for view in given.get("views") or [] if isinstance(view, dict) and "id" in view]
    ids = [field["id"] for field in fields]
    return Table.from_stored(
        {
            **given,
            "fields": fields,
            "views": [_view(view) for view in views] or [grid_view(new_id("viw"), ids)],
        }
    )


def _view(given: JsonObject) -> JsonObject:
    return {"id": given["id"], "name": given.get("name", ""), "type": given.get("type", "grid")} | {
        key: given[key] for key in ("visibleFieldIds",) if key in given
    }


def _field(given: JsonObject) -> JsonObject:
    options = given.get("options")
    if given["type"] in ("singleSelect", "multipleSelects", "externalSyncSource"):
        choices = (options or {}).get("choices") or []
        options = {
            **(options or {}),
            "choices": [
                {
                    "id": choice.get("id") or new_id("sel"),
                    "name": choice["name"],
                    "color": choice.get("color") or default_color(place),
                }
                for place, choice in enumerate(choices)
            ],
        }
    return {**given, "options": options}
