"""Attachments: taken by URL or upload, kept in the data file, and served back by the server."""

import base64
import binascii
import logging
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import PurePosixPath
from threading import Thread
from typing import Final, Protocol
from urllib.parse import quote, unquote, urlsplit

from tablewright.airtable import MAX_UPLOAD_BYTES
from tablewright.server import errors
from tablewright.server.ids import new_id
from tablewright.server.jsontext import Json, JsonObject
from tablewright.server.rows import Row
from tablewright.server.schema import Base, Field, Table
from tablewright.server.storage import DataFileError
from tablewright.server.workspace import Workspace

MAX_FETCH_BYTES: Final = 50 * 1024 * 1024
"""Above it a URL is recorded and not fetched; the service takes up to 1 GB."""
FETCH_SECONDS: Final = 10.0
MAX_REDIRECTS: Final = 3
ROUTE: Final = "/attachments"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FetchJob:
    """A file to fetch for an attachment given by URL."""

    base_id: str
    attachment_id: str
    url: str


class RequestAttachments:
    """The attachments that one request names."""

    def __init__(self, workspace: Workspace, base: Base) -> None:
        self._workspace = workspace
        self._base = base
        self.to_fetch: list[FetchJob] = []

    def from_url(self, url: str, filename: str | None) -> JsonObject | None:
        """A new attachment, to be fetched after the commit; until then it has no size and no type. None for what is
        no address on the web."""
        if not _is_web_address(url):
            return None
        attachment_id = new_id("att")
        self.to_fetch.append(FetchJob(self._base.id, attachment_id, url))
        return {"id": attachment_id, "url": url, "filename": filename or _name_in_url(url)}

    def of_id(self, attachment_id: str) -> JsonObject | None:
        """The attachment with this id, wherever in the base it hangs."""
        for row, field in _cells_with_attachments(self._workspace, self._base):
            for item in row.cells[field.id]:
                if item["id"] == attachment_id:
                    return dict(item)
        return None


def _is_web_address(url: str) -> bool:
    if not url.startswith(("http://", "https://")):
        return False
    try:
        return bool(urlsplit(url).netloc)
    except ValueError:
        return False


def _name_in_url(url: str) -> str:
    return PurePosixPath(unquote(urlsplit(url).path)).name or "a.bin"


def _cells_with_attachments(workspace: Workspace, base: Base) -> Iterator[tuple[Row, Field]]:
    for table in base.tables.values():
        fields = [f for f in table.fields.values() if f.type == "multipleAttachments"]
        if fields:
            for row in workspace.rows(table):
                yield from ((row, field) for field in fields if row.cells.get(field.id))


def shown(item: JsonObject, server_url: str) -> JsonObject:
    """An attachment as the API shows it: what the server holds is served by it."""
    found = {"id": item["id"], "url": item["url"], "filename": item["filename"]}
    if item.get("held"):
        found["url"] = f"{server_url}{ROUTE}/{item['id']}/{quote(item['filename'], safe='')}"
        found["size"] = item["size"]
        found["type"] = item["type"]
    return found


@dataclass(frozen=True, slots=True)
class Upload:
    """A file sent in the body of a request."""

    filename: str
    content_type: str
    content: bytes

    @classmethod
    def of_body(cls, body: JsonObject) -> "Upload":
        """The upload of `{"contentType", "file", "filename"}`. Line breaks inside the base64 text are fine."""
        kind, text, filename = body.get("contentType"), body.get("file"), body.get("filename")
        if not (isinstance(kind, str) and isinstance(text, str) and isinstance(filename, str)):
            raise errors.invalid_request()
        if not filename:
            raise errors.invalid_request()
        try:
            content = base64.b64decode("".join(text.split()), validate=True)
        except (binascii.Error, ValueError):
            raise errors.invalid_request() from None
        if len(content) > MAX_UPLOAD_BYTES:
            raise errors.too_large()
        return cls(filename, kind, content)

    def cell_item(self) -> JsonObject:
        """What the cell holds for it."""
        return {
            "id": new_id("att"),
            "url": "",
            "filename": self.filename,
            "size": len(self.content),
            "type": self.content_type,
            "held": True,
        }


def attachment_field(table: Table, key: str) -> Field:
    """The attachment field with this id or name."""
    field = table.find_field(key)
    if field is None:
        raise errors.unknown_field(key)
    if field.type != "multipleAttachments":
        raise errors.unacceptable_value(field.name)
    return field


class Deliver(Protocol):
    """Takes a fetched file to the server's own thread."""

    def __call__(self, job: FetchJob, content_type: str, content: bytes) -> None: ...


class _FewRedirects(urllib.request.HTTPRedirectHandler):
    max_redirections = MAX_REDIRECTS


def fetch_in_background(jobs: list[FetchJob], deliver: Deliver) -> None:
    """Fetch each file and deliver it. What cannot be fetched stays recorded as given."""
    # A daemon: a slow host must not hold up the end of the process.
    Thread(target=_fetch_all, args=(jobs, deliver), daemon=True).start()


def _fetch_all(jobs: list[FetchJob], deliver: Deliver) -> None:
    opener = urllib.request.build_opener(_FewRedirects)
    for job in jobs:
        try:
            with opener.open(job.url, timeout=FETCH_SECONDS) as answer:
                content = answer.read(MAX_FETCH_BYTES + 1)
                content_type = answer.headers.get_content_type()
        except (OSError, ValueError, HTTPException):
            continue
        if len(content) <= MAX_FETCH_BYTES:
            deliver(job, content_type, content)


def keep_fetched(workspace: Workspace, job: FetchJob, content_type: str, content: bytes) -> None:
    """Store a fetched file and note its size and type in the cells that hold the attachment."""
    base = workspace.bases.get(job.base_id)
    if base is None:
        return
    facts = {"size": len(content), "type": content_type, "held": True}
    changed: dict[str, Row] = {}
    before: list[tuple[Row, Field, list[Json]]] = []
    for row, field in _cells_with_attachments(workspace, base):
        items: list[Json] = row.cells[field.id]
        if any(item["id"] == job.attachment_id for item in items):
            before.append((row, field, items))
            row.cells[field.id] = [
                {**item, **facts} if item["id"] == job.attachment_id else item for item in items
            ]
            changed[row.id] = row
    if not changed:
        return
    storage = workspace.storage
    try:
        with storage.transaction():
            storage.save_attachment(job.base_id, job.attachment_id, content_type, content)
            storage.update_rows(changed.values())
    except DataFileError as error:
        for row, field, items in before:
            row.cells[field.id] = items
        _log.error("%s is kept by its address alone: %s", job.attachment_id, error)
        return
    for row in changed.values():
        row.forget()
    base.version += 1
