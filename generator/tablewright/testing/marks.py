"""What a test asks of its local Airtable: the arguments of `@pytest.mark.airtable`."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from tablewright.diagnostics import did_you_mean

if TYPE_CHECKING:
    from tablewright.server.serve import LocalAirtable


@dataclass(frozen=True, slots=True)
class Wanted:
    """How the local Airtable behaves, as arguments of `LocalAirtable`, and where leases of the store on it are kept."""

    behaviour: dict[str, Any]
    leases: str | None

    def airtable(self) -> LocalAirtable:
        """Return such a local Airtable, not started."""
        from tablewright.server.serve import LocalAirtable

        return LocalAirtable(**self.behaviour)


def wanted_by(node: pytest.Item) -> Wanted:
    """Return what the marks of a test and of its class and module ask for; the nearer one counts.

    Fails the test where a mark has something else.
    """
    from tablewright.server.serve import LocalAirtable

    known = [*inspect.signature(LocalAirtable).parameters, "leases"]
    found: dict[str, Any] = {}
    for mark in node.iter_markers("airtable"):
        if mark.args:
            pytest.fail(
                f"@pytest.mark.airtable takes arguments by name, not {mark.args[0]!r}: {_EXAMPLE}",
                pytrace=False,
            )
        for name, value in mark.kwargs.items():
            if name not in known:
                pytest.fail(
                    f"@pytest.mark.airtable has no argument '{name}': {did_you_mean(name, known)}",
                    pytrace=False,
                )
            found.setdefault(name, value)
    leases = found.pop("leases", None)
    return Wanted(found, leases)


_EXAMPLE = '@pytest.mark.airtable(fail="500 method=POST nth=1")'
