"""`typecast: true`: text → cell values, best effort.

What is documented is that text is converted; which texts are understood is not. The rules here follow what
people write in spreadsheets: thousands separators, a currency sign, `12%`, `1:30`, `yes` (unconfirmed).
"""

import re

from tablewright.server import dates
from tablewright.server.formula import to_text
from tablewright.server.jsontext import Json
from tablewright.server.schema import Field

_NUMBER = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)(e[-+]?\d+)?", re.IGNORECASE)
_CLOCK = re.compile(r"(-?)(\d+):(\d{1,2})(?::(\d{1,2}(?:\.\d+)?))?")
_CHECKED = frozenset({"true", "checked", "yes", "y", "1", "x", "on", "enabled", "✓", "☑"})
_UNCHECKED = frozenset({"false", "unchecked", "no", "n", "0", "", "off", "disabled"})


class UnreadableError(Exception):
    """The value means nothing to this field."""


def convert(field: Field, value: Json) -> Json:
    """*value* in the kind that *field* takes; unchanged when it is of that kind already.

    Raises:
        UnreadableError: a text that cannot be read.
    """
    kind = field.type
    if kind in _TEXT_TYPES and isinstance(value, (int, float)):
        return _text_of_number(value)
    if kind == "checkbox" and isinstance(value, (int, float)):
        return bool(value)
    if kind in ("multipleSelects", "multipleRecordLinks"):
        return _parts(value) if isinstance(value, str) else value
    if kind == "barcode" and isinstance(value, str):
        return {"text": value}
    if kind in ("singleSelect",) and isinstance(value, (int, float)):
        return _text_of_number(value)
    if kind == "singleCollaborator" and isinstance(value, str):
        return _collaborator(value)
    if kind == "multipleCollaborators" and isinstance(value, (str, list)):
        names = _parts(value) if isinstance(value, str) else value
        return [_collaborator(name) if isinstance(name, str) else name for name in names]
    if isinstance(value, str):
        return _from_text(field, value)
    return value


_TEXT_TYPES = frozenset(
    {"singleLineText", "multilineText", "richText", "email", "url", "phoneNumber"}
)


def _from_text(field: Field, text: str) -> Json:
    kind = field.type
    if kind in ("number", "currency", "percent", "rating", "duration"):
        if not text.strip():
            return None
        if kind == "duration" and (found := _CLOCK.fullmatch(text.strip())):
            return _seconds(field, found)
        return _number(field, text)
    if kind == "checkbox":
        word = text.strip().lower()
        if word in _CHECKED:
            return True
        if word in _UNCHECKED:
            return False
        raise UnreadableError
    if kind == "date":
        if not text.strip():
            return None
        day = dates.guessed_date(text, field)
        if day is None:
            raise UnreadableError
        return day.isoformat()
    if kind == "dateTime":
        if not text.strip():
            return None
        moment = dates.guessed_instant(text, field)
        if moment is None:
            raise UnreadableError
        return dates.cell(moment)
    return text


def _number(field: Field, text: str) -> float:
    bare = text.strip().replace(",", "").replace("\u00a0", "").replace(" ", "")
    symbol = field.option("symbol")
    if symbol:
        bare = bare.replace(symbol, "")
    bare = bare.lstrip("$€£¥")
    is_share = bare.endswith("%")
    if is_share:
        bare = bare[:-1]
    if _NUMBER.fullmatch(bare) is None:
        raise UnreadableError
    number = float(bare)
    return number / 100 if is_share else number


def _seconds(field: Field, found: re.Match[str]) -> float:
    sign, first, second, third = found.groups()
    if third is None and field.option("durationFormat") != "h:mm":
        total = int(first) * 60.0 + int(second)
    else:
        total = int(first) * 3600.0 + int(second) * 60.0 + float(third or 0)
    return -total if sign else total


def _text_of_number(value: float) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return to_text(value)


def _parts(text: str) -> list[str]:
    """Comma-separated names; a name that holds a comma stands in double quotes."""
    found = re.findall(r'\s*(?:"((?:[^"]|"")*)"|([^,]*))\s*(?:,|$)', text)
    names = [quoted.replace('""', '"') if quoted else plain.strip() for quoted, plain in found]
    return [name for name in names if name]


def _collaborator(name: str) -> dict[str, str]:
    return {"id": name} if name.startswith("usr") else {"email": name}
