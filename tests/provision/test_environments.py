"""One schema in several places, from one configuration file."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from tablewright.provision.ports.airtable import AirtablePort

if TYPE_CHECKING:
    from tests.provision.conftest import Shell


@pytest.mark.parametrize("file", ["tablewright.toml", "pyproject.toml"])
def test_one_schema_is_brought_to_several_environments(
    shells: Callable[..., Shell], file: str
) -> None:
    """Each environment has a base or database, ids and a state of its own; the default one needs no naming."""
    shell = shells()
    prefix = "tool.tablewright." if file == "pyproject.toml" else ""
    (shell.folder / "tablewright.toml").unlink()
    (shell.folder / file).write_text(f"""{"[tool.tablewright]" if prefix else ""}
default_environment = "dev"

[{prefix}environments]
dev = "sqlite:///dev.db"

[{prefix}environments.staging]
base = "{shell.server.base_id}"
endpoint = "{shell.server.url}"

[{prefix}environments.prod]
workspace = "{shell.server.workspace.workspace_id}"
base_name = "Shop"
endpoint = "{shell.server.url}"
token_variable = "SHOP_TOKEN"
""")
    shell.write(shell.schema.replace(", serial: auto_number", ""))

    assert shell.type("apply", "--yes").exit_code == 0
    assert shell.type("apply", "--yes", "--environment", "staging").exit_code == 0
    refused = shell.run("apply", "--yes", "-e", "prod")
    made = shell.run("apply", "--yes", "-e", "prod", SHOP_TOKEN=shell.server.token)

    assert "SHOP_TOKEN is not set" in refused.stderr
    assert made.returncode == 0, made.stderr
    assert shell.type("plan").exit_code == 0
    assert shell.type("plan", "-e", "staging").exit_code == 0
    assert shell.run("drift", "-e", "prod", SHOP_TOKEN=shell.server.token).returncode == 0
    locks = {path.name for path in shell.folder.glob("tablewright.lock.*.json")}
    assert locks == {"tablewright.lock.staging.json", "tablewright.lock.prod.json"}
    ids = {
        name: json.loads((shell.folder / name).read_text())["schemas"]["shop"]["base"]
        for name in locks
    }
    assert ids["tablewright.lock.staging.json"] == shell.server.base_id
    port = AirtablePort(shell.server.token, endpoint=shell.server.url)
    names = {str(one["id"]): one["name"] for one in port.bases()}
    port.close()
    assert names[ids["tablewright.lock.prod.json"]] == "Shop"


def test_a_plan_for_one_environment_is_not_carried_out_on_another(shell: Shell) -> None:
    """A saved plan knows the environment that it was made for."""
    (shell.folder / "tablewright.toml").write_text(
        '[environments]\ndev = "sqlite:///dev.db"\nprod = "sqlite:///prod.db"\n'
    )
    shell.type("plan", "-e", "dev", "--out", "plan.json")

    other = shell.run("apply", "plan.json", "--yes", "-e", "prod")
    chosen = shell.run("apply", "plan.json", "--yes")

    assert other.returncode == 1
    assert "the plan was made for environment 'dev', not 'prod'" in other.stderr
    assert chosen.returncode == 0, chosen.stderr
    assert not (shell.folder / "prod.db").exists()


@pytest.mark.parametrize(
    ("store", "words"),
    [("local:tasks.airtable", "nothing to plan"), ("sqlite://dev.db", "sqlite:///dev.db"), ("mysql://h/d", "not known")],
)  # fmt: skip
def test_a_store_that_cannot_be_planned_for_is_refused_in_a_sentence(
    shell: Shell, store: str, words: str
) -> None:
    """The error says what to write, or which way leads there."""
    (shell.folder / "tablewright.toml").write_text(f'[environments]\ndev = "{store}"\n')

    refused = shell.run("plan")

    assert refused.returncode == 1
    assert refused.stderr.startswith("Error: ")
    assert words in refused.stderr
    assert "Traceback" not in refused.stderr
