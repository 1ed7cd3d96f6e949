"""Cells that stand in a record → what formulas read in them."""

from collections.abc import Callable
from datetime import UTC, datetime

from tablewright.server.formula import Value
from tablewright.server.jsontext import Json
from tablewright.server.rich_text import plain_text

AS_STORED = frozenset(
    {
        "singleLineText",
        "multilineText",
        "email",
        "url",
        "phoneNumber",
        "number",
        "percent",
        "currency",
        "duration",
        "rating",
        "checkbox",
        "singleSelect",
        "externalSyncSource",
    }
)
"""Types whose cells a formula reads exactly as they are stored."""


def _names(users: list[dict[str, str]]) -> str:
    return ", ".join(user.get("name") or user["email"] for user in users)


READERS: dict[str, Callable[[Json], Value]] = {
    "richText": plain_text,
    "date": lambda text: datetime.fromisoformat(text).replace(tzinfo=UTC),
    "dateTime": datetime.fromisoformat,
    "multipleSelects": ", ".join,
    "singleCollaborator": lambda user: user.get("name") or user["email"],
    "multipleCollaborators": _names,
    "barcode": lambda code: code["text"],
    "button": lambda button: button.get("label"),
    "aiText": lambda answer: answer.get("value"),
}
"""How cells of the other types are read that stand by themselves."""
