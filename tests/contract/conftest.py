"""The stores that every test of the contract runs on, each empty."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(params=["sqlite", "postgresql", "airtable"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty store. Airtable is the local one, over HTTP."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store.db'}"
    if request.param == "airtable":
        return "local:"
    found: str = request.getfixturevalue("empty_schema")
    return found
