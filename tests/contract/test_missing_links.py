"""What is calculated of a linked record is blank where the link leads nowhere: on records, and in every question."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from functools import reduce
from types import ModuleType
from typing import Any

import pytest

from tablewright.runtime import Connection
from tablewright.runtime import measures as m
from tablewright.runtime.measures import Statistics

CONDITIONS = [
    "author.is_busy", "author.is_brief", "author.is_unborn", "author.is_loud", "author_busy", "author_brief",
    "author_unborn", "author_loud", "sequel_of.author.is_brief", "author.boss.is_unborn", "sequel_of.is_lost",
    "sequel_of.is_small",
]  # fmt: skip
NUMBERS = [
    "fame", "author.fame", "author_books", "author.book_count", "author_lent", "author.lent_for", "author_next",
    "author.next_fame", "boss_fame", "author.boss_fame", "earlier_fame", "sequel_of.author.book_count",
    "author.boss.fame", "sequel_of.reader_count", "least_boss",
]  # fmt: skip
OTHERS = [
    "author_known_as", "author.known_as", "author_sort", "author.sort", "author_rank", "author.rank",
]  # fmt: skip


@pytest.fixture
def books(library: ModuleType, connection: Connection) -> Any:
    """Six books, two of them by nobody known; authors of several books and of one, with and without a boss."""
    person = library.Person
    boss = person.create(name="MAX", rating=9.0)
    cleo = person.create(name="Cleo", born=date(1970, 5, 5), rating=1.5, boss=boss)
    anna = person.create(name="anna", born=date(1990, 1, 1), boss=cleo)
    earlier = None
    for title, author, pages, took in (
        ("a", cleo, 10, timedelta(hours=1)), ("b", None, 20, None), ("c", boss, 40, timedelta(minutes=5)),
        ("d", anna, None, None), ("e", None, 0, timedelta(days=1)), ("f", cleo, 5, timedelta(hours=1)),
    ):  # fmt: skip
        earlier = library.Book.create(
            title=title,
            author=author,
            pages=pages,
            took=took,
            readers=[anna if author else boss],
            sequel_of=earlier,
        )
    return library.Book


def titles(found: Iterable[Any]) -> str:
    return "".join(one.title for one in found)


def seen_from(record: Any, key: str) -> Any:
    """Return what a path of attributes leads to; None behind a missing link."""
    return reduce(
        lambda one, name: None if one is None else getattr(one, name), key.split("."), record
    )


def shown(made: list[Any], key: str) -> dict[str, Any]:
    """Return what the records themselves say, by their titles of one letter."""
    return {one.title: seen_from(one, key) for one in made}


def rank(value: Any) -> tuple[bool, Any]:
    if value is None:
        return False, 0
    return True, getattr(value, "position", value)


def test_a_value_behind_a_missing_link_is_blank_wherever_it_is_asked_for(books: Any) -> None:
    """The records say None, and the same records are found, counted and told apart from all others."""
    made = books.all()
    for key in (*CONDITIONS, *NUMBERS, *OTHERS):
        value = seen_from(books.c, key)
        blank = "".join(title for title, one in shown(made, key).items() if one is None)
        present = "".join(title for title, one in shown(made, key).items() if one is not None)

        assert blank, key
        assert present, key
        assert titles(books.where(value.is_none())) == blank, key
        assert titles(books.where(value.is_not_none())) == present, key
        assert titles(books.where(~value.is_none())) == present, key
        assert books.where(value.is_none()).count() == len(blank), key
        assert books.where(value.is_none() | (books.c.title == "a")).count() == len({*blank, "a"})


def test_a_condition_behind_a_missing_link_is_neither_true_nor_false(books: Any) -> None:
    """By itself it counts as false, so its opposite holds; compared with no it differs."""
    made = books.all()
    for key in CONDITIONS:
        value = seen_from(books.c, key)
        met = "".join(title for title, one in shown(made, key).items() if one is True)
        unmet = "".join(title for title, one in shown(made, key).items() if one is False)
        other = "".join(title for title, one in shown(made, key).items() if one is not True)
        apart = "".join(title for title, one in shown(made, key).items() if one is not False)

        assert titles(books.where(value)) == met, key
        assert titles(books.where(~value)) == other, key
        assert titles(books.where(value == True)) == met, key  # noqa: E712  # builds a condition
        assert titles(books.where(value != True)) == other, key  # noqa: E712  # likewise
        assert titles(books.where(value == False)) == unmet, key  # noqa: E712  # likewise
        assert titles(books.where(value != False)) == apart, key  # noqa: E712  # likewise
        assert titles(books.where(value.is_in([False, None]))) == other, key


def test_a_value_behind_a_missing_link_compares_as_a_blank(books: Any) -> None:
    """It is equal to no value, and neither smaller nor larger than one."""
    made = books.all()
    for key in (*NUMBERS, "author.rank"):
        value = seen_from(books.c, key)
        known = {title: one for title, one in shown(made, key).items() if one is not None}
        most = max(known.values())
        equal = "".join(title for title, one in known.items() if one == most)

        assert titles(books.where(value == most)) == equal, key
        assert books.where(value != most).count() == len(made) - len(equal), key
        assert titles(books.where(value <= most)) == "".join(known), key


def test_values_behind_missing_links_come_first(books: Any) -> None:
    """Rising, blanks lead; falling, they end; and cutting the order short changes nothing about it."""
    made = books.all()
    for key in (*NUMBERS, *OTHERS):
        rising = sorted(made, key=lambda one, key=key: rank(seen_from(one, key)))  # type: ignore[misc]  # a default binds it
        falling = sorted(made, key=lambda one, key=key: rank(seen_from(one, key)), reverse=True)  # type: ignore[misc]  # likewise

        assert titles(books.where().order_by(key)) == titles(rising), key
        assert titles(books.where().order_by(f"-{key}")) == titles(falling), key
        assert titles(books.where().order_by(f"-{key}").limit(3)) == titles(falling[:3]), key


class Figures(Statistics):
    """Figures over one value."""

    total: Any
    mean: Any
    least: Any
    values: int
    blanks: int


def test_figures_leave_out_values_behind_missing_links(books: Any) -> None:
    """No 0 is counted, and none lowers a mean, that no record shows."""
    made = books.all()
    for key in NUMBERS:
        value = seen_from(books.c, key)
        known = [one for one in (seen_from(book, key) for book in made) if one is not None]

        found = books.where().measure(
            Figures,
            total=m.sum(value),
            mean=m.avg(value),
            least=m.min(value),
            values=m.count_distinct(value),
            blanks=m.count(value.is_none()),
        )

        whole = sum(known, start=type(known[0])())
        assert (found.total, found.mean) == (whole, whole / len(known)), key
        assert (found.least, found.values) == (min(known), len(set(known))), key
        assert found.blanks == len(made) - len(known), key


def test_a_schema_asks_for_them_as_its_records_show_them(books: Any) -> None:
    """Its queries and statistics, and computed fields that look behind a link themselves."""
    figures = books.get_figures()
    made = books.all()

    assert titles(books.by_lost()) == titles(one for one in made if one.is_lost) == "be"
    assert titles(books.where(books.c.is_lost)) == "be"
    assert titles(books.where(books.c.is_small)) == titles(one for one in made if one.is_small)
    assert figures.by_fame == {15: 2, 0: 1, 40: 1}
    assert (figures.fames, figures.least_fame, figures.mean_books) == (70, 0, 1.5)
    assert (figures.brief, figures.of_unborn) == (2, 0.25)
    assert titles(books.where(books.c.bosses_busy)) == titles(
        one for one in made if one.bosses_busy
    )
    assert all((one.author is None) is (one.fame is None) for one in made)
