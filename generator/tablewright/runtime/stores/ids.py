"""Record ids of Airtable's form, so that rows can move between stores with their links."""

from __future__ import annotations

import secrets

from tablewright.expressions.record_ids import LENGTH, SIGNS, is_record_id

__all__ = ["is_record_id", "new_record_id"]


def new_record_id() -> str:
    """Return a new id: `rec` and 14 letters or digits, 83 random bits."""
    number = int.from_bytes(secrets.token_bytes(16))
    signs = []
    for _ in range(LENGTH):
        number, place = divmod(number, 62)
        signs.append(SIGNS[place])
    return "rec" + "".join(signs)
