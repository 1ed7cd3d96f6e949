"""Whatever stands in a schema file, the answer is a schema or findings: never an exception, never a place outside."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tablewright.check.compile import Compiled, compile_schema
from tablewright.diagnostics import as_json, as_text
from tablewright.syntax.source import Source, SourceUnreadable

ROOT = Path(__file__).parents[2]
EXAMPLE = (ROOT / "schemas" / "agent_tasks.yaml").read_text(encoding="utf-8")
CASES = ROOT / "tests" / "cases"
EVERY_TYPE = (CASES / "accepted_schema_with_every_field_type" / "schema.yaml").read_text("utf-8")
EVERY_SECTION = (CASES / "accepted_schema_with_every_section" / "schema.yaml").read_text("utf-8")
SCHEMAS = [EXAMPLE, EVERY_TYPE, EVERY_SECTION]
PIECES = [
    "tablewright: 1\n", "name: shop\n", "enums:\n", "tables:\n", "  Order:\n", "    fields:\n", "      ", "number: text\n",
    "{", "}", "[", "]", ", ", ": ", "- ", "\n", "\t", "|\n", ">\n", "'", '"', "#", "&a ", "*a", "<<: ", "!!str ", "? ",
    "---\n", "...\n", "%YAML 1.1\n", "\ufeff", "\x00", "\ud800", "\u2028", "\x85", "\r", "computed", "where", "lifecycle",
    "status == PENDING", "any(x for x in y)", "null", "~", "1e999", "9" * 400, "-0", ".inf", "ﬁ", "раураl", "日本",
]  # fmt: skip
WORDS: list[Any] = [
    None, True, 0, -1, 10**400, 1.5, float("inf"), "", " ", "x", "text", "TaskStatus", "PENDING", "status", "is_blocked",
    "a" * 300, "__class__", "self", "class", "{{ x }}", '"""', "\\", "\x1b", "name", "AgentTask", "1.5h", "[", "(",
    "1 +", "lambda: 0", "now()", "any(t.is_blocked for t in depends_on)", "not not not is_blocked", "a" + "+a" * 200,
    [], {}, [[]], [None], ["TaskStatus"], ["x", "x"], {"type": "text"}, {"x": {"y": "z"}}, {"from": "PENDING"},
]  # fmt: skip


LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


def loaded(text: str) -> Any:
    """Return plain values of a schema of our own."""
    return yaml.load(text, Loader=LOADER)  # noqa: S506 - a safe loader, in C where there is one


def dumped(value: Any) -> str:
    """Return a plain value as YAML, each text on one line."""
    text = yaml.dump(value, Dumper=DUMPER, sort_keys=False, allow_unicode=True, width=10_000)
    assert isinstance(text, str)
    return text


def no_files(path: str) -> Source:
    """Refuse every include: these tests read no files."""
    raise SourceUnreadable(f"{path}: there is no such file: none here")


def checked(text: str) -> Compiled:
    """Compile *text*, and hold every finding to what holds for all of them."""
    source = Source("fuzz.yaml", text)
    compiled = compile_schema(source, no_files)
    assert (compiled.schema is None) == any(one.severity == "error" for one in compiled.findings)
    for finding in compiled.findings:
        span = finding.span
        assert span.path == "fuzz.yaml"
        assert 1 <= span.line <= span.end_line <= len(source.lines)
        assert 1 <= span.column <= len(source.lines[span.line - 1]) + 1
        assert 1 <= span.end_column <= len(source.lines[span.end_line - 1]) + 2
        as_text(finding, compiled.lines).encode()
        json.dumps(as_json(finding))
    return compiled


@settings(max_examples=150, deadline=None)
@given(st.text(st.characters(exclude_categories=()), max_size=200))
def test_any_text_gives_findings(text: str) -> None:
    """Text that has nothing to do with schemas is refused with a place."""
    checked(text)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
def test_pieces_of_schemas_in_any_order_give_findings(text: str) -> None:
    """Text that looks like a schema here and there is refused with a place."""
    checked(text)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(SCHEMAS), st.data())
def test_a_schema_with_stretches_replaced_gives_findings(text: str, data: st.DataObject) -> None:
    """What an editor leaves half done — cut, pasted, doubled — is refused or still a schema."""
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        end = min(len(text), start + data.draw(st.integers(0, 30)))
        text = text[:start] + data.draw(st.sampled_from(["", *PIECES])) + text[end:]
    checked(text)


def places_in(value: Any) -> list[tuple[Any, Any]]:
    """Return every container of a plain value with each of its keys or positions."""
    found: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        found = [(value, key) for key in value]
    elif isinstance(value, list):
        found = [(value, position) for position in range(len(value))]
    return found + [place for parent, key in found for place in places_in(parent[key])]


def replaced(container: Any, key: Any, pick: random.Random) -> None:
    container[key] = pick.choice(WORDS)


def removed(container: Any, key: Any, pick: random.Random) -> None:
    del container[key]


def renamed(container: Any, key: Any, pick: random.Random) -> None:
    if isinstance(container, dict):
        container[str(pick.choice(WORDS))] = container.pop(key)


def swapped(container: Any, key: Any, pick: random.Random) -> None:
    other = pick.choice(list(container) if isinstance(container, dict) else range(len(container)))
    container[key], container[other] = container[other], container[key]


CHANGES: list[Callable[[Any, Any, random.Random], None]] = [replaced, removed, renamed, swapped]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(SCHEMAS), st.integers(1, 5), st.randoms(use_true_random=False))
def test_a_schema_with_values_changed_gives_findings(
    text: str, changes: int, pick: random.Random
) -> None:
    """Any value in any place of a schema is taken or refused with a place."""
    value = loaded(text)
    for _ in range(changes):
        places = places_in(value)
        if places:
            container, key = pick.choice(places)
            pick.choice(CHANGES)(container, key, pick)
    checked(dumped(value))


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(["status", "name", "retry_count", "depends_on", "started_at", "x", "PENDING", "TaskStatus", "is_blocked", "self", "any", "all", "len", "sum", "min", "coalesce", "round", "now", "date", "(", "(", "(", ")", ")", ")", "[", "]", ",", ".", "+", "-", "*", "/", "%", "==", "!=", "<", "<=", "in", "not", "and", "or", "is", "None", "True", "if", "else", "for", "'a'", "1", "2.5", "1j", "lambda", ":", ":=", "**", "@", "~", "#", "\\", '"', "'"]), max_size=14).map(" ".join))  # fmt: skip
def test_any_expression_gives_findings(text: str) -> None:
    """Every row of words in the place of an expression is taken or refused with a place."""
    schema = loaded(EXAMPLE)
    schema["tables"]["AgentTask"]["computed"]["probe"] = text
    checked(dumped(schema))


LAUGHS = "a0: &a0 lol\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12))  # fmt: skip


@pytest.mark.parametrize(
    ("text", "code"),
    [
        pytest.param(LAUGHS, "TW105", id="a billion laughs"),
        pytest.param("tables: " + "[" * 100_000, "TW104", id="a hundred thousand brackets"),
        pytest.param("tables: " + "{a: " * 50_000, "TW104", id="fifty thousand braces"),
        pytest.param("- " * 100_000, "TW104", id="a hundred thousand dashes"),
        pytest.param("tablewright: 1\nname: x\n\ttables: {}\n", "TW101", id="tabs"),
        pytest.param("tablewright: 1\nname: \x00\n", "TW101", id="a NUL"),
        pytest.param("tablewright: 1\nname: \ud800\n", "TW101", id="half a surrogate pair"),
        pytest.param('tablewright: 1\nname: x\ndescription: "\\0"\n', "TW105", id="an escaped NUL"),
        pytest.param("a: &x 1\nb: *x\n", "TW105", id="an anchor"),
        pytest.param("a: {<<: {b: 1}}\n", "TW105", id="a merge key"),
        pytest.param(
            "a: !!python/object/apply:os.system [id]\n", "TW105", id="a tag that runs code"
        ),
        pytest.param("a: 1\na: 2\n", "TW107", id="a key twice"),
        pytest.param("? [a]\n: 1\n", "TW106", id="a list as a key"),
        pytest.param("a: 1\n---\nb: 2\n", "TW103", id="two documents"),
    ],
)
def test_a_trap_of_yaml_is_refused_by_name(text: str, code: str) -> None:
    """What YAML offers for mischief is not taken, quickly and with the reason."""
    begun = time.perf_counter()

    compiled = checked(text)

    assert code in {finding.code for finding in compiled.findings}
    assert time.perf_counter() - begun < 5


def test_a_byte_order_mark_and_line_ends_of_windows_change_nothing() -> None:
    """The same schema is the same schema on every system."""
    plain = compile_schema(Source("a.yaml", EXAMPLE)).schema
    windows = compile_schema(Source("a.yaml", "\ufeff" + EXAMPLE.replace("\n", "\r\n"))).schema

    assert plain == windows


def test_a_default_that_airtable_would_refuse_is_refused() -> None:
    """A text field without bounds of its own ends where Airtable's does."""
    text = "tablewright: 1\nname: shop\ntables: {{Job: {{fields: {{note: {{type: long_text, default: {}}}}}}}}}\n"

    longest, longer = (checked(text.format("x" * n)) for n in (100_000, 100_001))

    assert longest.schema is not None
    assert longer.schema is None
    assert any("has 100001 characters, more than 100000" in one.message for one in longer.findings)


@pytest.mark.parametrize("name", ["ﬁeld", "straße²", "a\u0301", "ｎame", "x\u200by", "\u202ename"])
def test_a_name_that_python_reads_differently_is_refused(name: str) -> None:
    """Ligatures, full-width letters, separate accents and invisible signs would make two names one."""
    compiled = checked(f"tablewright: 1\nname: s\ntables: {{T: {{fields: {{n: text, '{name}': text}}}}}}\n")  # fmt: skip

    assert {finding.code for finding in compiled.findings} == {"TW201"}


@pytest.mark.parametrize("name", ["größe", "名前", "имя", "ΟΝΟΜΑ"])
def test_a_name_of_another_alphabet_is_welcome(name: str) -> None:
    """Python takes letters of all alphabets, and so do schemas."""
    compiled = checked(f"tablewright: 1\nname: s\ntables: {{T: {{fields: {{n: text, {name}: text}}}}}}\n")  # fmt: skip

    assert compiled.findings == ()


@pytest.mark.parametrize(
    ("line", "way_out"),
    [
        pytest.param("    computed: {b: coalesce(a, 'x')}", "inside {…}", id="call_in_braces"),
        pytest.param("    computed:\n      b: 'x' + a", "begins with a quote", id="quote_first"),
        pytest.param("    queries:\n      q:\n        where: [a] == b", "begins with a bracket", id="bracket_first"),
        pytest.param("    name: @x", "cannot begin with '@'", id="sign_that_begins_no_word"),
        pytest.param("    description\n    name: x", "line 6 has no ':'", id="key_without_its_colon"),
        pytest.param("    description: a: b", "': ' in it has to be quoted", id="colon_in_a_text"),
        pytest.param('    description: "\\ud800"', "the character itself", id="half_of_a_pair"),
        pytest.param("\tname: x", "not with tabs", id="tab"),
    ],
)  # fmt: skip
def test_what_yaml_cannot_read_comes_with_the_likely_reason(line: str, way_out: str) -> None:
    """YAML's own words say where it stopped; the help says what was probably meant."""
    text = f"tablewright: 1\nname: x\ntables:\n  T:\n    fields: {{a: text}}\n{line}\n"

    (finding,) = compile_schema(Source("schema.yaml", text)).findings

    assert finding.code == "TW101"
    assert way_out in finding.help
