"""Names in SQL, which every database holds whole: one rule for tables, indexes, constraints, channels. A leaf."""

from __future__ import annotations

import hashlib
from typing import Final

MAX_NAME_BYTES: Final = 63
"""PostgreSQL cuts longer names without a word (NAMEDATALEN - 1), and refuses longer channels of NOTIFY."""
_DIGITS: Final = 8


def sql_name(*parts: str) -> str:
    """Return *parts* joined by `_`, in at most 63 bytes.

    A longer name ends in a digest of the whole, so that two that begin alike stay two. That is so on every database:
    the tables of a SQLite file and of a PostgreSQL server are called the same.
    """
    name = "_".join(parts).encode()
    if len(name) <= MAX_NAME_BYTES:
        return name.decode()
    digest = hashlib.sha256(name).hexdigest()[:_DIGITS]
    return f"{name[: MAX_NAME_BYTES - _DIGITS - 1].decode(errors='ignore')}_{digest}"
