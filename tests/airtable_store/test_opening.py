"""What `connect` makes of the environment for Airtable, and what is declared of a base before anything is asked."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from generated.agent_tasks import AgentTask
from tablewright.cli.stats import command as stats
from tablewright.runtime import NotConfigured, StoreError, connect
from tablewright.server.serve import LocalAirtable
from tablewright.testing import provision

BASE = "appAAAAAAAAAAAAAA"


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An empty folder and an environment that names no store."""
    monkeypatch.chdir(tmp_path)
    for name in ("TABLEWRIGHT_STORE", "AIRTABLE_ACCESS_TOKEN", "AIRTABLE_BASE_ID"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("place", ["environment", ".env", "half in each"])
def test_token_and_base_are_enough(
    place: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The service itself is meant, requests to it are limited, and the log says what was taken and why."""
    both = {"AIRTABLE_ACCESS_TOKEN": "pat.secret", "AIRTABLE_BASE_ID": BASE}
    in_file = {".env": both, "half in each": {"AIRTABLE_BASE_ID": BASE}}.get(place, {})
    Path(".env").write_text("".join(f"{name}={value}\n" for name, value in in_file.items()))
    for name in both.keys() - in_file.keys():
        monkeypatch.setenv(name, both[name])

    with caplog.at_level(logging.INFO, "tablewright"), connect() as opened:
        store: Any = opened.store

        assert opened.description == f"Airtable {BASE}"
        assert store.client.api.endpoint_url == "https://api.airtable.com"
        assert type(store.client._limiter).__name__ == "SharedLimiter"
    said = f"records are in Airtable {BASE} (from AIRTABLE_ACCESS_TOKEN and AIRTABLE_BASE_ID)"
    assert said in caplog.text
    assert "secret" not in caplog.text


@pytest.mark.parametrize("name", ["AIRTABLE_ACCESS_TOKEN", "AIRTABLE_BASE_ID"])
def test_one_without_the_other_is_no_reason_for_another_store(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Records that were meant for Airtable do not land in a file: the error names what is missing."""
    monkeypatch.setenv(name, BASE)

    with pytest.raises(NotConfigured, match=f"{name} is set and AIRTABLE_.* is not"):
        connect()

    assert list(Path().iterdir()) == []


@pytest.mark.parametrize("token", ["patSECRET…", "patSECRET two", "patSECRET\ntwo", "patSECRETé"])
def test_a_token_that_cannot_be_sent_is_refused_before_anything_is_asked(
    token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A shortened or torn copy is told by the variable's name, in a program and on the command line, and not shown."""
    monkeypatch.setenv("AIRTABLE_ACCESS_TOKEN", token)

    with pytest.raises(NotConfigured, match="AIRTABLE_ACCESS_TOKEN holds signs that no token") as one:  # fmt: skip
        connect(f"airtable://{BASE}")
    shown = CliRunner().invoke(
        stats, ["generated.agent_tasks:AgentTask", "--store", f"airtable://{BASE}"]
    )

    assert "Copy it anew" in str(one.value)
    assert shown.exit_code == 1
    assert shown.stderr == f"Error: {one.value}\n"
    assert "SECRET" not in str(one.value)


def test_blanks_around_a_token_are_no_part_of_it(
    local_airtable: LocalAirtable, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that a token is read from often ends with a line break."""
    provision(local_airtable, [AgentTask])
    monkeypatch.setenv("AIRTABLE_ACCESS_TOKEN", f" {local_airtable.token}\n")

    with connect(local_airtable.store_url):
        assert AgentTask.all() == []


def test_what_airtable_does_not_guarantee_is_declared(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A program can look before it relies on anything."""
    monkeypatch.setenv("AIRTABLE_ACCESS_TOKEN", "pat.secret")

    with connect(f"airtable://{BASE}") as opened:
        declared = opened.capabilities

    assert (declared.compare_and_swap, declared.atomic, declared.rules) == (False, "batch of ten", "looked for")  # fmt: skip
    assert (declared.claims, declared.groups, declared.microseconds) == ("none", False, False)
    assert (declared.keeps_ids, declared.references, declared.comments) == (False, True, True)


def test_a_table_that_is_not_there_is_never_made(
    local_airtable: LocalAirtable, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error says how tables are made; a base that the token may not use is no reason to make one either."""
    monkeypatch.setenv("AIRTABLE_ACCESS_TOKEN", local_airtable.token)
    other = local_airtable.store_url.replace(local_airtable.base_id, BASE)

    for url in (local_airtable.store_url, other):
        with connect(url):
            for ask in (AgentTask.all, lambda: AgentTask.create(name="n", description="d", agent_id="a")):  # fmt: skip
                local_airtable.calls.clear()
                with pytest.raises(StoreError, match="'tablewright apply' creates tables"):
                    ask()
                (call,) = local_airtable.calls
                assert call.status == 403

    (base,) = local_airtable.workspace.bases.values()
    assert "AI_Agent_Tasks" not in [table.name for table in base.tables.values()]


def test_one_class_serves_two_bases(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of a connection is kept on the class: whichever is current is asked, and later ones count."""
    with LocalAirtable() as first, LocalAirtable() as second:
        for airtable in (first, second):
            provision(airtable, [AgentTask])
        monkeypatch.setenv("AIRTABLE_ACCESS_TOKEN", first.token)
        with connect(first.store_url):
            made = AgentTask.create(name="n", description="d", agent_id="a")
            monkeypatch.setenv("AIRTABLE_ACCESS_TOKEN", second.token)
            with connect(second.store_url):
                assert AgentTask.all() == []
                # A record belongs to the store that it came from.
                made.update(output="x")
            assert AgentTask.get(made.id).output == "x"
