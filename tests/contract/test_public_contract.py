"""The suite that users get runs over every store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import ClassVar

import pytest

from generated.agent_tasks import AgentTask
from tablewright.runtime import AirtableModel, Connection, connect
from tablewright.testing import Factory, StoreContract, sample


class TestAgentTasks(StoreContract):
    """The example's model, on the stores of this folder's fixtures."""

    model = AgentTask

    @pytest.fixture
    def store_connection(self, connection: Connection) -> Connection:
        """Each store in turn."""
        return connection


@pytest.fixture(scope="module")
def films(packaged: Callable[[str], ModuleType]) -> ModuleType:
    """A package whose films belong to studios, and have codes and plots of a certain form."""
    return packaged("films")


class TestFilms(StoreContract):
    """A model with a required link and with texts that match patterns, one of which is unique."""

    model: ClassVar[type[AirtableModel]]
    values: ClassVar[dict[str, object | Callable[[int], object]]] = {
        "plot": "They met.",
        "code": lambda number: f"FIL-{number:04}",
    }

    @pytest.fixture(autouse=True, scope="class")
    @classmethod
    def _films(cls, films: ModuleType) -> None:
        """Take the model of the package, which is made when tests run."""
        cls.model = films.Film
        cls.values = {**cls.values, "studio": lambda number: films.Studio.create(name=str(number))}

    @pytest.fixture
    def store_connection(self, tmp_path: Path) -> Iterator[Connection]:
        """A database, since nothing here is about stores."""
        with connect(f"sqlite:///{tmp_path / 'films.db'}") as connection:
            yield connection


def test_a_factory_makes_values_by_functions(films: ModuleType, tmp_path: Path) -> None:
    """Each record has its own, by the number that its made up values have too."""
    with connect(f"sqlite:///{tmp_path / 'films.db'}"):
        studio = films.Studio.create(name="Ealing")
        rows = Factory(films.Film, studio=studio, code=lambda number: f"FIL-{number:04}")

        made = rows.create_many(3, title=lambda number: f"Film {number}")

    assert len({one.code for one in made}) == 3
    assert [one.title for one in made] == [f"Film {int(one.code[4:])}" for one in made]


def test_numbers_are_made_up_within_their_bounds(films: ModuleType) -> None:
    """Shares, numbers below zero and integers of a short range; shares are different ones."""
    made = [sample(films.Film.table, number, whole=True) for number in range(200)]

    assert all(0 <= one["share"] <= 1 and -6 <= one["cold"] <= -5 for one in made)
    assert {one["minutes"] for one in made} == {1, 2}
    assert {one["grade"] for one in made} == {1, 2, 3, 4, 5}
    assert len({one["share"] for one in made}) == 200
