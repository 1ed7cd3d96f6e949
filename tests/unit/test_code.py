"""Text becomes code in one place, and hostile text stays text."""

from __future__ import annotations

import ast
import datetime as dt
import inspect

import black
import pytest
from black.strings import str_width
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tablewright.targets.python.code import (
    call,
    comment,
    docstring,
    identifier,
    laid_out,
    literal,
    width,
)
from tablewright.targets.python.format import formatted
from tablewright.targets.python.parameters import upsert_on

HOSTILE = [
    'ends with "',
    '"""',
    'a """ b',
    "ends with a backslash \\",
    '\\"""',
    '\\"',
    "{{ x }} {% raw %}",
    "'single' \"double\"",
    "two\nlines",
    "tab\tand\rreturn",
    "\x00\x1b\x7f",
    "\ufeff\u2028\u202e",
    "Zoë, 日本, 🎉",
    "#  comment\nimport os",
]


def docstring_of(code: str) -> str:
    module = ast.parse(f"def f():\n    {code}\n")
    function = module.body[0]
    assert len(module.body) == 1
    assert isinstance(function, ast.FunctionDef)
    assert len(function.body) == 1
    return (ast.get_docstring(function, clean=True) or "").strip()


def tidy(text: str) -> str:
    return inspect.cleandoc("\n".join(line.rstrip() for line in text.strip().split("\n")))


@pytest.mark.parametrize("text", HOSTILE)
def test_a_docstring_cannot_end_early(text: str) -> None:
    """Whatever a description holds, the docstring reads back as the same text and nothing follows it."""
    assert docstring_of(docstring(text, "    ")) == tidy(text)


@given(st.text())
@example('"""\\')
def test_any_text_survives_as_a_docstring(text: str) -> None:
    """Every text that can be written reads back, apart from spaces at its edges."""
    found = docstring_of(docstring(text.encode("utf-8", "ignore").decode(), "    "))

    assert found.split() == text.encode("utf-8", "ignore").decode().split()


@given(
    st.text()
    | st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
)
def test_a_literal_reads_back_as_its_value(value: object) -> None:
    """A literal is one expression that gives the value again."""
    found = ast.literal_eval(literal(value))

    assert found == value
    assert type(found) is type(value)


def as_black_writes(source: str) -> str:
    return black.format_str(source, mode=black.Mode())


@given(st.text(max_size=40) | st.floats(allow_nan=False, allow_infinity=False) | st.integers())
@settings(max_examples=60)
def test_a_literal_is_in_blacks_style(value: object) -> None:
    """Black changes nothing, so that it need not look."""
    source = f"x = {literal(value)}\n"

    assert as_black_writes(source) == source


@given(
    st.text(
        alphabet=st.sampled_from(["a", "B", " ", '"', "'", "\\", "\n", "é", "{", "\t"]), max_size=30
    )
)
@settings(max_examples=300)
def test_a_docstring_is_in_blacks_style(text: str) -> None:
    """Black changes nothing, so that it need not look."""
    source = f"def f():\n    {docstring(text or '.', '    ')}\n"

    assert as_black_writes(source) == source


def test_a_list_that_is_too_long_gets_a_line_for_each_part() -> None:
    """Black keeps what ends in a comma, and what fits on one line."""
    short = laid_out(call("f", [literal("a")], {"b": literal((1,))}), 4, lead="x = ")
    long = laid_out(
        call("f", [literal("a" * 40)], {"b": literal(("c" * 40, "d" * 40))}), 4, lead="x = "
    )

    assert short == 'x = f("a", b=(1,))'
    assert long.split("\n")[2:] == [
        "        b=(",
        f'            "{"c" * 40}",',
        f'            "{"d" * 40}",',
        "        ),",
        "    )",
    ]


def test_lists_tuples_and_durations_have_literals() -> None:
    """Tuples of one keep their comma; durations name their seconds."""
    assert literal(("a",)) == '("a",)'
    assert literal(["a", 1]) == '["a", 1]'
    assert literal(dt.timedelta(minutes=1)) == "dt.timedelta(seconds=60.0)"


def test_an_object_without_a_literal_form_is_refused() -> None:
    """Code is never made from an object's repr."""
    with pytest.raises(TypeError, match="no literal form"):
        literal(object())


@pytest.mark.parametrize("name", ["class", "a b", "1a", "", "a;import os", "a\n", "ﬁeld"])
def test_what_is_no_identifier_never_becomes_one(name: str) -> None:
    """Names reach code only where Python takes them as they stand."""
    with pytest.raises(ValueError, match="no identifier"):
        identifier(name)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_comment_stays_on_its_line(text: str) -> None:
    """A comment cannot break out of its line."""
    assert len(comment(text).splitlines()) <= 1


def test_a_call_checks_the_names_of_its_options() -> None:
    """Option names are identifiers, values are code already."""
    assert call("f", [literal(1)], {"a": literal("x")}) == 'f(1, a="x")'
    with pytest.raises(ValueError, match="no identifier"):
        call("f", [], {"a b": literal(1)})


@pytest.mark.parametrize("unique", [0, 1, 2])
def test_the_keys_of_an_upsert_stand_as_black_breaks_them(unique: int) -> None:
    """Of whatever length the fields' names are, and however many of them are unique."""
    for length in range(5, 60):
        merged = [sign * length for sign in "abc"]
        parameter = upsert_on(merged, tuple(merged[:unique]), identifier("on"))
        source = f"class A:\n    def upsert(\n        cls,\n        *,\n        {parameter},\n    ) -> None:\n        pass\n"

        written = formatted(source, "models.py")

        assert written == as_black_writes(written), length


@pytest.mark.parametrize(
    "text", ["plain", "Zoe\u0301", "日本、", "か\u3099", "🎉 👍🏽", "1\ufe0f\u20e3", "ﾊﾛ－"]
)
def test_a_text_is_as_wide_as_black_takes_it_for(text: str) -> None:
    """Else a line of 88 columns would be broken here and not there."""
    assert width(text) == str_width(text)
