"""The number of API calls that a plan announces is the number that the service counts."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.provision.conftest import Shell

EMPTY = """
tablewright: 1
name: shop
enums: {Status: [OPEN, DONE], Tag: [RED]}
tables:
  Order:
    fields: {number: integer, status: Status, tags: [Tag]}
"""
PLANS = {
    "tables": EMPTY + "  Customer:\n    fields: {name: text}\n  Note:\n    fields: {text: text}\n",
    "a link and its other side": EMPTY + "    relations: {customer: {to: Customer, inverse: orders}}\n  Customer:\n    fields: {name: text}\n",
    "a link whose other side has Airtable's own name": EMPTY + "    relations: {customer: {to: Customer, inverse: order, inverse_name: Order}}\n  Customer:\n    fields: {name: text}\n",
    "links of a table to itself": EMPTY + "    relations: {before: {to: Order, inverse: afterwards}, near: {to: Order, many: true}}\n",
    "computed fields": EMPTY.replace("tags: [Tag]", 'tags: [Tag], twice: {type: formula, formula: "{Number} * 2", result: number}') + "    relations: {part_of: {to: Order}}\n",
    "computed fields over links": EMPTY + """    relations: {customer: {to: Customer, inverse: orders}}
  Customer:
    fields:
      name: text
      count_of_orders: {type: count, relation: orders}
      numbers: {type: lookup, relation: orders, field: number}
      total: {type: rollup, relation: orders, field: number, formula: SUM(values), result: number}
""",
    "one choice": EMPTY.replace("[OPEN, DONE]", "[OPEN, DONE, LOST]"),
    "many choices of both kinds": EMPTY.replace("[OPEN, DONE]", f"[OPEN, DONE, {', '.join(f'S{n}' for n in range(23))}]").replace("[RED]", f"[RED, {', '.join(f'T{n}' for n in range(23))}]"),
    "renames": EMPTY.replace("number: integer", "no: {type: integer, was: number}").replace("  Order:\n", "  Purchase:\n    was: Order\n"),
    "a swap of names": EMPTY.replace("number: integer, status: Status", "number: {type: integer, name: Status}, status: {type: Status, name: Number}"),
    "descriptions": EMPTY.replace("number: integer", "number: {type: integer, description: Counts up.}").replace("  Order:\n", "  Order:\n    description: What is bought.\n"),
    "a history": EMPTY + """    lifecycle:
      field: status
      initial: OPEN
      history: true
      transitions: {finish: {from: OPEN, to: DONE}}
""",
    "a field that becomes required": EMPTY.replace("number: integer", "number: {type: integer, required: true}").replace("tags: [Tag]", "tags: [Tag], due: date"),
    "a step for people": EMPTY.replace("tags: [Tag]", "tags: [Tag], serial: auto_number, due: date"),
}  # fmt: skip


def counted(shell: Shell, *arguments: str) -> tuple[int, dict[str, Any]]:
    """Return how many calls the service counted for a command, and what that printed."""
    shell.server.calls.clear()
    found = shell.json(*arguments)
    return shell.server.calls.total, found


@pytest.mark.parametrize("text", PLANS.values(), ids=PLANS.keys())
def test_calls_are_those_that_were_announced(shell: Shell, text: str) -> None:
    """plan makes one call; apply makes those that plan says, all in all, and says so itself.

    Where something becomes required, rows without it are counted, by a call of the look and not of what is carried out.
    """
    shell.write(EMPTY)
    shell.type("apply", "--yes")
    shell.write(text)

    looked, plan = counted(shell, "plan")
    shown = shell.type("plan").stdout
    made, applied = counted(shell, "apply", "--yes")

    counting = int(text is PLANS["a field that becomes required"])
    made -= counting
    assert looked == 1 + counting
    assert applied["api_calls"] == made
    if "up to" in shown:
        # Nobody knows beforehand whether a link to the same table gets another side.
        assert "itself" in " ".join(name for name, one in PLANS.items() if one is text)
        assert made <= plan["api_calls"]
    else:
        assert f"Applying it makes {made} API calls" in shown
        assert made == plan["api_calls"]
    assert counted(shell, "plan")[1]["api_calls"] == 0


def test_a_new_base_takes_the_calls_that_were_announced(shell: Shell) -> None:
    """Also where the base itself is made; and a saved plan takes what the plan said."""
    (shell.folder / "tablewright.toml").write_text(
        f'[environments.dev]\nworkspace = "{shell.server.workspace.workspace_id}"\nendpoint = "{shell.server.url}"\n'
    )
    shell.write(PLANS["computed fields over links"])

    looked, plan = counted(shell, "plan", "--out", "plan.json")
    made, applied = counted(shell, "apply", "plan.json", "--yes")

    assert looked == 0
    assert made == plan["api_calls"] == applied["api_calls"]


def test_plan_and_apply_announce_the_same_number_however_apply_is_told_to_go_on(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What shows a plan to a person is one call; what carries it out is the same number after each way of saying yes."""
    monkeypatch.setattr("tablewright.cli.apply.is_terminal", lambda: True)
    shell.write(EMPTY)
    announced = shell.json("plan")["api_calls"]
    said = f"Applying it makes {announced} API calls"

    assert said in shell.type("plan").stdout
    shell.server.calls.clear()
    asked = shell.type("apply", answer="y\n").stdout

    assert said in asked
    assert f", {announced} API calls." in asked
    assert shell.server.calls.total == 1 + announced


@pytest.mark.slow
def test_a_server_that_limits_is_asked_as_often_as_it_allows(shells: Callable[..., Shell]) -> None:
    """By the URL that it gives out: commands one after the other keep to the limit together, and none waits 30 s."""
    shell = shells(rate_limit=True)
    config = shell.folder / "tablewright.toml"
    config.write_text(f'[environments.dev]\nstore = "{shell.server.store_url}"\n')
    shell.write(PLANS["computed fields over links"])

    for command in (("plan",), ("apply", "--yes"), ("drift",), ("plan",)):
        ended = shell.process(*command)
        assert ended.returncode in (0, 2), ended.stderr
        assert "Airtable is busy" not in ended.stderr

    assert {call.status for call in shell.server.calls} == {200}
    assert len(shell.server.calls) > 8
