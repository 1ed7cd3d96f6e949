"""What Airtable keeps beside the cells of a record: comments and the content of files."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tablewright.airtable import MAX_UPLOAD_BYTES, RECORDS_PER_PAGE
from tablewright.runtime.codec import Row
from tablewright.runtime.errors import Misfit, RecordInvalid, StoreUnavailable
from tablewright.runtime.spec import TableSpec
from tablewright.runtime.stores.airtable_client import AnswerLost, Json
from tablewright.runtime.stores.airtable_names import ID
from tablewright.runtime.stores.airtable_reading import Base
from tablewright.runtime.stores.base import Comment, Upload


def comments(base: Base, table: TableSpec, record_id: str) -> list[Comment]:
    """Return what people wrote about a record, oldest first."""
    what = f"read the comments on {table.key} {record_id}"
    place = base.client.table(base.cells(table).names.table)
    url = place.urls.record_comments(record_id)
    found: list[Json] = []
    offset: str | None = None
    while True:
        params: Json = {"pageSize": RECORDS_PER_PAGE, **({"offset": offset} if offset else {})}
        answer = base.client.ask(what, lambda params=params: base.client.api.get(url, params=params))  # type: ignore[misc]  # a default binds it
        found += answer["comments"]
        offset = answer.get("offset")
        if not offset:
            # Airtable tells whole seconds and lists the newest first.
            return sorted(map(_comment, reversed(found)), key=lambda one: one.at)


def add_comment(base: Base, table: TableSpec, record_id: str, text: str) -> Comment:
    """Write about a record. Where the answer is lost, the error says that it may be there."""
    what = f"comment on {table.key} {record_id}"
    place = base.client.table(base.cells(table).names.table)
    url = place.urls.record_comments(record_id)
    try:
        answer = base.client.ask(
            what, lambda: base.client.api.post(url, json={"text": text}), repeats=False
        )
    except AnswerLost as lost:
        raise StoreUnavailable(f"{what}: {lost}, so the comment may be there or not") from lost
    return _comment(answer)


def upload(base: Base, table: TableSpec, record_id: str, key: str, file: Upload) -> Row:
    """Add a file of up to 5 MB to an attachment field. Where the answer is lost, the error says so.

    Raises:
        RecordInvalid: the file is larger; nothing was sent.
    """
    if len(file.content) > MAX_UPLOAD_BYTES:
        size = f"{len(file.content) / 2**20:.1f}"
        said = f"takes uploads of up to 5 MB, and {file.filename} has {size}: give Airtable an address to fetch it from"
        raise RecordInvalid(f"{table.key} {record_id}", [Misfit(key, said, has_given=False)])
    cells = base.cells(table)
    client = base.client
    what = f"upload {file.filename} to {table.key} {record_id}"
    field = cells.names.fields[key]
    url = client.table(cells.names.table).urls.upload_attachment(record_id, field)
    if client.is_elsewhere:
        # pyairtable knows the service's own host for files alone.
        url = client.api.build_url(client.base_id, record_id, field, "uploadAttachment")
    body = {
        "contentType": file.content_type,
        "filename": file.filename,
        "file": base64.b64encode(file.content).decode("ascii"),
    }
    try:
        answer = client.ask(what, lambda: client.api.post(url, json=body), repeats=False)
    except AnswerLost as lost:
        raise StoreUnavailable(
            f"{what}: {lost}, so the file may be there or not. Call refresh() to see"
        ) from lost
    (held,) = answer["fields"].values()
    return cells.part({**answer, "fields": {field: held}}, [key])


def _comment(answer: Mapping[str, Any]) -> Comment:
    author: Mapping[str, Any] = answer.get("author") or {}
    return Comment(
        str(answer[ID]),
        str(answer["text"]),
        str(author.get("name") or author.get("email") or author.get(ID, "")),
        datetime.fromisoformat(str(answer["createdTime"])),
    )
