"""A service that does not answer is named in the error."""

from __future__ import annotations

import socket
import time

import pytest

from generated.agent_tasks import AgentTask
from tablewright.runtime import Connection, StoreUnavailable
from tablewright.runtime.stores.airtable import AirtableStore
from tablewright.runtime.stores.airtable_client import Client
from tablewright.runtime.stores.airtable_names import names_of
from tablewright.runtime.stores.airtable_open import api_for
from tablewright.runtime.stores.limiter import UnlimitedRequests


class HurriedClock:
    """A clock that does not wait."""

    def time(self) -> float:
        return 1_800_000_000.0

    def sleep(self, seconds: float) -> None:
        """Return at once."""


@pytest.fixture
def nobody() -> str:
    """An address of this machine that nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{taken.getsockname()[1]}"


def test_the_address_that_could_not_be_reached_is_named(nobody: str) -> None:
    """Without the user and the password that its URL may hold."""
    api = api_for("secret-token", f"http://user:secret-word@{nobody}")
    client = Client(api, "app00000000000000", UnlimitedRequests(), HurriedClock())

    store = AirtableStore(client, lambda table: names_of(table, None), "Airtable")
    with Connection(store), pytest.raises(StoreUnavailable) as caught:
        AgentTask.count()

    assert f"Airtable at http://{nobody} was asked 3 times" in str(caught.value)
    assert "what came last was: no connection. Is anything listening there?" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_it_is_told_within_a_second(nobody: str, caplog: pytest.LogCaptureFixture) -> None:
    """Where nobody was ever reached, waiting long helps nobody; the log says that it is tried again."""
    client = Client(api_for("token", f"http://{nobody}"), "app00000000000000", UnlimitedRequests())
    store = AirtableStore(client, lambda table: names_of(table, None), "Airtable")

    begun = time.monotonic()
    with Connection(store), pytest.raises(StoreUnavailable), caplog.at_level("WARNING"):
        AgentTask.count()

    assert time.monotonic() - begun < 2
    assert (
        caplog.text.count(f"Airtable at http://{nobody}: no connection; trying again in 0.3 s") == 2
    )
