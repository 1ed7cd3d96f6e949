"""Generated code passes mypy --strict, pyright in strict mode, ruff and black as it stands."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("everything_folder", "hostile_folder", "seen_folder", "split_folder")


def run(*command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=cwd, check=False, capture_output=True, text=True)


@pytest.mark.parametrize("fixture", FOLDERS)
def test_mypy_in_strict_mode_finds_nothing(
    fixture: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """Whatever the schema holds, the package is typed throughout."""
    package: Path = request.getfixturevalue(fixture)
    settings = tmp_path / "mypy.ini"
    settings.write_text(
        f"[mypy]\nstrict = True\nmypy_path = {ROOT / 'generator'}\ncache_dir = {ROOT / '.mypy_cache'}\n"
    )

    result = run(
        sys.executable,
        "-m",
        "mypy",
        "--config-file",
        str(settings),
        package.name,
        cwd=package.parent,
    )

    assert result.returncode == 0, result.stdout


def test_pyright_in_strict_mode_finds_nothing(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """The second opinion is the same, of all packages in one run."""
    packages: list[Path] = [request.getfixturevalue(fixture) for fixture in FOLDERS]
    for place, package in enumerate(packages):
        shutil.copytree(package, tmp_path / str(place) / package.name)
    settings = {"typeCheckingMode": "strict", "extraPaths": [str(ROOT / "generator")]}
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(settings))

    result = run(sys.executable, "-m", "pyright", "--outputjson", cwd=tmp_path)

    told = json.loads(result.stdout)
    files = sum(len(list(package.glob("*.py"))) for package in packages)
    assert (result.returncode, told["summary"]["filesAnalyzed"]) == (0, files), result.stdout


@pytest.mark.parametrize("fixture", FOLDERS)
def test_ruff_and_black_find_nothing(fixture: str, request: pytest.FixtureRequest) -> None:
    """It is formatted as black formats by default, and clean under our own rules and ruff's defaults."""
    package: Path = request.getfixturevalue(fixture)

    for command in (
        ("ruff", "check", "--isolated"),
        # Names are the schema author's, capitals included.
        ("ruff", "check", "--config", str(ROOT / "pyproject.toml"), "--ignore", "N"),
        ("black", "--check", "--quiet"),
    ):
        result = run(sys.executable, "-m", *command, package.name, cwd=package.parent)
        assert result.returncode == 0, f"{command}: {result.stdout}{result.stderr}"
