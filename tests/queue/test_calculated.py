"""Queues whose records have calculated fields."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from types import ModuleType

import pytest

from tablewright.runtime import Connection

SCHEMA = Path(__file__).parent / "schemas" / "calls.yaml"


@pytest.fixture(scope="module")
def calls(
    written_package: Callable[[Path, Path], str],
    imported_package: Callable[[str, Path], AbstractContextManager[ModuleType]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[ModuleType]:
    """A package with a queue and a lookup."""
    folder = tmp_path_factory.mktemp("calls")
    written_package(SCHEMA, folder)
    with imported_package("calls", folder) as package:
        yield package


def test_a_record_that_nobody_holds_moves_and_keeps_its_calculated_list(
    connection: Connection, calls: ModuleType
) -> None:
    """The transition is stored and told, and what the queue keeps to itself does not reach the record."""
    call = calls.Call.create(topic="Invoice", customer=calls.Customer.create(name="Ann"))

    call.begin()
    call.finish()

    assert call.state is calls.State.DONE
    assert call.customer_names == ["Ann"]
    assert calls.Call.get(call.id).model_dump() == call.model_dump()


def test_what_a_worker_wrote_is_calculated_in_its_record_too(
    connection: Connection, calls: ModuleType
) -> None:
    """The record that ended a task is the one that is stored, what follows from its new values included."""
    calls.Call.create(topic="Invoice", customer=calls.Customer.create(name="Ann"))

    (call,) = calls.Call.claim("w1")
    call.finish(12)

    assert call.is_long
    assert calls.Call.get(call.id).model_dump() == call.model_dump()
