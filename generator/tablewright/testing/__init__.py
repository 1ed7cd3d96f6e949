"""For tests of programs that use generated models: a local Airtable as a fixture, row factories, the contract of stores.

Fixtures come with the pytest plugin, which pytest loads by itself where tablewright is installed: `local_airtable`,
`airtable_store` and `make`. `StoreContract` is the suite that every store of ours passes, for models of your own,
and `QueueContract` that of their queues.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from tablewright.testing.contract import StoreContract
    from tablewright.testing.factories import Factory, sample
    from tablewright.testing.local import connected, provision
    from tablewright.testing.queue_contract import QueueContract

__all__ = ["Factory", "QueueContract", "StoreContract", "connected", "provision", "sample"]

_PLACES: Final = {
    "Factory": "factories",
    "QueueContract": "queue_contract",
    "StoreContract": "contract",
    "connected": "local",
    "provision": "local",
    "sample": "factories",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for: pytest loads this package in every run, and most use nothing of it."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
