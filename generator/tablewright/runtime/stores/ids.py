"""Record ids of Airtable's form, so that rows can move between stores with their links."""

from __future__ import annotations

import re
import secrets
from typing import Final

_SIGNS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_LENGTH: Final = 14
_FORM: Final = re.compile(rf"rec[{_SIGNS}]{{{_LENGTH}}}")


def new_record_id() -> str:
    """Return a new id: `rec` and 14 letters or digits, 83 random bits."""
    number = int.from_bytes(secrets.token_bytes(16))
    signs = []
    for _ in range(_LENGTH):
        number, place = divmod(number, 62)
        signs.append(_SIGNS[place])
    return "rec" + "".join(signs)


def is_record_id(text: str) -> bool:
    """Tell whether *text* can be the id of a record, in any store."""
    return _FORM.fullmatch(text) is not None
