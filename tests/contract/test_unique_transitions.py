"""A transition that sets a unique field is refused where another record has the value, as any other write is."""

from __future__ import annotations

from types import ModuleType

import pytest

from tablewright.runtime import RecordInvalid, connect


@pytest.fixture(params=["none", "sqlite://", "best effort"])
def leased(request: pytest.FixtureRequest, url: str) -> str | None:
    """Where leases are kept: databases keep their own, a base has none, leases in a database, or notes."""
    if request.param == "none":
        return None
    if url != "local:":
        pytest.skip("a database keeps its leases itself")
    return str(request.param)


def test_a_transition_does_not_take_a_unique_value_from_another_record(
    errands: ModuleType, url: str, leased: str | None
) -> None:
    """The record stays in its state; its own value is no obstacle."""
    with connect(url, leases=leased):
        errand, tag = errands.Errand, errands.Tag
        first = errand.create(title="a", number=1, tags=[tag.SMALL])
        second = errand.create(title="b", number=2, tags=[tag.SMALL])

        with pytest.raises(RecordInvalid, match=f"number has to be unique, and {first.id}"):
            second.finish(1)
        second.refresh().finish(2)

        states = {one.title: (one.stage.name, one.number) for one in errand.all()}
    assert states == {"a": ("OPEN", 1), "b": ("DONE", 2)}


def test_a_worker_does_not_take_a_unique_value_from_another_record(
    errands: ModuleType, url: str, leased: str | None
) -> None:
    """The task stays with its worker, who can end it otherwise."""
    if url == "local:" and leased is None:
        pytest.skip("a base without leases has no claims")
    with connect(url, leases=leased):
        errand, tag = errands.Errand, errands.Tag
        errand.create(title="a", number=1, tags=[tag.SMALL])
        (claim,) = errand.claim("worker")
        errand.create(title="b", number=2, tags=[tag.SMALL])

        with pytest.raises(RecordInvalid, match="number has to be unique"):
            claim.finish(2)
        claim.finish(3)

        states = {one.title: (one.stage.name, one.number) for one in errand.all()}
    assert states == {"a": ("DONE", 3), "b": ("OPEN", 2)}
