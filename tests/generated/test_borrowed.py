"""A schema may use names that databases and the making of classes use themselves."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import tablewright


def lived_through(borrowed: ModuleType) -> list[object]:
    """Return what a store gives back of records that are made, linked, asked for, counted and claimed."""
    user = borrowed.Lateral.create(tablesample_name="Ann", nothing="at all")
    first = borrowed.Returning.create(returning="a", nothing=4, collation="x", system_user=user)
    second = borrowed.Returning.create(returning="b", nothing=5, collation="y", lateral=[first])
    found = [one.returning for one in borrowed.Returning.get_beside()]
    figures = borrowed.Returning.get_figures()
    (claimed,) = borrowed.Returning.claim("worker")
    claimed.finish()
    return [
        found,
        figures.by,
        figures.total,
        claimed.returning,
        [one.returning for one in user.tablesample],
        [one.returning for one in first.laterals],
        [one.transition for one in second.history()],
        second.way,
    ]


def expected(borrowed: ModuleType) -> list[object]:
    return [["b"], {"x": 1, "y": 1}, 9, "b", ["a"], ["b"], ["take", "finish"], borrowed.one.UP]


def test_sqlite_takes_its_own_words_as_names(borrowed: ModuleType, tmp_path: Path) -> None:
    """`nothing` and `returning` are put into quotes, wherever a statement names them."""
    with tablewright.connect(f"sqlite:///{tmp_path}/words.db"):
        assert lived_through(borrowed) == expected(borrowed)


def test_postgresql_takes_its_own_words_as_names(borrowed: ModuleType, empty_schema: str) -> None:
    """`collation`, `concurrently`, `lateral`, `system_user` and `tablesample` are put into quotes."""
    with tablewright.connect(empty_schema):
        assert lived_through(borrowed) == expected(borrowed)


def test_enums_may_be_called_like_what_makes_a_class(borrowed: ModuleType) -> None:
    """An annotation means the enum `one` or `name`, and no variable of whoever makes the class."""
    fields = borrowed.Returning.model_fields

    assert fields["way"].annotation is borrowed.one
    assert fields["size"].annotation == borrowed.name | None
