"""The wheel: everything in it, nothing missing, and it works from another folder."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [
            sys.executable,
            "-m",
            "build",
            "--wheel",
            "--no-isolation",
            "--outdir",
            str(folder),
            str(ROOT),
        ],
        check=True,
        capture_output=True,
    )
    return next(folder.glob("*.whl"))


def test_the_wheel_holds_every_template_module_and_data_file(wheel: Path) -> None:
    """What lies in the checkout lies in the wheel, at the place where the code looks for it."""
    names = set(zipfile.ZipFile(wheel).namelist())
    wanted = {
        f"tablewright/templates/{path.relative_to(ROOT / 'templates').as_posix()}"
        for path in (ROOT / "templates").rglob("*")
        if path.is_file()
    }
    wanted |= {
        path.relative_to(ROOT / "generator").as_posix()
        for path in (ROOT / "generator" / "tablewright").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }

    assert wanted - names == set()
    assert "tablewright/schemas/agent_tasks.yaml" in names


def test_the_wheel_holds_nothing_else(wheel: Path) -> None:
    """Generated code and tests are never installed under a generic name."""
    tops = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}

    assert {top for top in tops if not top.endswith(".dist-info")} == {"tablewright"}


def test_the_wheel_works_in_a_fresh_environment(wheel: Path, tmp_path: Path) -> None:
    """Installed away from the checkout, the command compiles a schema and runs the demo."""
    home = tmp_path / "env"
    # The libraries come from this environment; only tablewright itself is installed anew.
    venv.create(home, with_pip=False, system_site_packages=False)
    site = next((home / "lib").glob("python*/site-packages"))
    (site / "libraries.pth").write_text(
        "\n".join(path for path in sys.path if path.endswith("site-packages"))
    )
    zipfile.ZipFile(wheel).extractall(site)
    python = home / "bin" / "python"
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}

    where = subprocess.run([python, "-c", "import tablewright; print(tablewright.__file__)"], cwd=tmp_path,
                           env=environment, check=True, capture_output=True, text=True)  # fmt: skip
    finished = subprocess.run([python, "-m", "tablewright", "demo"], cwd=tmp_path, env=environment, check=False,
                              capture_output=True, text=True)  # fmt: skip

    assert str(site) in where.stdout
    assert finished.returncode == 0, finished.stderr
    assert "success rate" in finished.stdout


def in_a_fresh_process(code: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    ).stdout.strip()


def test_help_and_version_import_nothing_heavy() -> None:
    """The command answers before anything is imported that it does not need."""
    code = (
        "import sys\n"
        "from tablewright.cli.main import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'yaml', 'jinja2', 'black', 'pydantic', 'sqlalchemy', 'pyairtable', 'rich', 'starlette', 'requests'}\n"
        "print('loaded:', sorted(heavy & set(sys.modules)))"
    )

    assert in_a_fresh_process(code).endswith("loaded: []")


def test_generated_code_imports_no_store_and_no_compiler() -> None:
    """A program that uses generated records pays for pydantic, and for its store when it connects."""
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
        "import generated.agent_tasks\n"
        "heavy = {'yaml', 'jinja2', 'black', 'sqlalchemy', 'pyairtable', 'requests', 'rich', 'click', 'dotenv'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )

    assert in_a_fresh_process(code) == "[]"
