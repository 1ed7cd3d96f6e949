"""Records that do not fit what their claim sets, on Airtable, which knows no limits itself."""

from __future__ import annotations

import logging
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tablewright.runtime import connect
from tablewright.server.serve import LocalAirtable
from tablewright.testing import provision


@pytest.mark.parametrize("kind", ["sqlite", "best effort"])
def test_a_task_that_does_not_fit_its_claim_fails_and_the_others_are_taken(
    local_airtable: LocalAirtable,
    limits: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    kind: str,
) -> None:
    """As on databases: at once, with an error that names the field, and nothing of it is set."""
    provision(local_airtable, [limits.Begun])
    monkeypatch.setenv("AIRTABLE_ACCESS_TOKEN", local_airtable.token)
    url = f"airtable://{local_airtable.base_id}?endpoint={local_airtable.url}"
    leases = kind if kind == "best effort" else f"sqlite:///{tmp_path / 'leases.db'}"
    with connect(url, leases=leases) as connection:
        queues: Any = connection.store.queues  # type: ignore[attr-defined]
        queues.settle_seconds = 0.05
        poison = limits.Begun.create(name="a", tries=3)
        limits.Begun.create(name="b")

        with caplog.at_level(logging.WARNING, "tablewright"):
            taken = limits.Begun.claim("w", 2)

        assert [(one.name, one.tries) for one in taken] == [("b", 1)]
        poison.refresh()
        assert (poison.state, poison.tries, poison.lease_until) == (limits.State.BAD, 3, None)
        assert poison.error.startswith("the task cannot be taken: ")
        assert [one.to_state.name for one in poison.history()] == ["BUSY", "BAD"]
        assert len(caplog.records) == 1
        assert "tries has to be at most 3" in caplog.text
        assert limits.Begun.claim("w", 2) == []
