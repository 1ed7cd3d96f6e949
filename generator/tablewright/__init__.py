"""One YAML file becomes typed task models, an Airtable base and documentation."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from tablewright.runtime.connection import Connection, connect
    from tablewright.runtime.errors import (
        ContractMismatch,
        LeaseLost,
        NotConfigured,
        RecordChanged,
        RecordInUse,
        RecordInvalid,
        RecordNotFound,
        RecordNotSaved,
        StoreError,
        StoreOutdated,
        StoreUnavailable,
        TablewrightError,
        TransitionRefused,
    )

__all__ = [
    "Connection",
    "ContractMismatch",
    "LeaseLost",
    "NotConfigured",
    "RecordChanged",
    "RecordInUse",
    "RecordInvalid",
    "RecordNotFound",
    "RecordNotSaved",
    "StoreError",
    "StoreOutdated",
    "StoreUnavailable",
    "TablewrightError",
    "TransitionRefused",
    "__version__",
    "connect",
]


def __getattr__(name: str) -> object:
    """Import a name when it is first used, so that the command line starts without the runtime."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    place = "connection" if name in ("Connection", "connect") else "errors"
    return getattr(import_module(f"tablewright.runtime.{place}"), name)
