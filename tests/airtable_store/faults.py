"""Faults that the local Airtable is told to have, and what the tests of them share."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Protocol

from tablewright.server.serve import LocalAirtable

NOT_DONE = [
    "refuse",
    "cut-before",
    "429",
    "429 retry-after=7",
    "500",
    "502",
    "503",
    "503 retry-after=3",
]
LATE = "delay=1.0"
"""The answer comes after a client that waits for `PATIENCE` seconds has given up."""
PATIENCE = 0.6
DONE = ["cut-after", "malformed", LATE]
"""Faults after which the request was carried out, and the client does not know."""
UNKNOWN = ["refuse", "cut-before", "500", "502", *DONE]
"""Faults that leave a client in doubt whether a request was carried out."""


class Waits(Protocol):
    """As much of the clock of these tests as tells how long it was waited."""

    waits: list[float]


Break = Callable[..., None]
"""Puts a fault, a method, and which of its requests fails, into the running server."""


def api_of(airtable: LocalAirtable) -> Any:
    """Return the server behind a local Airtable."""
    application: Any = airtable._server.config.app
    return next(
        cell.cell_contents
        for cell in application.__closure__
        if type(cell.cell_contents).__name__ == "AirtableApi"
    )


def wait_for_late(fault: str) -> None:
    """Wait until a delayed request was carried out."""
    if fault == LATE:
        time.sleep(PATIENCE)
