"""`tablewright stats` on a store that keeps no queue."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from generated.agent_tasks import AgentTask
from tablewright.cli.stats import command
from tablewright.runtime import connect

WORDS = ["generated.agent_tasks:AgentTask", "--store", "local:"]


def test_without_a_queue_the_schemas_statistics_are_printed_all_the_same() -> None:
    """Airtable keeps no leases: the queue's figures are left out, and a note beside the figures says so."""
    result = CliRunner().invoke(command, WORDS)

    assert result.exit_code == 0
    assert "total tasks" in result.stdout
    assert "oldest waiting" not in result.stdout
    assert "the queue's figures are left out: local Airtable" in result.stderr


def test_with_leases_the_queues_figures_of_airtable_are_printed_too(tmp_path: Path) -> None:
    """The option is the one of `tablewright work`."""
    result = CliRunner().invoke(command, [*WORDS, "--leases", f"sqlite:///{tmp_path}/leases.db"])

    assert result.exit_code == 0
    assert "oldest waiting" in result.stdout
    assert not result.stderr


def test_json_holds_figures_alone() -> None:
    """The note goes to the error stream, so that a program can read the rest."""
    result = CliRunner().invoke(command, [*WORDS, "--format", "json"])

    assert list(json.loads(result.stdout)) == ["get_agent_stats"]
    assert "left out" in result.stderr


@pytest.mark.parametrize("store", ["sqlite:///{}/missing.db", "local:{}/missing.airtable"])
def test_a_file_that_is_not_there_is_not_made(tmp_path: Path, store: str) -> None:
    """A slip in its name would give figures of nothing."""
    result = CliRunner().invoke(command, [WORDS[0], "--store", store.format(tmp_path)])

    assert result.exit_code == 1
    assert "there is no file" in result.stderr
    assert "--store" in result.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("span", ["500ms", "90s", "5m", "1.5h", "7d", "1w", "90"])
def test_spans_are_written_as_durations_in_a_schema(tmp_path: Path, span: str) -> None:
    """Every unit that the language knows, and a number of seconds."""
    url = f"sqlite:///{tmp_path}/tasks.db"
    (tmp_path / "tasks.db").touch()

    result = CliRunner().invoke(command, [WORDS[0], "--store", url, "--since", span, "--bucket", span])  # fmt: skip

    assert result.exit_code == 0, result.output


@pytest.mark.parametrize(
    ("span", "said"),
    [
        ("soon", "'soon' is no duration: write 500ms, 90s, 5m, 1.5h, 7d or 1w"),
        ("5y", "'5y' is no duration"),
        ("-1h", "'-1h' is no duration"),
        ("nan", "'nan' is no duration"),
        ("99999999999w", "is longer than any duration"),
    ],
)
def test_a_span_that_is_no_duration_is_refused_before_anything_is_read(
    span: str, said: str
) -> None:
    """The option is named, and what can be written."""
    result = CliRunner().invoke(command, [WORDS[0], "--since", span])

    assert result.exit_code == 2
    assert "--since" in result.stderr
    assert said in result.stderr


def test_groups_are_headed_by_the_field_they_were_asked_for_by(tmp_path: Path) -> None:
    """The column says what its values are."""
    url = f"sqlite:///{tmp_path}/tasks.db"
    with connect(url):
        AgentTask.create(name="n", description="d", agent_id="agent_007")

    result = CliRunner().invoke(command, [WORDS[0], "--store", url, "--by", "agent_id"])

    heading, group = result.stdout.rstrip().splitlines()[-2:]
    assert heading.startswith("agent id ")
    assert group.startswith("agent_007 ")
