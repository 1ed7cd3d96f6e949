"""The record end points: list, get, create, update, upsert, delete, comments, uploads."""

import random
from typing import NamedTuple

from tablewright.airtable import RECORDS_PER_WRITE
from tablewright.server import attachments, comments, errors, records
from tablewright.server.cells import CellReader, CellsAsRead
from tablewright.server.compiled import Compiled
from tablewright.server.computed import Calculator
from tablewright.server.ids import is_id
from tablewright.server.jsontext import Json, JsonObject, dumps
from tablewright.server.listing import Iterators, selected
from tablewright.server.named_records import NamedRecords
from tablewright.server.params import (
    ListRequest,
    Query,
    Shape,
    flag_of_body,
    list_request_of_body,
    list_request_of_query,
    record_shape,
    write_shape,
)
from tablewright.server.plain_bodies import PlainBodies
from tablewright.server.render import Layouts, Renderer
from tablewright.server.request import Answer, ApiRequest
from tablewright.server.rows import Row
from tablewright.server.schema import Base, Table
from tablewright.server.transaction import CommitListener, Transaction
from tablewright.server.workspace import Workspace


class _Written(NamedTuple):
    """The body of a write, and what its cells are to be read by."""

    body: JsonObject
    reading: type[CellReader]


class RecordApi:
    """Answers everything below `/v0/{base}`."""

    def __init__(
        self, workspace: Workspace, *, shuffle: random.Random | None, listener: CommitListener
    ) -> None:
        self._workspace = workspace
        self._shuffle = shuffle
        self._listener = listener
        self._compiled = Compiled()
        self._layouts = Layouts()
        self._plain_bodies = PlainBodies()
        self._iterators = Iterators()
        self._comments = comments.Comments(workspace)

    def answer(self, request: ApiRequest, base: Base) -> Answer:
        """The answer to a request whose first segment named *base*."""
        method, parts = request.method, request.segments[1:]
        if len(parts) == 3 and parts[2] == "uploadAttachment" and method == "POST":
            return self._upload(request, base, parts[0], parts[1])
        if not parts or len(parts) > 4:
            raise errors.route_not_found()
        table = base.find_table(parts[0])
        if table is None:
            raise errors.model_not_found()
        match method, parts[1:]:
            case "GET", ():
                return self._list(base, table, list_request_of_query(request.query))
            case "POST", ("listRecords",):
                return self._list(base, table, list_request_of_body(request.json(), request.query))
            case "POST", ():
                return self._create(base, table, self._written(request, base, table))
            case ("PATCH" | "PUT"), ():
                written = self._written(request, base, table)
                return self._update_many(base, table, written, replace=method == "PUT")
            case "DELETE", ():
                return self._delete_many(base, table, request.query)
            case "GET", (record_id,):
                return self._get(base, table, record_id, record_shape(request.query))
            case ("PATCH" | "PUT"), (record_id,):
                row = self._row(table, record_id)
                written = self._written(request, base, table)
                return self._update_one(base, table, row, written, replace=method == "PUT")
            case "DELETE", (record_id,):
                row = self._row(table, record_id)
                with self._transaction(base) as transaction:
                    records.delete(transaction, [row])
                return Answer(dumps({"id": row.id, "deleted": True}))
            case _, (record_id, "comments", *rest):
                row = self._row(table, record_id)
                return Answer(dumps(self._comment(request, row, rest)))
        raise errors.route_not_found()

    def _transaction(self, base: Base) -> Transaction:
        return Transaction(self._workspace, base, listener=self._listener)

    def _row(self, table: Table, record_id: str) -> Row:
        if not is_id(record_id, "rec"):
            raise errors.route_not_found()
        row = self._workspace.rows(table).get(record_id)
        if row is None:
            raise errors.record_not_found()
        return row

    def _calculator(self, base: Base) -> Calculator:
        return Calculator(self._workspace, base, self._compiled)

    def _renderer(self, calculator: Calculator, table: Table, shape: Shape) -> Renderer:
        return Renderer(
            calculator,
            table,
            self._layouts.of(calculator.base, table, shape),
            attachment_view=self._attachment_view,
            comment_counts=self._workspace.comment_counts,
        )

    def _attachment_view(self, item: JsonObject) -> JsonObject:
        return attachments.shown(item, self._workspace.server_url)

    def _list(self, base: Base, table: Table, wanted: ListRequest) -> Answer:
        calculator = self._calculator(base)
        renderer = self._renderer(calculator, table, wanted.shape)
        rows = self._workspace.rows(table)
        if wanted.offset is not None:
            page, offset = self._iterators.next_page(
                table, rows.by_id, wanted.offset, wanted.page_size
            )
        else:
            found = selected(calculator, table, self._in_order(rows.by_id, wanted), wanted)
            page, offset = self._iterators.first_page(table, found, wanted.page_size)
        text = f'{{"records":{renderer.records(page)}'
        return Answer(text + ("}" if offset is None else f',"offset":"{offset}"}}'))

    def _in_order(self, rows: dict[str, Row], wanted: ListRequest) -> list[Row]:
        found = list(rows.values())
        if self._shuffle is not None and not wanted.sort and wanted.view is None:
            # The service promises no order here, and code that leans on one should fail in tests.
            self._shuffle.shuffle(found)
        return found

    def _get(self, base: Base, table: Table, record_id: str, shape: Shape) -> Answer:
        if not is_id(record_id, "rec"):
            raise errors.route_not_found()
        row = self._workspace.rows(table).get(record_id)
        if row is None:
            # A record of another table of the base is found all the same (documented in 2026).
            elsewhere = self._workspace.find_record(base, record_id)
            if elsewhere is None:
                raise errors.record_not_found()
            table, row = elsewhere
        return Answer(self._renderer(self._calculator(base), table, shape).record(row))

    def _written(self, request: ApiRequest, base: Base, table: Table) -> _Written:
        body = self._plain_bodies.read(base, table, request.body)
        return _Written(request.json(), CellReader) if body is None else _Written(body, CellsAsRead)

    def _reader(
        self, transaction: Transaction, table: Table, written: _Written
    ) -> tuple[CellReader, attachments.RequestAttachments]:
        kept = attachments.RequestAttachments(self._workspace, transaction.base)
        linker = NamedRecords(transaction, self._calculator, kept)
        reader = written.reading(
            transaction,
            table,
            typecast=flag_of_body(written.body, "typecast"),
            linker=linker,
            attachments=kept,
        )
        return reader, kept

    def _create(self, base: Base, table: Table, written: _Written) -> Answer:
        body = written.body
        entries = body.get("records")
        is_single = entries is None
        if is_single:
            if not isinstance(body.get("fields"), dict):
                raise errors.missing_fields()
            entries = [body]
        if not isinstance(entries, list) or not entries:
            raise errors.malformed_records()
        if len(entries) > RECORDS_PER_WRITE:
            raise errors.too_many_to_create(len(entries))
        shape = write_shape(body)
        with self._transaction(base) as transaction:
            reader, kept = self._reader(transaction, table, written)
            rows = records.create(reader, entries)
        renderer = self._renderer(self._calculator(base), table, shape)
        text = renderer.record(rows[0]) if is_single else f'{{"records":{renderer.records(rows)}}}'
        return Answer(text, to_fetch=kept.to_fetch)

    def _update_one(
        self, base: Base, table: Table, row: Row, written: _Written, *, replace: bool
    ) -> Answer:
        body = written.body
        fields = body.get("fields")
        if not isinstance(fields, dict):
            raise errors.missing_fields()
        shape = write_shape(body)
        with self._transaction(base) as transaction:
            reader, kept = self._reader(transaction, table, written)
            records.update(reader, [(row, fields)], replace=replace)
        renderer = self._renderer(self._calculator(base), table, shape)
        return Answer(renderer.record(row), to_fetch=kept.to_fetch)

    def _update_many(self, base: Base, table: Table, written: _Written, *, replace: bool) -> Answer:
        body = written.body
        if "records" not in body:
            raise errors.missing_fields()
        shape = write_shape(body)
        answer: JsonObject = {}
        with self._transaction(base) as transaction:
            reader, kept = self._reader(transaction, table, written)
            if "performUpsert" in body:
                merged = records.upsert(
                    reader, body["performUpsert"], body["records"], replace=replace
                )
                rows = merged.rows
                answer = {"createdRecords": merged.created, "updatedRecords": merged.updated}
            else:
                changes = records.batch_of_changes(transaction, table, body["records"])
                rows = records.update(reader, changes, replace=replace)
        renderer = self._renderer(self._calculator(base), table, shape)
        tail = f",{dumps(answer)[1:]}" if answer else "}"
        return Answer(f'{{"records":{renderer.records(rows)}{tail}', to_fetch=kept.to_fetch)

    def _delete_many(self, base: Base, table: Table, query: Query) -> Answer:
        given = query.texts("records")
        if not 0 < len(given) <= RECORDS_PER_WRITE or not all(is_id(key, "rec") for key in given):
            raise errors.malformed_records()
        ids = list(dict.fromkeys(given))
        with self._transaction(base) as transaction:
            rows = [records.existing(transaction, table, key) for key in ids]
            records.delete(transaction, rows)
        return Answer(dumps({"records": [{"id": key, "deleted": True} for key in ids]}))

    def _comment(self, request: ApiRequest, row: Row, rest: list[str]) -> Json:
        match request.method, rest:
            case "GET", []:
                size = comments.page_size(request.query.whole("pageSize"))
                return self._comments.page(row, size, request.query.text("offset"))
            case "POST", []:
                return self._comments.add(row, request.json())
            case "PATCH", [comment_id]:
                return self._comments.edit(row, comment_id, request.json())
            case "DELETE", [comment_id]:
                return self._comments.delete(row, comment_id)
        raise errors.route_not_found()

    def _upload(self, request: ApiRequest, base: Base, record_id: str, field_key: str) -> Answer:
        if not is_id(record_id, "rec"):
            raise errors.route_not_found()
        found = self._workspace.find_record(base, record_id)
        if found is None:
            raise errors.record_not_found()
        table, row = found
        field = attachments.attachment_field(table, field_key)
        upload = attachments.Upload.of_body(request.json())
        item = upload.cell_item()
        with self._transaction(base) as transaction:
            held = row.cells.get(field.id) or []
            transaction.change(row, field.id, [*held, item])
            transaction.attach(item["id"], upload.content_type, upload.content)
        shape = Shape(by_field_id=True, only=(field.id,))
        return Answer(self._renderer(self._calculator(base), table, shape).record(row))
