"""The page about formulas agrees with the code."""

from __future__ import annotations

import re
from pathlib import Path

from tablewright.server.formula import function_table
from tablewright.server.formula.locales import KNOWN_LOCALES
from tablewright.server.formula.parse import MAX_DEPTH, MAX_LENGTH
from tablewright.server.formula.values import MAX_TEXT

PAGE = (Path(__file__).parents[2] / "docs" / "local-airtable-formulas.md").read_text("utf-8")


def test_the_page_lists_every_function_as_the_code_has_it() -> None:
    """Groups, signatures and meanings of the page are those of the table of functions, in its order."""
    listed: list[tuple[str, str, str]] = []
    group = ""
    for line in PAGE.partition("## Functions")[2].partition("## Limits")[0].splitlines():
        if line.startswith("### "):
            group = line[4:]
        elif row := re.fullmatch(r"\| `(.+\))` \| (.+) \|", line):
            listed.append((group, row[1], row[2]))

    assert tuple(listed) == function_table()


def test_the_page_names_the_limits_and_languages_of_the_code() -> None:
    """The figures on the page are the constants."""
    assert f"at most {MAX_LENGTH:,} characters and nests at most {MAX_DEPTH} deep" in PAGE
    assert f"at most {MAX_TEXT:,} characters" in PAGE
    assert all(f"`{name}`" in PAGE for name in KNOWN_LOCALES)
