"""The import rules of docs/architecture.md, read from every module with `ast`."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "generator" / "tablewright"

LEAVES = {
    "diagnostics",
    "names",
    "sql_names",
    "airtable",
    "history",
    "kinds",
    "expressions",
    "model",
}
COMPILER = LEAVES | {"syntax", "check", "language", "targets", "render", "output"}
MAY_IMPORT = {
    "diagnostics": set[str](),
    "names": {"sql_names"},
    "sql_names": set[str](),
    "airtable": set[str](),
    "history": set[str](),
    "kinds": {"airtable", "expressions"},
    "expressions": {"diagnostics", "sql_names"},
    "model": {"expressions", "kinds"},
    "syntax": {"diagnostics"},
    "check": LEAVES | {"syntax"},
    "language": LEAVES | {"syntax", "check"},
    "render": set[str](),
    "output": set[str](),
    "targets": LEAVES | {"render"},
    "runtime": {"airtable", "history", "kinds", "expressions", "diagnostics", "sql_names"},
    "report": {"runtime"},
    "server": {"airtable", "render"},
    "config": set[str](),
    "provision": LEAVES | {"syntax", "check", "targets", "runtime", "config"},
    "testing": {"diagnostics", "runtime", "server", "expressions", "airtable", "kinds"},
    "worker": {"runtime", "diagnostics"},
    "cli": COMPILER | {"worker", "runtime", "server", "provision", "config", "report", "testing"},
}
"""What each part may import besides itself."""

ALSO_MAY_IMPORT = {
    # `connect("local:")` starts the server inside the process, when it is asked to and not before.
    "runtime/stores/airtable_local.py": {"server"},
}
"""Single modules that may import more than their part."""

ONLY_IN = {
    "yaml": ("syntax",),
    "jinja2": ("render", "server"),
    "black": ("targets/python/format.py",),
    "sqlalchemy": ("runtime/stores", "expressions/sql", "provision/ports"),
    "alembic": ("provision/ports",),
    "psycopg": ("runtime/stores",),
    "pyairtable": ("runtime/stores", "provision/ports"),
    "starlette": ("server",),
    "uvicorn": ("server",),
    "lark": ("server/formula",),
    "click": ("cli",),
    "watchfiles": ("cli",),
    "rich": ("cli", "report.py"),
    "requests": ("runtime", "provision/ports"),
    "urllib3": ("runtime/stores",),
    "tenacity": ("runtime/stores",),
    "platformdirs": ("runtime/stores",),
    "filelock": ("runtime/stores", "provision/alone.py"),
    "dotenv": ("runtime/settings.py",),
    "annotated_types": ("runtime/stores",),
    "re2": ("server/formula",),
    "pytest": ("testing",),
}
"""Where a library may be imported: modules and folders below the package."""

IN_EVERY_PART = {"pydantic", "pydantic_core"}


def modules() -> list[Path]:
    return sorted(ROOT.rglob("*.py"))


def imports(path: Path) -> Iterator[str]:
    """Yield the dotted names that a module imports, relative ones in full."""
    package = ("tablewright", *path.relative_to(ROOT).parts[:-1])
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield module
            if module == "tablewright":
                yield from (f"tablewright.{alias.name}" for alias in node.names)


def part_of(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_imports_only_what_stands_below_it(path: Path) -> None:
    """Data flows one way: a part imports what its row allows, and itself."""
    part = part_of(path)
    if part in ("__init__", "__main__"):
        return

    imported = {name.split(".")[1] for name in imports(path) if name.startswith("tablewright.")}

    allowed = (
        MAY_IMPORT[part] | ALSO_MAY_IMPORT.get(path.relative_to(ROOT).as_posix(), set()) | {part}
    )
    # The version stands in the package itself, and names nothing.
    assert imported - allowed - {"__version__"} == set()


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_library_is_imported_in_its_place_only(path: Path) -> None:
    """Only one part knows each library, so that it can be exchanged."""
    place = path.relative_to(ROOT).as_posix()

    strayed = {
        library
        for library in {name.split(".")[0] for name in imports(path)} & ONLY_IN.keys()
        if not place.startswith(ONLY_IN[library])
    }

    assert strayed == set()


def test_every_library_has_its_place() -> None:
    """A new library says where it may be imported before it is used."""
    imported = {name.split(".")[0] for path in modules() for name in imports(path)}

    assert (
        imported - sys.stdlib_module_names - ONLY_IN.keys() - IN_EVERY_PART - {"", "tablewright"}
        == set()
    )


def test_every_part_has_a_rule() -> None:
    """A new part says what it may import before it is used."""
    parts = {part_of(path) for path in modules()} - {"__init__", "__main__"}

    assert parts - MAY_IMPORT.keys() == set()


def test_every_module_says_where_it_stands() -> None:
    """Each module opens with a docstring of one line or a few."""
    silent = [
        path for path in modules() if not ast.get_docstring(ast.parse(path.read_text("utf-8")))
    ]

    assert silent == []


def test_the_page_on_architecture_tells_these_rules() -> None:
    """Each part has its row in the table, with what it may import."""
    page = (ROOT.parents[1] / "docs" / "architecture.md").read_text("utf-8")
    rows = re.findall(r"^\| (`.*) \| .* \| (.*) \|$", page, re.MULTILINE)
    words = {"the leaves": LEAVES, "nothing": set[str](), "everything": MAY_IMPORT["cli"]}

    told = {
        part.strip("`"): set[str]().union(
            *(words.get(one) or {one.strip("`")} - words.keys() for one in allowed.split(", "))
        )
        for parts, allowed in rows
        for part in parts.split(", ")
    }

    assert told == MAY_IMPORT
