"""Includes and mixins: several files, one schema, and findings that say which file they are about."""

from __future__ import annotations

from pathlib import Path

import pytest

from tablewright.check.compile import Compiled, compile_schema
from tablewright.syntax.source import Source, SourceUnreadable, read_source

MAIN = """\
tablewright: 1
name: shop
include: {include}
tables:
  Order: {{use: [Audited], fields: {{number: text, colour: Colour}}}}
"""
COLOURS = "enums:\n  Colour: [RED, GREEN]\n"
AUDITED = "include: colours.yaml\nmixins:\n  Audited: {fields: {checked_by: text, shade: Colour}}\n"


def compiled(files: dict[str, str], read: list[str] | None = None) -> Compiled:
    """Compile schemas/main.yaml with the other files at hand; *read* collects what was asked for."""

    def load(path: str) -> Source:
        if read is not None:
            read.append(path)
        if path not in files:
            raise SourceUnreadable(f"{path}: there is no such file: look elsewhere")
        return Source(path, files[path])

    return compile_schema(Source("schemas/main.yaml", files["schemas/main.yaml"]), load)


def files(**changed: str) -> dict[str, str]:
    found = {
        "schemas/main.yaml": MAIN.format(include="[shared/audited.yaml, shared/colours.yaml]"),
        "schemas/shared/audited.yaml": AUDITED,
        "schemas/shared/colours.yaml": COLOURS,
    }
    return found | {f"schemas/shared/{name}.yaml": text for name, text in changed.items()}


def test_paths_are_relative_to_the_including_file_and_each_file_is_read_once() -> None:
    """A file that two others include is no clash."""
    read: list[str] = []

    result = compiled(files(), read)

    assert result.findings == ()
    assert read == ["schemas/shared/audited.yaml", "schemas/shared/colours.yaml"]
    assert [source.path for source in result.sources] == ["schemas/main.yaml", *read]


def test_a_table_has_its_own_fields_first_and_then_those_of_its_mixins() -> None:
    """The primary field stays the table's own."""
    schema = compiled(files()).schema

    assert schema is not None
    assert [field.key for field in schema.table("Order").fields] == [
        "number",
        "colour",
        "checked_by",
        "shade",
    ]


def test_the_fingerprint_counts_what_is_included_and_not_how_it_is_laid_out() -> None:
    """Generated code is stale when a shared enum changes, and not when a comment does."""
    first = compiled(files()).schema
    commented = compiled(files(colours=f"# all colours\n{COLOURS}")).schema
    changed = compiled(files(colours=COLOURS.replace("GREEN", "BLUE"))).schema

    assert first is not None
    assert commented is not None
    assert changed is not None
    assert first.fingerprint == commented.fingerprint
    assert first.fingerprint != changed.fingerprint


def test_a_finding_in_an_included_file_points_into_it() -> None:
    """Path, line and excerpt are those of the file that has to be changed."""
    result = compiled(files(colours="enums:\n  Colour: {values: [RED, RED]}\n"))

    assert [(one.span.path, one.span.line, one.code) for one in result.findings] == [
        ("schemas/shared/colours.yaml", 2, "TW203")
    ]
    assert result.lines["schemas/shared/colours.yaml"][1].startswith("  Colour")


def test_a_broken_included_file_is_reported_as_yaml_and_nothing_else_is_guessed() -> None:
    """The first thing to mend is said, with its place."""
    result = compiled(files(colours="enums: {"))

    assert "TW101" in {one.code for one in result.findings}
    assert result.schema is None


def test_a_long_chain_of_includes_is_read() -> None:
    """Each file may include another one, up to the limit of files."""
    chain = {f"step{number}": f"include: step{number + 1}.yaml\n" for number in range(150)}
    chain["step150"] = COLOURS

    result = compiled(files(colours="include: step0.yaml\n", **chain))

    assert result.findings == ()


def test_too_many_files_are_refused() -> None:
    """A schema that includes without end is stopped."""
    chain = {f"step{number}": f"include: step{number + 1}.yaml\n" for number in range(300)}

    result = compiled(files(colours="include: step0.yaml\n", **chain))

    assert "TW114" in {one.code for one in result.findings}


@pytest.mark.parametrize(
    "path", ["", "/etc/passwd", "https://example.com/a.yaml", "..\\\\a.yaml", "C:/a.yaml", "a\\0b"]
)
def test_what_is_no_relative_path_is_refused(path: str) -> None:
    """Nothing is fetched, and nothing outside the checkout is named by accident."""
    read: list[str] = []
    text = MAIN.format(include=f'["{path}"]').replace("use: [Audited], ", "").replace(", colour: Colour", "")  # fmt: skip

    result = compiled({"schemas/main.yaml": text}, read)

    assert {one.code for one in result.findings} <= {"TW114", "TW105", "TW110"}
    assert result.schema is None
    assert read == []


def test_files_on_disk_are_found_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    """What counts is where the schema lies, not where the command runs."""
    for path, text in files().items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path / "schemas" / "shared")

    assert compile_schema(read_source(tmp_path / "schemas" / "main.yaml")).findings == ()
    assert compile_schema(read_source(Path("../main.yaml"))).findings == ()


@pytest.mark.parametrize("content", [b"\xff\xfe", b""])
def test_an_included_file_that_is_no_text_or_empty_is_reported(tmp_path: Path, content: bytes) -> None:  # fmt: skip
    """Whatever lies there, there is a finding and no exception."""
    (tmp_path / "odd.yaml").write_bytes(content)
    (tmp_path / "main.yaml").write_text("tablewright: 1\nname: x\ninclude: odd.yaml\ntables: {T: {fields: {n: text}}}\n")  # fmt: skip

    result = compile_schema(read_source(tmp_path / "main.yaml"))

    assert {one.code for one in result.findings} <= {"TW114", "TW102"}
    assert result.schema is None
