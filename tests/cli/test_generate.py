"""`tablewright generate` and `check`: one path that writes, compares or shows."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tablewright.cli.main import cli

SCHEMAS = Path(__file__).parents[2] / "schemas"
SCHEMA = """\
tablewright: 1
name: notes
tables:
  Note:
    fields:
      title: {type: text, required: true}
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one schema, as the current folder."""
    (tmp_path / "schemas").mkdir()
    (tmp_path / "schemas" / "notes.yaml").write_text(SCHEMA)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, list(arguments))


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_a_package_is_written_and_then_current(project: Path) -> None:
    """The first run writes, the second finds nothing to do, and --check agrees."""
    first = run("generate")
    second = run("generate")
    checked = run("generate", "--check")

    assert first.exit_code == 0, first.output
    assert "files written from" in first.output
    assert second.output == f"{Path('generated/notes')}: current\n"
    assert checked.exit_code == 0
    assert checked.output == ""


def test_check_names_changed_missing_and_left_over_files(project: Path) -> None:
    """--check writes nothing and ends with 1."""
    run("generate")
    package = project / "generated" / "notes"
    (package / "models.py").write_text((package / "models.py").read_text() + "# edited\n")
    (package / "inputs.py").unlink()
    (package / "lifecycle.py").write_text((package / "columns.py").read_text())
    before = files(package)

    result = run("generate", "--check")

    assert result.exit_code == 1
    assert f"{Path('generated/notes/models.py')}: changed" in result.output
    assert f"{Path('generated/notes/inputs.py')}: missing" in result.output
    assert f"{Path('generated/notes/lifecycle.py')}: orphan" in result.output
    assert files(package) == before


def test_diff_shows_what_would_change_and_writes_nothing(project: Path) -> None:
    """--diff prints a patch from what lies there to what is wanted."""
    run("generate")
    (project / "schemas" / "notes.yaml").write_text(SCHEMA + "      body: long_text\n")
    before = files(project / "generated")

    result = run("generate", "--diff")

    assert result.exit_code == 1
    assert "+    body: str | None = None" in result.output
    assert files(project / "generated") == before


def test_diff_is_a_patch_whatever_the_line_ends_are(project: Path) -> None:
    """A checkout with other line ends and a lost last line break show the lines that differ, as patches have them."""
    run("generate")
    readme = project / "generated" / "notes" / "README.md"
    wanted = readme.read_bytes()
    readme.write_bytes(wanted.replace(b"\n", b"\r\n").removesuffix(b"\r\n"))

    result = run("generate", "--diff")

    found = [line for line in result.output.split("\n")[2:] if line[:1] in ("+", "-", "\\")]
    last = wanted.decode().rstrip("\n").split("\n")[-1]
    assert found == [f"-{last}", "\\ No newline at end of file", f"+{last}"]


def test_left_over_files_go_and_foreign_ones_stay(project: Path) -> None:
    """Only files that carry our header are removed."""
    run("generate")
    package = project / "generated" / "notes"
    (package / "old.py").write_text((package / "columns.py").read_text())
    (package / "mine.py").write_text("MINE = 1\n")

    result = run("generate")

    assert result.exit_code == 0
    assert not (package / "old.py").exists()
    assert (package / "mine.py").read_text() == "MINE = 1\n"


def test_what_a_killed_run_began_goes(project: Path) -> None:
    """It may have held no text yet; an empty file of one's own stays."""
    run("generate")
    package = project / "generated" / "notes"
    (package / ".models.k2_x9abc.py").touch()
    (package / "mine.py").touch()

    checked, written = run("generate", "--check"), run("generate")

    assert checked.exit_code == 1
    assert "1 file removed" in written.output
    assert not (package / ".models.k2_x9abc.py").exists()
    assert (package / "mine.py").exists()


@pytest.mark.parametrize("place", ["generated", "generated/notes"])
def test_a_file_where_a_folder_belongs_is_named(project: Path, place: str) -> None:
    """The file itself, and not what would lie below it."""
    (project / place).parent.mkdir(exist_ok=True)
    (project / place).touch()

    result = run("generate")

    assert result.exit_code == 1
    assert result.output == f"Error: {place}: is in the way: move it aside\n"


def test_nothing_is_written_for_a_schema_with_an_error(project: Path) -> None:
    """One bad schema keeps every package as it was."""
    (project / "schemas" / "bad.yaml").write_text(
        SCHEMA.replace("notes", "bad").replace("text", "txt")
    )

    result = run("generate")

    assert result.exit_code == 1
    assert "error[TW206]: unknown type 'txt'" in result.output
    assert "did you mean 'text'?" in result.output
    assert not (project / "generated").exists()


def test_a_broken_template_is_named_and_writes_nothing(project: Path) -> None:
    """A user's own template with a mistake ends in one sentence."""
    (project / "own" / "python").mkdir(parents=True)
    (project / "own" / "python" / "enums.py.jinja").write_text("unused")
    (project / "own" / "python" / "models.py.jinja").write_text("{{ view.nonsense }}")

    result = run("generate", "--templates", "own")

    assert result.exit_code != 0
    assert not (project / "generated").exists()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"\n{{ view.nonsense }}", "has no attribute 'nonsense'"),
        (b"\n{{ view.records + 1 }}", "cannot be filled: TypeError"),
        (b"\n{{ 1 / 0 }}", "cannot be filled: ZeroDivisionError"),
        (b"\n{% for one in %}", "cannot be read"),
        (b"\xff", "no text in UTF-8"),
        (b'{% include "python/models.py.jinja" %}', "includes itself"),
        (b"x = 1\0", "null bytes"),
    ],
)
@pytest.mark.parametrize("form", ["text", "json"])
def test_a_mistake_in_a_template_is_told_in_one_sentence(
    project: Path, text: bytes, told: str, form: str
) -> None:
    """Whatever a template calculates or holds, its author sees where and what, and no traceback."""
    (project / "own" / "python").mkdir(parents=True)
    (project / "own" / "python" / "models.py.jinja").write_bytes(text)

    result = run("generate", "--templates", "own", "--format", form)

    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    assert told in result.output
    assert not text.startswith(b"\n") or "models.py.jinja:2: " in result.output
    assert not (project / "generated").exists()


def test_a_users_template_replaces_a_built_in_one(project: Path) -> None:
    """--templates overrides single templates; the others stay."""
    (project / "own" / "docs").mkdir(parents=True)
    (project / "own" / "docs" / "README.md.jinja").write_text(
        "<!-- Generated by tablewright -->\n# {{ view.title }}, ours\n"
    )

    result = run("generate", "--templates", "own")

    assert result.exit_code == 0, result.output
    assert "# notes, ours" in (project / "generated" / "notes" / "README.md").read_text()
    assert run("generate", "--templates", "own", "--check").exit_code == 0
    assert run("generate", "--check").exit_code == 1


def test_the_same_schema_gives_the_same_bytes_under_any_hash_seed(tmp_path: Path) -> None:
    """No set or dict order reaches the output."""
    outputs = []
    for seed in ("0", "1", "4242"):
        out = tmp_path / seed
        subprocess.run(
            [
                sys.executable,
                "-m",
                "tablewright",
                "generate",
                str(SCHEMAS / "agent_tasks.yaml"),
                "--out",
                str(out),
            ],
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
        )
        outputs.append(files(out))

    assert outputs[0] == outputs[1] == outputs[2]


def test_no_schema_at_all_is_wrong_usage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a schema the command says where it looked."""
    monkeypatch.chdir(tmp_path)

    result = run("generate")

    assert result.exit_code == 2
    assert "name a schema file" in result.output


def test_check_prints_findings_as_json(project: Path) -> None:
    """--format json is for tools: place, code, message and help."""
    (project / "schemas" / "notes.yaml").write_text(SCHEMA.replace("text", "txt"))

    result = run("check", "--format", "json")

    assert result.exit_code == 1
    assert '"code": "TW206"' in result.output
    assert '"line": 6' in result.output


@pytest.mark.parametrize(
    ("form", "part"), [("github", "::error file="), ("sarif", '"ruleId": "TW206"')]
)
def test_check_prints_findings_for_ci(project: Path, form: str, part: str) -> None:
    """GitHub shows annotations beside the line; SARIF is read by code scanning."""
    (project / "schemas" / "notes.yaml").write_text(SCHEMA.replace("text", "txt"))

    result = run("check", "--format", form)

    assert result.exit_code == 1
    assert part in result.output


def test_a_finding_in_an_included_file_shows_its_line(project: Path) -> None:
    """The excerpt comes from the file that the finding is about."""
    (project / "shared").mkdir()
    (project / "shared" / "enums.yaml").write_text(
        "tablewright: 1\nenums:\n  Level: {values: [LOW, LOW]}\n"
    )
    (project / "schemas" / "notes.yaml").write_text(
        SCHEMA + "      level: Level\ninclude: ../shared/enums.yaml\n"
    )

    result = run("check")

    assert result.exit_code == 1
    assert "enums.yaml:3:" in result.output
    assert "3 |   Level: {values: [LOW, LOW]}" in result.output


def test_a_missing_file_is_one_sentence(project: Path) -> None:
    """No traceback for a user's mistake."""
    result = run("check", "nowhere.yaml")

    assert result.exit_code == 1
    assert "nowhere.yaml: there is no such file" in result.output


def test_a_file_that_cannot_be_read_is_a_finding_for_tools(project: Path) -> None:
    """A tool that reads the findings alone sees that there is an error, and where."""
    (project / "schemas" / "bad.yaml").write_bytes(b"name: \xff")

    result = run("check", "schemas/bad.yaml", "nowhere.yaml", "--format", "json")

    found = json.loads(result.stdout)
    assert (result.exit_code, found["errors"]) == (1, 2)
    assert [(one["path"], one["line"], one["code"], one["message"][:16]) for one in found["findings"]] == [
        ("schemas/bad.yaml", 1, "TW101", "byte 6 is not UT"),
        ("nowhere.yaml", 1, "TW101", "there is no such"),
    ]  # fmt: skip


def test_watch_writes_again_after_a_change_and_waits_out_mistakes(project: Path) -> None:
    """--watch goes on until it is stopped, through a mistake in between."""
    schema = project / "schemas" / "notes.yaml"
    models = project / "generated" / "notes" / "models.py"
    watching = subprocess.Popen(
        [sys.executable, "-u", "-m", "tablewright", "generate", "--watch"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONPATH": str(SCHEMAS.parent / "generator")},
    )
    try:
        until(models.exists)
        # The watcher says that it waits before it does.
        time.sleep(1)
        schema.write_text(SCHEMA.replace("text", "txt"))
        time.sleep(1)
        schema.write_text(SCHEMA + "      body: long_text\n")
        until(lambda: "body" in models.read_text())
    finally:
        watching.send_signal(signal.SIGINT)
        output, _ = watching.communicate(timeout=20)

    assert watching.returncode == 0, output
    assert "unknown type 'txt'" in output
    assert "Traceback" not in output
    assert "KeyboardInterrupt" not in output


def until(holds: Callable[[], bool]) -> None:
    """Wait until a condition holds, for half a minute at most."""
    for _ in range(300):
        if holds():
            return
        time.sleep(0.1)
    raise AssertionError("it did not happen in time")


def test_the_configuration_names_schemas_and_output(project: Path) -> None:
    """What tablewright.toml says holds for check and generate, from folders below it too."""
    (project / "tablewright.toml").write_text('schemas = ["models/*.yaml"]\noutput = "src/made"\n')
    (project / "models").mkdir()
    (project / "schemas" / "notes.yaml").rename(project / "models" / "notes.yaml")

    checked = run("check")
    generated = run("generate")

    assert checked.output == f"{Path('models/notes.yaml')}: fine (1 table)\n"
    assert generated.exit_code == 0, generated.output
    assert (project / "src" / "made" / "notes" / "models.py").is_file()


def test_a_broken_configuration_is_one_sentence(project: Path) -> None:
    """No traceback for a user's mistake."""
    (project / "tablewright.toml").write_text("schemas = [\n")

    result = run("generate")

    assert result.exit_code == 1
    assert "tablewright.toml" in result.output
    assert "Traceback" not in result.output


def test_everything_is_told_as_one_json_document(project: Path) -> None:
    """--format json: findings, and what became of every file, for tools that read standard output."""
    written = run("generate", "--format", "json")
    models = project / "generated" / "notes" / "models.py"
    models.write_text(models.read_text("utf-8") + "# mine\n", "utf-8")
    checked = run("generate", "--check", "--format", "json")
    shown = run("generate", "--diff", "--format", "json")
    (project / "schemas" / "notes.yaml").write_text("tablewright: 1\nname: notes\n")
    wrong = run("generate", "--format", "json")

    (package,) = json.loads(written.stdout)["packages"]
    assert (package["schema"], package["folder"]) == ("schemas/notes.yaml", "generated/notes")
    assert {file["state"] for file in package["files"]} == {"missing"}
    changed = {"path": "generated/notes/models.py", "state": "changed"}
    assert json.loads(checked.stdout)["packages"][0]["files"] == [changed]
    assert "-# mine" in json.loads(shown.stdout)["packages"][0]["files"][0]["diff"]
    assert (json.loads(wrong.stdout)["errors"], json.loads(wrong.stdout)["packages"]) == (1, [])
    assert [one.exit_code for one in (written, checked, shown, wrong)] == [0, 1, 1, 1]


def test_two_schemas_of_one_name_are_refused(project: Path) -> None:
    """Neither package takes the other's place; nothing is written."""
    (project / "schemas" / "more.yaml").write_text(SCHEMA)

    result = run("generate")

    assert result.exit_code == 1
    assert "both called 'notes'" in result.output
    assert not (project / "generated").exists()


def test_a_template_that_replaces_none_is_refused(project: Path) -> None:
    """A slip in its name would otherwise go unnoticed."""
    (project / "own" / "python").mkdir(parents=True)
    (project / "own" / "python" / "model.py.jinja").write_text("x")

    refused = run("generate", "--templates", "own")

    assert refused.exit_code == 1
    assert "no built-in template has the name of python/model.py.jinja" in refused.output
    assert not (project / "generated").exists()
