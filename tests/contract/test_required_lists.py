"""A required list is never empty, on every store and whoever writes it."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import pytest
from pydantic import ValidationError

from tablewright.runtime import Connection, RecordInvalid
from tablewright.testing import Factory


def test_no_call_stores_a_record_with_an_empty_required_list(
    errands: ModuleType, connection: Connection
) -> None:
    """create, update, save, the bulk calls, upsert and transitions refuse it, and nothing is stored."""
    errand, tag = errands.Errand, errands.Tag
    made = errand.create(title="a", number=1, tags=[tag.SMALL])

    attempts: tuple[Callable[[], object], ...] = (
        lambda: errand.create(title="b", tags=[]),
        lambda: errand.create(title="b", tags=None),
        lambda: errand.bulk_create([{"title": "b", "tags": []}]),
        lambda: made.update(tags=[]),
        lambda: errand.bulk_update({made.id: {"tags": []}}),
        lambda: errand.upsert(on=["number"], number=1, title="a", tags=[]),
        lambda: made.tag([]),
    )
    for attempt in attempts:
        with pytest.raises(RecordInvalid, match="tags is required"):
            attempt()
        made.refresh()
    made.tags.clear()
    with pytest.raises(RecordInvalid, match="tags is required"):
        made.save()

    assert [(one.title, one.tags) for one in errand.all()] == [("a", [tag.SMALL])]
    assert made.refresh().tag([tag.LARGE, tag.FRAGILE]).tags == [tag.LARGE, tag.FRAGILE]


def test_the_input_models_and_the_factories_know_of_it(
    errands: ModuleType, connection: Connection
) -> None:
    """A required list has to be given to the model of a new record, and what is made up has a value."""
    with pytest.raises(ValidationError, match="tags"):
        errands.ErrandCreate(title="a")
    with pytest.raises(ValidationError, match="tags"):
        errands.ErrandUpdate(tags=[])

    assert Factory(errands.Errand).create().tags


def test_a_record_whose_required_list_people_emptied_does_not_fit(
    errands: ModuleType, connection: Connection
) -> None:
    """It is left out of lists as one with an empty required text is; reading it by its id says why."""
    if not connection.description.startswith("local Airtable"):
        pytest.skip("nobody empties a column beside the program: the database has a check")
    errand = errands.Errand
    made = errand.create(title="a", tags=[errands.Tag.SMALL])
    errand.create(title="b", tags=[errands.Tag.LARGE])
    store = connection.store
    store.client.update(  # type: ignore[attr-defined]  # the store of a base has a client
        "empty", store.client.table("Errand"), [(made.id, {"Tags": None})], by_id=False, repeats=False,  # type: ignore[attr-defined]  # the same
    )  # fmt: skip

    assert [one.title for one in errand.all()] == ["b"]
    with pytest.raises(RecordInvalid, match="tags"):
        errand.get(made.id)
