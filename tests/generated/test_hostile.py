"""Whatever a schema's texts hold, they stay texts in the generated code."""

from __future__ import annotations

import ast
import datetime as dt
import inspect
import json
from pathlib import Path
from types import ModuleType

import pytest

import tablewright


def test_descriptions_read_back_as_they_were_written(hostile: ModuleType) -> None:
    """Docstrings hold the description and nothing more."""
    assert hostile.__doc__ == 'Ends with a quote " and holds """ and a backslash \\'
    assert inspect.getdoc(hostile.Farbe) == '"""\nimport os\n{{ 7 * 7 }} {% raw %}'
    # Black parts a closing quote from the docstring's own by a space.
    assert (
        str(inspect.getdoc(hostile.Größe)).rstrip()
        == '\\""" + __import__(\'os\').system(\'true\') + """'
    )


def test_labels_and_defaults_keep_every_character(hostile: ModuleType) -> None:
    """Quotes, backslashes and braces arrive unchanged."""
    assert [value.label for value in hostile.Farbe] == [
        '"; DROP TABLE x; --',
        "O'Brien \\",
        "{{ x }}",
    ]
    assert hostile.Größe.model_fields["Any"].default == "\"\"\"'''\\ {{ x }}"


def test_no_statement_comes_from_a_text(hostile_folder: Path) -> None:
    """The package holds only what the templates print: no import or call that a description brought in."""
    for path in hostile_folder.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                assert [alias.name for alias in node.names] == ["datetime"]
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in ("__import__", "eval", "exec")


def test_the_airtable_payload_keeps_every_character(hostile_folder: Path) -> None:
    """JSON is made from values, so that no text can break it."""
    payload = json.loads((hostile_folder / "airtable.json").read_text("utf-8"))
    body = payload["passes"][0]["requests"][0]["body"]

    assert body["name"] == "Tab\\le \"quoted\" 'single' {braces} 日本"
    assert body["fields"][0]["name"] == "a } b \\ \" ' {x}"


@pytest.mark.filterwarnings("default")
def test_a_record_lives_through_its_lifecycle(hostile: ModuleType, tmp_path: Path) -> None:
    """Hostile names work in the store, in conditions and in refusals."""
    with tablewright.connect(f"sqlite:///{tmp_path}/hostile.db"):
        record = hostile.Größe.create(naïve='"; --')
        quoted = hostile.Größe.create(naïve='"""', größer=record)

        record.färben(record="new \\ text")

        assert hostile.Größe.get(record.id).Any == "new \\ text"
        assert record.geheim == '"; --"""\'{{ x }}\\'
        assert [one.id for one in hostile.Größe.suche()] == [record.id]
        assert [one.id for one in record.kleiner] == [quoted.id]
        with pytest.raises(tablewright.TransitionRefused, match=r'is """ \\'):
            quoted.färben()


def test_names_that_the_generated_modules_have_themselves_are_told_apart(
    hostile: ModuleType, tmp_path: Path
) -> None:
    """A table `Contract` and statistics `get_none` or `get_query` hide nothing that the package needs."""
    with tablewright.connect(f"sqlite:///{tmp_path}/names.db"):
        hostile.Contract.create(title="a")
        hostile.Contract.create(title="a")
        figures = [getattr(hostile.Contract, name)() for name in ("get_none", "get_2026", "get_query", "get_contract_aio", "get_titles", "titles")]  # fmt: skip

    assert [one.total for one in figures] == [2, 2, 2, 2, 2, 1]


def test_a_loop_hides_nothing_that_stands_around_it(hostile: ModuleType, tmp_path: Path) -> None:
    """A variable called as the record, the moment, a module, a function or an enum of the generated code is another one."""
    with tablewright.connect(f"sqlite:///{tmp_path}/loops.db"):
        top = hostile.Loop.create(amount=2)
        one = hostile.Loop.create(
            amount=3, above=top, at=dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)
        )
        hostile.Loop.create(amount=5, above=one).go()

        seen = (top.later, top.underlined, one.green, top.nested, top.thirds, top.spans, top.most)
        columns = hostile.Loop.c
        conditions = (columns.later, columns.underlined, columns.green, columns.nested)

        assert seen == (True, True, True, True, 1.0, dt.datetime(2026, 1, 1, 11, tzinfo=dt.UTC), 3)
        assert [hostile.Loop.where(each).all()[0].amount for each in conditions] == [2, 2, 3, 2]
        assert not top.can_go()
        assert [found.amount for found in hostile.Loop.above_all()] == [5]
        assert [found.amount for found in hostile.Loop.timely()] == [2]
