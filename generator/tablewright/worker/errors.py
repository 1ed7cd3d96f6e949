"""What a handler raises → its text, whatever kind of object it is, without the secrets that the worker knows."""

from __future__ import annotations

import os
import traceback
from collections.abc import Collection, Iterable
from types import TracebackType
from typing import Final

from tablewright.runtime.connection import LEASES, STORE, TOKEN
from tablewright.runtime.errors import NotConfigured
from tablewright.runtime.passwords import passwords_in
from tablewright.runtime.settings import settings
from tablewright.runtime.stores.base import Store

BLANK: Final = "***"
MOST_LOGGED: Final = 20_000
"""The most signs of an error, and of a traceback, in a line of the log: an error may quote all that it was about."""


def secrets_of(store: Store, variables: Iterable[str] = ()) -> tuple[str, ...]:
    """Return what no text may show: the passwords by which the store was connected, and the values of *variables*.

    The token for Airtable and the URLs in the environment, or in `.env`, count without being named.
    """
    try:
        known = settings()
    except NotConfigured:
        known = dict(os.environ)
    found = {known.get(name, "") for name in (TOKEN, *variables)}
    found |= store.passwords | passwords_in((known.get(STORE), known.get(LEASES)))
    return tuple(found - {""})


def hidden(text: str, secrets: Iterable[str]) -> str:
    """Return a text with `***` in the place of each secret."""
    # The longest first: one may hold another.
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, BLANK)
    return text


def error_text(error: BaseException, secrets: Iterable[str] = ()) -> str:
    """Return an error's class and text, also where making the text raises something itself."""
    name = type(error).__name__
    try:
        return writable(hidden(f"{name}: {error}", secrets))
    # Its author's code runs here, and may do anything, as the handler may.
    except BaseException as another:  # noqa: BLE001
        return f"{name}: its text cannot be made, since that raised {type(another).__name__}"


def trace_text(
    error: BaseException, frames: TracebackType | None, secrets: Collection[str]
) -> str | None:
    """Return a traceback as a log takes it: without secrets, writable, not too long; None where it is so as it stands."""
    try:
        plain = "".join(traceback.format_exception(type(error), error, frames))
    except Exception:  # noqa: BLE001  # as above; logging would stumble over it too
        return error_text(error, secrets)
    shown = logged(writable(hidden(plain, secrets)))
    return None if shown == plain else shown.rstrip("\n")


def logged(text: str) -> str:
    """Return a text cut to what stands in a line of the log."""
    return text if len(text) <= MOST_LOGGED else f"{text[: MOST_LOGGED - 1]}…"


def writable(text: str) -> str:
    """Return a text with an escape in the place of each half of a sign, which no file or log takes."""
    return text.encode(errors="backslashreplace").decode()
