"""The language reference says what the code does: keys, types, options, functions, measures, examples."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tablewright.check.compile import compile_schema
from tablewright.expressions.functions import FUNCTIONS, MEASURES, QUANTIFIERS
from tablewright.expressions.resolving.calls import shown
from tablewright.expressions.resolving.parse import MAX_DEPTH, MAX_LENGTH
from tablewright.kinds import KINDS, WRITTEN_KINDS, Kind
from tablewright.language.words import KEYS, TYPES
from tablewright.model.computation import ROLLUPS
from tablewright.syntax.source import Source

PAGE = (Path(__file__).parents[2] / "docs" / "schema-language.md").read_text(encoding="utf-8")
ROWS = [line for line in PAGE.splitlines() if line.startswith("| ")]


def tables() -> list[list[tuple[str, str]]]:
    """Return the first two columns of every table, heads left out."""
    found: list[list[tuple[str, str]]] = []
    for block in re.findall(r"(?:^\|.*\n)+", PAGE, re.MULTILINE):
        rows = [line.strip("|\n").split(" | ") for line in block.splitlines()[2:]]
        found.append([(row[0].strip(" `"), row[1].strip(" |")) for row in rows])
    return found


@pytest.mark.parametrize("section", KEYS)
def test_every_section_has_a_table_of_exactly_its_keys(section: str) -> None:
    """Keys stand in the order and with the sentences that editors show."""
    assert list(KEYS[section].items()) in tables()


@pytest.mark.parametrize(
    "table", [MEASURES, QUANTIFIERS], ids=["the measures", "what looks over linked records"]
)
def test_every_measure_has_its_sentence(table: dict[str, str]) -> None:
    """The page knows what the compiler knows, and nothing more."""
    assert list(table.items()) in tables()


def own_keys(kind: Kind) -> set[str]:
    return set(kind.bounds) | {option.key for option in kind.options}


@pytest.mark.parametrize("name", WRITTEN_KINDS)
def test_every_type_has_a_row_with_its_forms_and_its_keys(name: str) -> None:
    """A row names the type in Python, Airtable and SQL, and every option with its range, words and default."""
    kind = KINDS[name]

    row = next(line for line in ROWS if line.startswith(f"| `{name}` | {TYPES[name]} |"))
    cells = [cell.strip() for cell in row.strip("|").split(" | ")]

    assert cells[3:5] == [f"`{kind.airtable}`", f"`{kind.sql}`"]
    if kind.annotation:
        assert cells[2] == f"`{kind.annotation}`"
    assert {part.split("`")[1] for part in cells[5].split("; ") if "`" in part} == own_keys(kind)
    for option in kind.options:
        part = next(one for one in cells[5].split("; ") if one.startswith(f"`{option.key}`"))
        assert all(f"`{word}`" in part for word in option.words)
        assert ("(needed)" in part) == option.required
        if option.takes == "integer":
            assert f" {option.least}–{option.most}" in part
        if option.default is not None:
            assert part.endswith(f"default `{option.default}`")


def test_every_function_has_a_row_with_its_signatures_and_its_sentence() -> None:
    """Names, arguments, result, meaning and blanks are those of the table in code."""
    blanks = {
        "propagate": "blank where an argument is",
        "false": "false where an argument is blank",
        "first": "blank where all arguments are",
    }
    expected = []
    for function in FUNCTIONS.values():
        ways = " or ".join(f"`{shown(function.name, one)}`" for one in function.signatures)
        results = dict.fromkeys(
            "the same type" if one.result == "same" else one.result for one in function.signatures
        )
        takes = any(one.parameters for one in function.signatures)
        blank = blanks[function.blanks] if takes else "–"
        expected.append(f"| {ways} | {' or '.join(results)} | {function.meaning} | {blank} |")

    start = ROWS.index("| function | gives | meaning | blanks |") + 1

    assert ROWS[start : start + len(expected)] == expected
    assert ROWS[start + len(expected)].startswith("| call |")


def test_the_limits_of_expressions_are_those_of_the_code() -> None:
    """A reader can trust the numbers."""
    assert f"at most {MAX_LENGTH:,} characters and {MAX_DEPTH} levels" in PAGE


def test_every_function_of_a_rollup_is_explained() -> None:
    """The table of functions is complete."""
    assert [key for key, _ in next(one for one in tables() if one[0][0] == "sum")] == list(ROLLUPS)


HEAD = "tablewright: 1\nname: shop\n"
ENUMS = "enums:\n  TaskStatus: [OPEN, DONE]\n  Label: [RED]\n"
TASK = f"{HEAD}{ENUMS}tables:\n  Task:\n    description: It.\n"
COMPLETED: dict[str, Callable[[str], str]] = {
    "enums:": lambda text: f"{HEAD}{text}tables:\n  T: {{fields: {{n: text, p: Priority, s: State}}}}\n",
    "fields:\n  title": lambda text: TASK + indented(text),
    "fields:\n  hours": lambda text: f"{HEAD}tables:\n  Entry:\n    name: Entries\n{indented(text)}",
    "fields:\n  number": lambda text: (
        f"{HEAD}tables:\n  Order:\n{indented(text)}"
        "  Line:\n    fields: {name: text, price: {type: number, required: true}}\n"
        "    relations: {order: {to: Order, inverse: lines}}\n"
    ),
    "computed:": lambda text: (
        f"{TASK}    fields: {{title: text, due_on: date, status: {{type: TaskStatus, default: OPEN}}, labels: [Label]}}\n"
        f"    relations: {{waits_for: {{to: Task, many: true}}}}\n{indented(text)}"
    ),
    "transitions:": lambda text: (
        f"{HEAD}enums: {{Stage: [OPEN, ASSIGNED]}}\ntables:\n  Person: {{fields: {{name: text, is_active: boolean}}}}\n"
        f"  Ticket:\n    fields: {{title: text, stage: {{type: Stage, default: OPEN}}}}\n"
        f"    relations: {{assignee: {{to: Person}}, former: {{to: Person}}}}\n"
        f"    lifecycle:\n      field: stage\n      initial: OPEN\n{indented(text, 6)}"
    ),
    "tablewright:": lambda text: text,
}
SHARED = f"{HEAD.splitlines()[0]}\nmixins: {{Audited: {{fields: {{checked_by: text}}}}}}\n"


def indented(text: str, spaces: int = 4) -> str:
    return "".join(f"{' ' * spaces}{line}\n" for line in text.splitlines())


EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda text: text.split("\n")[1].strip()[:30])
def test_every_example_compiles(example: str) -> None:
    """What the page shows can be copied."""
    whole = next(make for start, make in COMPLETED.items() if example.startswith(start))(example)

    compiled = compile_schema(Source("page.yaml", whole), lambda path: Source(path, SHARED))

    unused = {"TW218"}  # an example shows one thing, and not what uses it
    assert [one for one in compiled.findings if one.code not in unused] == []
