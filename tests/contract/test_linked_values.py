"""What a linked record holds can be sorted by, asked for and counted on every store, and costs few requests."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from functools import reduce
from types import ModuleType
from typing import Any

import pytest

from tablewright.runtime import Connection
from tablewright.runtime import measures as m
from tablewright.runtime.columns import boolean_value, integer_value
from tablewright.runtime.measures import Statistics
from tablewright.runtime.stores.airtable import AirtableStore
from tests.contract.tasks import counted

SEEN = datetime(2026, 3, 1, 12, 30, 0, 5000, tzinfo=UTC)
KEYS = [
    "author.name", "author.born", "author.seen", "author.rating", "author.took", "author.level", "author.mood",
    "author.active", "author.oldest_staff", "author.boss.name", "author.boss.rating", "author_name",
    "author_boss", "most_pages", "reader_count", "is_known", "back", "sequel_of.author.rating",
]  # fmt: skip


@pytest.fixture
def books(library: ModuleType, connection: Connection) -> Any:
    """Six books: authors that two of them share, that hold the same values, that are blank; and none at all."""
    person, level, mood = library.Person, library.Level, library.Mood
    boss = person.create(name="Max", rating=9.0)
    cleo = person.create(name="Cleo", born=date(1970, 5, 5), seen=SEEN, rating=1.5, active=True, boss=boss,
                         took=timedelta(minutes=90), level=level.HIGH, mood=mood.BAD)  # fmt: skip
    anna = person.create(name="anna", born=date(1990, 1, 1), rating=-2.0, level=level.LOW, boss=cleo,
                         took=timedelta(seconds=1.5), mood=mood.GOOD)  # fmt: skip
    again = person.create(name="anna", born=date(1990, 1, 1), rating=-2.0, level=level.TOP)
    bob = person.create(name="Bob")
    earlier = None
    for title, author, readers, pages in (
        ("a", cleo, [anna, bob], 10), ("b", anna, [], 20), ("c", None, [cleo], None),
        ("d", again, [cleo, anna, bob], 40), ("e", bob, [bob], 0), ("f", cleo, [], 5),
    ):  # fmt: skip
        earlier = library.Book.create(title=title, author=author, readers=readers, pages=pages,
                                      lent=SEEN, sequel_of=earlier)  # fmt: skip
    return library.Book


def titles(found: Iterable[Any]) -> str:
    return "".join(one.title for one in found)


def seen_from(record: Any, key: str) -> Any:
    """Return what a path of attributes leads to; None behind a missing link."""
    return reduce(
        lambda one, name: None if one is None else getattr(one, name), key.split("."), record
    )


def rank(value: Any) -> tuple[bool, Any]:
    return value is not None, value.position if hasattr(value, "position") else value or 0


@pytest.mark.parametrize("key", KEYS)
def test_records_are_sorted_by_what_their_links_lead_to(books: Any, key: str) -> None:
    """As plain Python sorts: blanks, and missing links, first where rising; what is equal in the order of creation."""
    made = books.all()
    rising = sorted(
        made, key=lambda one: (seen_from(one, key) is not None, rank(seen_from(one, key)))
    )
    falling = sorted(made, key=lambda one: rank(seen_from(one, key)), reverse=True)
    by_term = books.where().order_by(seen_from(books.c, key))

    assert titles(by_term) == titles(books.where().order_by(key)) == titles(rising)
    assert titles(books.where().order_by(f"-{key}")) == titles(falling)
    assert titles(by_term.limit(2).offset(1)) == titles(rising[1:3])
    assert books.where().order_by(f"-{key}").ids() == [one.id for one in falling]
    assert by_term.first() == rising[0]


def test_several_keys_and_conditions_go_together(books: Any) -> None:
    """Own fields and linked ones in one order, over the records that a linked value chooses."""
    c = books.c

    assert titles(books.where().order_by("author.name", "-pages")) == "ceafdb"
    assert titles(books.where().order_by("-author.name", "-author.level", "title")) == "dbafec"
    assert titles(books.where(c.author.name == "anna").order_by("-author.level")) == "db"
    assert titles(books.where(c.author.rating < 2, c.pages > 5).order_by("-author.rating")) == "abd"
    assert (
        titles(books.where(c.readers.any(lambda one: one.active)).order_by("author.name")) == "cd"
    )
    assert titles(books.by_known()) == "af"
    assert (
        titles(books.where().order_by(c.readers.max(lambda one: one.rating), "-title")) == "febadc"
    )


def test_a_value_that_is_the_same_for_all_records_sorts_nothing(books: Any) -> None:
    """A database would take some such values for the number of a column."""
    c = books.c

    for same in (
        ~c.pages.is_in([]),
        c.title.is_in([]),
        boolean_value(True),
        integer_value(1),
        integer_value(None),
    ):
        assert titles(books.where().order_by(same)) == "abcdef"
        assert titles(books.where().order_by(same, "-title").limit(2)) == "fe"


class Figures(Statistics):
    """Figures over what links lead to, and over the first few of an order by it."""

    by_name: dict[str, int]
    by_level: dict[Any, int]
    ratings: float
    youngest: date | None
    most_readers: int | None


def test_figures_over_linked_values(books: Any, library: ModuleType) -> None:
    """Those of the schema, and others over a query that a linked value sorts and cuts."""
    level, mood, c = library.Level, library.Mood, books.c

    every = books.get_figures()
    first = books.where().order_by("-author.rating").limit(3).measure(
        Figures,
        by_name=m.count_by(c.author.name),
        by_level=m.count_by(c.author.level),
        ratings=m.sum(c.author.rating),
        youngest=m.max(c.author.born),
        most_readers=m.max(c.readers.count()),
    )  # fmt: skip

    assert list(every.by_author.items()) == [("Cleo", 2), ("anna", 2), ("Bob", 1)]
    assert every.by_level == {level.LOW: 1, level.HIGH: 2, level.TOP: 1}
    assert every.by_mood == {mood.GOOD: 1, mood.BAD: 2}
    assert (every.ratings, every.mean_rating) == (-1.0, -0.25)
    assert (every.oldest, every.last_seen) == (date(1970, 5, 5), SEEN)
    assert (every.best, every.authors, every.bosses) == (level.TOP, 4, 2)
    assert (every.middle, every.active, every.share) == (timedelta(minutes=90), 2, 0.4)
    assert every.readers == 7
    assert first.by_name == {"Cleo": 2, "anna": 1}
    assert first.by_level == {level.LOW: 1, level.HIGH: 2, level.TOP: 0}
    assert (first.ratings, first.youngest, first.most_readers) == (1.0, date(1990, 1, 1), 2)


def test_linked_records_are_read_once_for_all(library: ModuleType, connection: Connection) -> None:
    """One statement in a database. On Airtable: every page, and then what all of them link with, each record once."""
    people = library.Person.bulk_create({"name": f"p{place}"} for place in range(3))
    library.Book.bulk_create(
        {"title": f"b{place}", "author": people[place % 3]} for place in range(205)
    )
    c = library.Book.c
    library.Book.count()
    is_airtable = isinstance(connection.store, AirtableStore)

    for query in (
        library.Book.where().order_by("-author.name"),
        library.Book.where().order_by("-author.name").limit(2),
        library.Book.where(c.author.name > "p0"),
        library.Book.where(c.author.name > "p0").order_by("-author.name"),
    ):
        with counted(connection) as sent:
            assert query.all()[0].title == ("b1" if query._order == () else "b2")
        assert len(sent) == (4 if is_airtable else 1), sent
    with counted(connection) as sent:
        assert library.Book.where(c.author.name > "p0").count() == 136
    assert len(sent) == (4 if is_airtable else 1), sent


def test_a_plan_tells_of_the_linked_records(books: Any, connection: Connection) -> None:
    """What an order looks at behind links is read, and the plan says so."""
    if not isinstance(connection.store, AirtableStore):
        pytest.skip("a database follows links itself")

    assert "linked records that are looked at" in str(
        books.where().order_by("author.name").explain()
    )
    assert "linked records" not in str(books.where().order_by("title").explain())
