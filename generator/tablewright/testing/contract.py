"""What every store promises about any model, as a suite: subclass it, name a model, and give it a connection.

    class TestMyTasks(StoreContract):
        model = AgentTask

The tests use the fixture `store_connection`, whose store is current and holds no records of the model: a local Airtable,
until you override it. Where stores differ, the suite asks their capabilities.
"""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from tablewright.runtime import (
    AirtableModel,
    Connection,
    RecordChanged,
    RecordInvalid,
    RecordNotFound,
    TransitionRefused,
)
from tablewright.testing.factories import Factory, MadeUp, sample


def model_of(suite: object) -> type[AirtableModel]:
    """Return the model that a suite is about; the test fails where it names none."""
    name, model = type(suite).__name__, getattr(suite, "model", None)
    if not (isinstance(model, type) and issubclass(model, AirtableModel)):
        given = "names no model" if model is None else f"has the model {model!r}"
        pytest.fail(
            f"{name} {given}: write 'model = …' in it, with a generated class", pytrace=False
        )
    return model


class StoreContract:
    """The promises. *model* is the generated class; *values* are given to every record, such as required links.

    What cannot be the same for all, or has to be stored first, is made by a function of the record's number:
    `values = {"studio": lambda number: Studio.create(name=f"Studio {number}")}`.
    """

    model: ClassVar[type[AirtableModel]]
    values: ClassVar[dict[str, object | MadeUp]] = {}

    @pytest.fixture
    def rows(self, store_connection: Connection) -> Factory[AirtableModel]:
        """Rows that fit the model."""
        return Factory(model_of(self), **self.values)

    def test_what_was_created_reads_back(self, rows: Factory[AirtableModel]) -> None:
        """A record with a value in every field is the same when it is read."""
        made = rows.create(**self._whole(7))

        assert self.model.get(made.id) == made
        assert made.unsaved_changes == {}

    def test_blank_fields_read_back_blank(self, rows: Factory[AirtableModel]) -> None:
        """A record with its required fields alone is the same when it is read."""
        made = rows.create()

        assert self.model.get(made.id) == made

    def test_bulk_create_keeps_the_order(self, rows: Factory[AirtableModel]) -> None:
        """Records come back in the order they were given, and progress is told."""
        told: list[tuple[int, int]] = []
        items = [rows.values() for _ in range(23)]

        made = self.model.bulk_create(items, progress=lambda done, of: told.append((done, of)))

        assert told[-1] == (23, 23)
        assert self.model.count() == 23
        first = self.model.table.fields[0].key
        assert [getattr(one, first) for one in made] == [
            item[first] for item in items if first in item
        ] or first not in items[0]

    def test_every_page_is_read(self, rows: Factory[AirtableModel]) -> None:
        """Nothing is lost beyond the first hundred."""
        made = rows.create_many(105)

        assert {one.id for one in self.model.all()} == {one.id for one in made}

    def test_save_writes_changed_fields_alone(self, rows: Factory[AirtableModel]) -> None:
        """What somebody else changed in another field stays."""
        writable = self._changeable()
        if len(writable) < 2:
            pytest.skip("the model has one field that can be changed")
        made = rows.create()
        first, second = made, self.model.get(made.id)
        values = self._whole(11)
        one, other = writable[0], writable[1]

        setattr(first, one, values[one])
        setattr(second, other, values[other])
        first.save()
        second.save()

        read = self.model.get(made.id)
        assert (getattr(read, one), getattr(read, other)) == (values[one], values[other])

    def test_a_changed_record_is_not_overwritten_where_that_is_asked(
        self, rows: Factory[AirtableModel]
    ) -> None:
        """save(if_unchanged=True) says what somebody else changed."""
        writable = self._changeable()
        if len(writable) < 2:
            pytest.skip("the model has one field that can be changed")
        made = rows.create()
        stale = self.model.get(made.id)
        values = self._whole(12)
        made._update({writable[0]: values[writable[0]]})

        setattr(stale, writable[1], values[writable[1]])
        with pytest.raises(RecordChanged):
            stale.save(if_unchanged=True)
        stale.refresh()
        setattr(stale, writable[1], values[writable[1]])
        stale.save(if_unchanged=True)

        assert getattr(self.model.get(made.id), writable[1]) == values[writable[1]]

    def test_what_does_not_fit_is_not_stored(self, rows: Factory[AirtableModel]) -> None:
        """The error names the field."""
        with pytest.raises(RecordInvalid):
            self.model._create({"no_such_field": 1})

        assert self.model.count() == 0

    def test_deleted_records_are_gone(self, rows: Factory[AirtableModel]) -> None:
        """Those that were not there do not count."""
        made = rows.create_many(12)

        assert self.model.bulk_delete([*made, "recDoesNotExist00"]) == 12
        assert self.model.count() == 0
        with pytest.raises(RecordNotFound):
            self.model.get(made[0].id)

    def test_a_transition_is_refused_by_the_state(self, rows: Factory[AirtableModel]) -> None:
        """A record moves from the states that its lifecycle says, and a stale copy is told of it."""
        lifecycle = self.model.table.lifecycle
        if lifecycle is None:
            pytest.skip("the model has no lifecycle")
        made = rows.create()
        possible = made.open_transitions()
        elsewhere = [one for one in lifecycle.transitions if lifecycle.initial not in one.sources]
        plain = [one for one in lifecycle.transitions if one.name in possible and not one.takes]
        if elsewhere and not elsewhere[0].takes:
            with pytest.raises(TransitionRefused):
                getattr(made, elsewhere[0].name)()
        if not plain:
            pytest.skip("no transition without arguments leaves the initial state")
        stale = self.model.get(made.id)

        getattr(made, plain[0].name)()
        with pytest.raises(RecordChanged):
            getattr(stale, plain[0].name)()

        assert getattr(self.model.get(made.id), lifecycle.field) is plain[0].target

    def _whole(self, number: int) -> dict[str, Any]:
        """Return made up values for all fields but those that *values* are given for."""
        made_up = sample(self.model.table, number, whole=True)
        return {key: value for key, value in made_up.items() if key not in self.values}

    def _changeable(self) -> list[str]:
        """Return the fields of made up values that may be the same in several records."""
        return [key for key in self._whole(1) if not self.model.table.by_key[key].unique]
