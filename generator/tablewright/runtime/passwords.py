"""The passwords in the URLs of stores, for those who keep them out of texts."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import unquote, unquote_plus

_PLACES: Final = (
    re.compile(r"://[^:/@?]*:([^@]+)@"),
    re.compile(r"[?&](?:ssl)?password=([^&#]+)", re.IGNORECASE),
)
"""Where a URL holds one: before its host, or among its options."""


def passwords_in(urls: Iterable[str | None]) -> frozenset[str]:
    """Return the passwords that URLs hold, as they are written there and as they are meant."""
    return frozenset(
        form
        for url in urls
        for place in _PLACES
        for password in place.findall(url or "")
        for form in (password, unquote(password), unquote_plus(password))
    )
