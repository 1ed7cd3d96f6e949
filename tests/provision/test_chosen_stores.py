"""Workers and statistics choose their store as `plan` chooses what it looks at; nobody changes a place that was not meant."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from generated.agent_tasks import AgentTask
from tablewright.config import Environment
from tablewright.provision.stores import store_url
from tablewright.runtime import connect
from tablewright.worker.errors import secrets_of

if TYPE_CHECKING:
    from tests.provision.conftest import Shell

MODEL = "generated.agent_tasks:AgentTask"
ROOT = Path(__file__).parents[2]
HANDLERS = "def handle(task):\n    return 'done'\n"


@pytest.fixture
def shop(shell: Shell) -> Shell:
    """A project with two databases, each with as many tasks as its name has letters."""
    (shell.folder / "schemas" / "shop.yaml").unlink()
    shutil.copy(ROOT / "schemas" / "agent_tasks.yaml", shell.folder / "schemas")
    (shell.folder / "handlers_of_shop.py").write_text(HANDLERS)
    shell.environment["PYTHONPATH"] += os.pathsep + str(ROOT)
    del shell.environment["AIRTABLE_ACCESS_TOKEN"]
    (shell.folder / "tablewright.toml").write_text(
        'default_environment = "staging"\n'
        '[environments.staging]\nstore = "sqlite:///staging.db"\n'
        '[environments.production]\nstore_variable = "SHOP_DATABASE"\n'
    )
    for name in ("staging", "production", "variable"):
        with connect(f"sqlite:///{shell.folder}/{name}.db"):
            AgentTask.bulk_create(
                [{"name": "n", "description": "d", "agent_id": "a"} for _ in name]
            )
    return shell


PRODUCTION = {"SHOP_DATABASE": "sqlite:///production.db"}
VARIABLE = {"TABLEWRIGHT_STORE": "sqlite:///variable.db"}
AIRTABLE = {"AIRTABLE_ACCESS_TOKEN": "pat.x", "AIRTABLE_BASE_ID": f"app{'A' * 14}"}
NAMED = {"TABLEWRIGHT_ENVIRONMENT": "production"}


@pytest.mark.parametrize(
    ("options", "variables", "tasks"),
    [
        ((), {}, len("staging")),
        (("--environment", "production"), PRODUCTION, len("production")),
        (("-e", "production"), PRODUCTION | VARIABLE, len("production")),
        ((), PRODUCTION | NAMED, len("production")),
        ((), PRODUCTION | NAMED | VARIABLE, len("production")),
        (("-e", "staging"), PRODUCTION | NAMED, len("staging")),
        (("-e", "staging"), AIRTABLE, len("staging")),
        ((), VARIABLE, len("variable")),
        (("--store", "sqlite:///variable.db"), PRODUCTION | NAMED, len("variable")),
    ],
)
def test_statistics_are_of_the_environment_that_was_chosen(
    shop: Shell, options: tuple[str, ...], variables: dict[str, str], tasks: int
) -> None:
    """An option before a variable, a named environment before a named store, and the default last."""
    found = shop.run("stats", MODEL, *options, "--format", "json", **variables)

    assert found.returncode == 0, found.stderr
    assert f'"total_tasks": {tasks},' in found.stdout
    assert not (shop.folder / "tablewright.db").exists()


def test_a_worker_takes_tasks_of_the_environment_that_was_chosen(shop: Shell) -> None:
    """The embedded default is neither used nor made."""
    shop.environment |= PRODUCTION | NAMED

    done = shop.process("work", MODEL, "--handler", "handlers_of_shop:handle", "--once")

    assert done.returncode == 0, done.stderr
    with connect(f"sqlite:///{shop.folder}/production.db"):
        assert {one.status.name for one in AgentTask.where()} == {"COMPLETED"}
    assert not (shop.folder / "tablewright.db").exists()


@pytest.mark.parametrize("words", [("stats", MODEL), ("work", MODEL, "--handler", "handlers_of_shop:handle", "--once")])  # fmt: skip
@pytest.mark.parametrize(
    ("options", "variables", "said"),
    [
        (("-e", "prod"), {}, "there is no environment 'prod': there are staging, production"),
        ((), {"TABLEWRIGHT_ENVIRONMENT": "prod"}, "there is no environment 'prod'"),
        (("-e", "production"), {}, "SHOP_DATABASE is not set, where the environment 'production'"),
        (
            ("-e", "staging", "--store", "sqlite:///x.db"),
            {},
            "--store and --environment name two places",
        ),
    ],
)
def test_what_cannot_be_chosen_is_refused_before_anything_is_made(
    shop: Shell, words: tuple[str, ...], options: tuple[str, ...], variables: dict[str, str], said: str
) -> None:  # fmt: skip
    """As `plan` refuses it; no worker begins on a database of its own."""
    shop.environment |= variables

    found = shop.process(*words, *options)

    assert found.returncode in (1, 2)
    assert said in found.stderr
    assert not (shop.folder / "tablewright.db").exists()


def test_an_airtable_environment_brings_its_end_point_and_token(shop: Shell) -> None:
    """The token is the one of its own variable, and the base that `apply` made is found in the lock file."""
    (shop.folder / "tablewright.toml").write_text(
        f'[environments.fresh]\nworkspace = "{shop.server.workspace.workspace_id}"\n'
        f'endpoint = "{shop.server.url}"\ntoken_variable = "SHOP_TOKEN"\n'
    )
    token = {"SHOP_TOKEN": shop.server.token}
    early = shop.run("stats", MODEL, **token)
    applied = shop.run("apply", "--yes", **token)

    found = shop.run("stats", MODEL, "--format", "json", **token)
    without = shop.run("stats", MODEL)

    assert "environment 'fresh' has no base yet: 'tablewright apply --environment fresh'" in early.stderr  # fmt: skip
    assert applied.returncode == 0, applied.stderr
    assert found.returncode == 0, found.stderr
    assert '"total_tasks": 0,' in found.stdout
    assert "set SHOP_TOKEN in the environment" in without.stderr


def test_the_url_of_an_environment_holds_what_is_not_as_usual(tmp_path: Path) -> None:
    """It is what a program would write by hand, and no token is in it."""
    base = f"app{'A' * 14}"
    usual = Environment("prod", base=base)
    unusual = Environment(
        "dev", base=base, endpoint="http://127.0.0.1:1", token_variable="T", rate_limit="on"
    )
    several = Environment("two", bases={"shop": base})

    assert store_url(usual, "shop", tmp_path) == f"airtable://{base}"
    assert store_url(several, "shop", tmp_path) == f"airtable://{base}"
    assert (
        store_url(unusual, "shop", tmp_path)
        == f"airtable://{base}?endpoint=http://127.0.0.1:1&token_variable=T&rate_limit=on"
    )


@pytest.mark.parametrize("words", [("plan",), ("apply", "--yes"), ("drift",)])
def test_nothing_is_planned_where_two_places_are_named(shop: Shell, words: tuple[str, ...]) -> None:
    """Programs go by TABLEWRIGHT_STORE; the default of the configuration is not taken for it without a word."""
    before = (shop.folder / "staging.db").read_bytes()

    refused = shop.run(*words, **VARIABLE)

    assert refused.returncode == 1
    assert refused.stderr.startswith(
        "Error: two places are named: TABLEWRIGHT_STORE, and the environment 'staging'"
    )
    assert "--environment staging" in refused.stderr
    assert 'store_variable = "TABLEWRIGHT_STORE"' in refused.stderr
    assert (shop.folder / "staging.db").read_bytes() == before


def test_the_ways_out_of_two_places_lead_to_either(shop: Shell) -> None:
    """The environment by its name; the store by an environment that has it from the variable."""
    with (shop.folder / "tablewright.toml").open("a") as file:
        file.write('[environments.here]\nstore_variable = "TABLEWRIGHT_STORE"\n')

    assert "staging.db" in shop.run("plan", "-e", "staging", **VARIABLE).stdout
    assert "variable.db" in shop.run("plan", "-e", "here", **VARIABLE).stdout
    same = shop.run("plan", TABLEWRIGHT_STORE="sqlite:///staging.db")
    assert "staging.db" in same.stdout, same.stderr


@pytest.mark.parametrize("leases", [None, "best effort"])
def test_a_token_of_another_variable_is_a_secret_too(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, leases: str | None
) -> None:
    """A worker blanks it in what handlers raise, without being told which variable holds it."""
    monkeypatch.setenv("SHOP_TOKEN", "patshop.secret")
    url = f"airtable://{shell.server.base_id}?token_variable=SHOP_TOKEN&endpoint={shell.server.url}"

    with connect(url, leases=leases) as connection:
        assert "patshop.secret" in secrets_of(connection.store)
        assert "patshop" not in connection.description
