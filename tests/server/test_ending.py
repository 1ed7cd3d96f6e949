"""A local Airtable ends when it is told to, and answers what it was asked before."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from tablewright.server.serve import LocalAirtable


def test_a_request_under_way_is_answered_before_the_end(
    raws: Callable[[LocalAirtable], Any],
) -> None:
    """A server that ends in the midst of a write leaves nobody in doubt."""
    with LocalAirtable(fail="delay=0.4 method=GET") as running, ThreadPoolExecutor() as threads:
        answer = threads.submit(raws(running), "GET", f"/v0/meta/bases/{running.base_id}/tables")
        while not running._server.server_state.tasks:
            assert not answer.done()

        running.stop()

        assert answer.result().status_code == 200


def test_an_open_connection_does_not_outlive_the_server(
    raws: Callable[[LocalAirtable], Any],
) -> None:
    """A client that keeps its connection is told, and a second end does nothing."""
    with LocalAirtable() as running:
        raw = raws(running)
        path = f"/v0/meta/bases/{running.base_id}/tables"
        assert raw("GET", path).status_code == 200

        running.stop()
        running.stop()

        with pytest.raises(requests.ConnectionError):
            raw("GET", path)
