"""What a client writes into a cell → what the record holds, for every field type, or Airtable's refusal."""

import math
import re
from collections.abc import Callable, Iterable
from typing import Final, Protocol

from tablewright.airtable import (
    MAX_CHOICES,
    MAX_LINKED_RECORDS,
    MAX_SELECTED_CHOICES,
    MAX_TEXT_LENGTH,
)
from tablewright.server import dates, errors, typecast
from tablewright.server.choices import add_choice
from tablewright.server.following import followed
from tablewright.server.formula import to_text
from tablewright.server.ids import is_id, new_id
from tablewright.server.jsontext import Json, JsonObject
from tablewright.server.schema import Field, Table, User
from tablewright.server.transaction import Transaction

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_BULLET = re.compile(r"(?m)^(\s*)[*+] ")
BIGGEST_WHOLE: Final = 2**53
"""Beyond it a double does not hold every whole number."""


class Linker(Protocol):
    """Finds, and with `typecast` makes, the record that a text names in a link cell."""

    def record_named(self, table: Table, text: str) -> str: ...


class AttachmentKeeper(Protocol):
    """Takes the attachments that a client names by URL or by id."""

    def from_url(self, url: str, filename: str | None) -> JsonObject | None: ...

    def of_id(self, attachment_id: str) -> JsonObject | None: ...


class CellReader:
    """Reads the cells of one request. Blank values come out as None; the refusals are `ApiError`s."""

    def __init__(
        self,
        transaction: Transaction,
        table: Table,
        *,
        typecast: bool,
        linker: Linker,
        attachments: AttachmentKeeper,
    ) -> None:
        self.transaction = transaction
        self.table = table
        self.typecast = typecast
        self.linker = linker
        self.attachments = attachments

    def read_fields(self, fields: JsonObject) -> dict[str, Json]:
        """The cells of one record by field id; keys are names or ids, mixed freely."""
        cells: dict[str, Json] = {}
        keys, typecast = self.table.keys, self.typecast
        for key, value in fields.items():
            field = keys.get(key)
            if field is None:
                raise errors.unknown_field(key)
            read = _READERS.get(field.type)
            if read is None:
                raise errors.computed_field(field.name)
            if value is not None:
                if typecast:
                    value = self._converted(field, value)
                if value is not None:
                    value = read(self, field, value)
            cells[field.id] = value
        return cells

    def _converted(self, field: Field, value: Json) -> Json:
        try:
            return typecast.convert(field, value)
        except typecast.UnreadableError:
            raise errors.unparsable_value(field.name, str(value)) from None


class CellsAsRead(CellReader):
    """Takes the cells of a body that `plain_bodies` has read."""

    def read_fields(self, fields: JsonObject) -> dict[str, Json]:
        return fields


_ReadValue = Callable[[CellReader, Field, Json], Json]
"""Reads a value that is not null."""


def _text(_: object, field: Field, value: Json) -> Json:
    if not isinstance(value, str) or len(value) > MAX_TEXT_LENGTH:
        raise errors.unacceptable_value(field.name)
    return value or None


def _rich_text(_: object, field: Field, value: Json) -> Json:
    text = _text(_, field, value)
    if not text:
        return None
    # Airtable writes bullets as hyphens and ends the text with a line break (observed).
    return _BULLET.sub(r"\1- ", text).rstrip("\n") + "\n"


def plain_number(value: float) -> float:
    """*value* as JSON prints a double: whole numbers without a fraction."""
    if isinstance(value, int):
        return value if -BIGGEST_WHOLE <= value <= BIGGEST_WHOLE else float(value)
    return int(value) if value.is_integer() and abs(value) < BIGGEST_WHOLE else value


def _number(_: object, field: Field, value: Json) -> Json:
    if type(value) is int and -BIGGEST_WHOLE <= value <= BIGGEST_WHOLE:
        return value
    if type(value) is float and value % 1 > 0:
        return value
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise errors.unacceptable_value(field.name)
    try:
        number = plain_number(value)
    except OverflowError:
        raise errors.unacceptable_value(field.name) from None
    if isinstance(number, float) and not math.isfinite(number):
        raise errors.unacceptable_value(field.name)
    return number


def _rating(_: object, field: Field, value: Json) -> Json:
    stars = _number(_, field, value)
    most = (field.options or {}).get("max") or 5
    if not isinstance(stars, int) or not 1 <= stars <= most:
        raise errors.unacceptable_value(field.name)
    return stars


def _checkbox(_: object, field: Field, value: Json) -> Json:
    if not isinstance(value, bool):
        raise errors.unacceptable_value(field.name)
    return value or None


def _date(_: object, field: Field, value: Json) -> Json:
    if not isinstance(value, str):
        raise errors.unacceptable_value(field.name)
    if not value:
        return None
    day = dates.iso_date(value)
    if day is not None:
        return day.isoformat()
    # A whole timestamp is understood and refused (observed in 2026); other text is not understood.
    if dates.instant(value, dates.field_zone(field)) is not None:
        raise errors.unacceptable_value(field.name)
    raise errors.unparsable_date(field.name, value)


def _date_time(_: object, field: Field, value: Json) -> Json:
    if isinstance(value, str):
        if not value:
            return None
        if dates.is_cell_form(value):
            return value
        moment = dates.instant(value, dates.field_zone(field))
        if moment is None:
            raise errors.unparsable_date(field.name, value)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        moment = dates.instant_of_milliseconds(value)
        if moment is None:
            raise errors.unacceptable_value(field.name)
    else:
        raise errors.unacceptable_value(field.name)
    return dates.cell(moment)


def _choice(reader: CellReader, field: Field, value: str) -> str:
    known = field.choice_names().get(value)
    if known is not None:
        return known
    if not reader.typecast or not value.strip():
        raise errors.unknown_choice(value)
    if len(field.choices) >= MAX_CHOICES:
        # How the service refuses one more is unconfirmed.
        raise errors.unacceptable_value(field.name)
    reader.transaction.alter(reader.table)
    with followed(reader.transaction, field):
        return add_choice(field, value)


def _single_select(reader: CellReader, field: Field, value: Json) -> Json:
    if not isinstance(value, str):
        raise errors.unparsable_value(field.name)
    if not value and reader.typecast:
        return None
    return _choice(reader, field, value)


def _multiple_selects(reader: CellReader, field: Field, value: Json) -> Json:
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise errors.unparsable_value(field.name)
    if len(value) > MAX_SELECTED_CHOICES:
        raise errors.unacceptable_value(field.name)
    return _distinct(_choice(reader, field, name) for name in value) or None


def _collaborator(reader: CellReader, field: Field, value: Json) -> JsonObject:
    if isinstance(value, str):
        value = {"id": value}
    if not isinstance(value, dict):
        raise errors.unparsable_value(field.name)
    users = reader.transaction.workspace.users
    user_id, email = value.get("id"), value.get("email")
    known: User | None = None
    if isinstance(user_id, str) and is_id(user_id, "usr"):
        known = users.get(user_id)
        address = email if isinstance(email, str) and email else f"{user_id}@local.invalid"
        new = User(user_id, address, user_id)
    elif isinstance(email, str) and _EMAIL.fullmatch(email):
        known = reader.transaction.workspace.user_of_email(email)
        new = User(new_id("usr"), email, email.partition("@")[0])
    else:
        raise errors.unacceptable_value(field.name)
    if known is None:
        # Nobody can be invited to a local base, so naming somebody invites them. The real service refuses.
        known = new
        reader.transaction.add_user(known)
    return known.shown()


def _collaborators(reader: CellReader, field: Field, value: Json) -> Json:
    if not isinstance(value, list):
        raise errors.unacceptable_value(field.name)
    named = {}
    for item in value:
        user = _collaborator(reader, field, item)
        named[user["id"]] = user
    return list(named.values()) or None


def _attachments(reader: CellReader, field: Field, value: Json) -> Json:
    if not isinstance(value, list):
        raise errors.unacceptable_value(field.name)
    kept = []
    for item in value:
        if not isinstance(item, dict):
            raise errors.unacceptable_value(field.name)
        url, filename = item.get("url"), item.get("filename")
        found = reader.attachments.of_id(item["id"]) if is_id(item.get("id"), "att") else None
        if found is None and isinstance(url, str):
            found = reader.attachments.from_url(
                url, filename if isinstance(filename, str) else None
            )
        if found is None:
            raise errors.unacceptable_value(field.name)
        kept.append({**found, "filename": filename} if isinstance(filename, str) else found)
    return kept or None


def _links(reader: CellReader, field: Field, value: Json) -> Json:
    if not isinstance(value, list):
        raise errors.not_an_array_of_ids()
    if len(value) > MAX_LINKED_RECORDS:
        raise errors.unacceptable_value(field.name)
    workspace, base = reader.transaction.workspace, reader.transaction.base
    target = workspace.linked_table(base, field)
    if target is None:
        raise errors.unacceptable_value(field.name)
    known = workspace.rows(target).by_id
    ids = []
    for item in value:
        if isinstance(item, str) and item in known:
            ids.append(item)
        elif is_id(item, "rec"):
            elsewhere = workspace.find_record(base, item)
            if elsewhere is None:
                raise errors.row_does_not_exist(item)
            raise errors.row_of_another_table(item, elsewhere[0].id, target.id)
        elif reader.typecast and isinstance(item, str):
            ids.append(reader.linker.record_named(target, item))
        else:
            shown = item if isinstance(item, str) else _javascript_text(item)
            raise errors.not_a_record_id(shown)
    # That an id given twice counts once is unconfirmed; refusing it would be the other choice.
    return _distinct(ids) or None


def _barcode(_: object, field: Field, value: Json) -> Json:
    if not isinstance(value, dict) or not isinstance(value.get("text"), str):
        raise errors.unacceptable_value(field.name)
    kind = value.get("type")
    if kind is not None and not isinstance(kind, str):
        raise errors.unacceptable_value(field.name)
    if not value["text"]:
        return None
    return {"text": value["text"]} if kind is None else {"text": value["text"], "type": kind}


def _distinct(items: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(items))


def _javascript_text(value: Json) -> str:
    """*value* as the service's own language prints it into a message."""
    if isinstance(value, dict):
        return "[object Object]"
    if isinstance(value, list):
        return ",".join("" if item is None else _javascript_text(item) for item in value)
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else to_text(value)


PLAIN_READERS: Final[dict[str, Callable[[object, Field, Json], Json]]] = {
    "singleLineText": _text,
    "multilineText": _text,
    "richText": _rich_text,
    "email": _text,
    "url": _text,
    "phoneNumber": _text,
    "number": _number,
    "percent": _number,
    "currency": _number,
    "duration": _number,
    "rating": _rating,
    "checkbox": _checkbox,
    "date": _date,
    "dateTime": _date_time,
}
"""Readers that look at nothing but the field and the value, which is not null and of any JSON type."""

_READERS: Final[dict[str, _ReadValue]] = {
    **PLAIN_READERS,
    "singleSelect": _single_select,
    "multipleSelects": _multiple_selects,
    "singleCollaborator": _collaborator,
    "multipleCollaborators": _collaborators,
    "multipleAttachments": _attachments,
    "multipleRecordLinks": _links,
    "barcode": _barcode,
}
