"""Comments of records, with their mentions."""

import re

from tablewright.airtable import RECORDS_PER_PAGE
from tablewright.server import clock, errors
from tablewright.server.ids import is_id, new_id
from tablewright.server.jsontext import Json, JsonObject
from tablewright.server.rows import Row
from tablewright.server.workspace import Workspace

_MENTION = re.compile(r"@\[(usr[0-9A-Za-z]{14})\]")


class Comments:
    """The comments of one workspace. Their only author is the token's owner."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def page(self, row: Row, page_size: int, offset: str | None) -> JsonObject:
        """One page, newest first (unconfirmed); *offset* is the id of its first comment."""
        newest_first = self._workspace.storage.comments(row.id)[::-1]
        start = 0
        if offset is not None:
            ids = [comment["id"] for comment in newest_first]
            if offset not in ids:
                raise errors.dead_iterator()
            start = ids.index(offset)
        rest = newest_first[start + page_size :]
        return {
            "comments": newest_first[start : start + page_size],
            "offset": rest[0]["id"] if rest else None,
        }

    def add(self, row: Row, body: JsonObject) -> JsonObject:
        """A new comment."""
        comment: JsonObject = {
            "id": new_id("com"),
            "author": self._workspace.owner.shown(),
            "text": _text(body),
            "createdTime": clock.whole_second(self._workspace.now()),
            "lastUpdatedTime": None,
        }
        parent = body.get("parentCommentId")
        if parent is not None:
            self._find(row, parent)
            comment["parentCommentId"] = parent
        comment |= {
            "mentioned": self._mentioned(comment["text"]),
            "reactions": [],
            "attachments": [],
        }
        self._save(row, comment)
        counts = self._workspace.comment_counts
        counts[row.id] = counts.get(row.id, 0) + 1
        return comment

    def edit(self, row: Row, comment_id: str, body: JsonObject) -> JsonObject:
        """The comment with another text; its mentions are found anew."""
        comment = self._find(row, comment_id)
        comment["text"] = _text(body)
        comment["lastUpdatedTime"] = clock.whole_second(self._workspace.now())
        comment["mentioned"] = self._mentioned(comment["text"])
        self._save(row, comment)
        return comment

    def delete(self, row: Row, comment_id: str) -> JsonObject:
        """Remove the comment."""
        self._find(row, comment_id)
        storage = self._workspace.storage
        with storage.transaction():
            storage.delete_comment(comment_id)
        self._workspace.comment_counts[row.id] -= 1
        return {"id": comment_id, "deleted": True}

    def _find(self, row: Row, comment_id: Json) -> JsonObject:
        if not is_id(comment_id, "com"):
            raise errors.route_not_found()
        for comment in self._workspace.storage.comments(row.id):
            if comment["id"] == comment_id:
                return comment
        raise errors.object_not_found("Comment")

    def _save(self, row: Row, comment: JsonObject) -> None:
        storage = self._workspace.storage
        with storage.transaction():
            storage.save_comment(row.id, comment)

    def _mentioned(self, text: str) -> JsonObject:
        mentioned = {}
        for user_id in _MENTION.findall(text):
            user = self._workspace.users.get(user_id)
            if user is not None:
                mentioned[user.id] = {
                    "id": user.id,
                    "type": "user",
                    "email": user.email,
                    "displayName": user.name,
                }
        return mentioned


def _text(body: JsonObject) -> str:
    text = body.get("text")
    if not isinstance(text, str) or not text:
        raise errors.invalid_request()
    return text


def page_size(given: int | None) -> int:
    """At most a hundred comments a page."""
    if given is None:
        return RECORDS_PER_PAGE
    if not 0 < given <= RECORDS_PER_PAGE:
        raise errors.invalid_request()
    return given
