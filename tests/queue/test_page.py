"""docs/queue.md: its schema compiles, and its programs run."""

from __future__ import annotations

import re
from pathlib import Path

import tablewright
from generated.agent_tasks import AgentTask, TaskStatus
from tablewright.check.compile import compile_schema
from tablewright.syntax.source import Source

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "queue.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def test_the_queue_of_the_page_compiles_in_the_example_schema() -> None:
    """Nothing is missing but the field for the note of a lease."""
    (queue,) = blocks("yaml")
    example, _, _ = (
        (ROOT / "schemas" / "agent_tasks.yaml").read_text("utf-8").partition("    queue:\n")
    )
    whole = example.replace("\n      parameters:", "\n      note: long_text\n      parameters:", 1)
    whole += "    queue:\n" + "".join(f"    {line}\n" for line in queue.splitlines()[1:])

    compiled = compile_schema(Source("queue.yaml", whole), lambda path: Source(path, ""))

    assert [one.message for one in compiled.findings] == []


def test_the_programs_of_the_page_run(tmp_path: Path) -> None:
    """Claims and ends, then a graph of tasks, on twelve waiting tasks."""
    names: dict[str, object] = {"AgentTask": AgentTask}
    claims, graph = (
        next(block for block in blocks("python") if marker in block)
        for marker in (".claim(", ".workflow(")
    )
    with tablewright.connect(f"sqlite:///{tmp_path}/tasks.db"):
        AgentTask.bulk_create(
            [
                {"name": f"t{number}", "description": "x", "agent_id": "agent_001"}
                for number in range(12)
            ]
        )

        exec(claims + graph, names)  # noqa: S102 - the page's own text

        assert AgentTask.find_by(status=TaskStatus.COMPLETED).count() == 1
        assert [one.cancel_requested for one in AgentTask.all()].count(True) == 1
        sum_up = names["tasks"]["sum_up"]  # type: ignore[index]
        assert [one.name for one in sum_up.depends_on] == ["Fetch"]
