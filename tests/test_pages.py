"""README and docs/: links lead somewhere, and every command has its place."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import click
import pytest

from tablewright.cli.main import COMMANDS

ROOT = Path(__file__).parents[1]
PAGES = sorted(
    [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("generated/*/README.md")], key=str
)
DOCUMENTED = dict.fromkeys(COMMANDS, ROOT / "docs" / "commands.md") | dict.fromkeys(
    ("plan", "apply", "drift", "pull"), ROOT / "docs" / "provisioning.md"
)
DOCUMENTED |= {"serve": ROOT / "docs" / "local-airtable.md", "work": ROOT / "docs" / "queue.md"}


def without_code(page: Path) -> str:
    return re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)


def anchors(page: Path) -> set[str]:
    """Return what a page's headings are called in links, as GitHub makes it."""
    headings = re.findall(r"^#+ (.*)$", without_code(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", one.lower()).strip().replace(" ", "-") for one in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_to_a_file_and_to_a_heading_in_it(page: Path) -> None:
    """Addresses of the web are left out: they belong to others."""
    broken = []
    for link in re.findall(r"\]\(([^)\s]+)\)", without_code(page)):
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        if "://" not in link and (
            not target.exists() or (anchor and anchor not in anchors(target))
        ):
            broken.append(link)

    assert broken == []


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_each_of_its_options_is_described(name: str) -> None:
    """On the page of commands, or on the one that the table there sends to."""
    command: click.Command = import_module(f"tablewright.cli.{name}").command
    page = DOCUMENTED[name].read_text("utf-8")
    options = {option for one in command.params for option in one.opts if option.startswith("--")}

    assert re.search(rf"`{name}[ `]", DOCUMENTED["check"].read_text("utf-8"))
    assert {option for option in options if option not in page} == set()
