"""The npm package `airtable` over real HTTP, driven by node."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import platformdirs
import pyairtable
import pytest

from tablewright.server.serve import LocalAirtable

VERSION = "0.12.2"
SCRIPT = Path(__file__).with_name("airtable_client.js")
UNLUCKY = Path(__file__).with_name("airtable_unlucky_client.js")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        shutil.which("node") is None,
        reason="airtable.js runs on node, which is not on this machine",
    ),
]


@pytest.fixture(scope="session")
def modules() -> Path:
    """The installed package, kept between runs; with node but without npm this fails."""
    folder = Path(platformdirs.user_cache_dir("tablewright")) / f"airtable-js-{VERSION}"
    found = folder / "node_modules"
    if not (found / "airtable" / "package.json").is_file():
        npm = shutil.which("npm")
        assert npm is not None, "node is here and npm is not: install npm to test with airtable.js"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_text('{"private": true}')
        subprocess.run(
            [npm, "install", "--no-audit", "--no-fund", f"airtable@{VERSION}"],
            cwd=folder,
            check=True,
            timeout=300,
        )
    return found


def seen_by(script: Path, modules: Path, airtable: LocalAirtable) -> Any:
    """What a program that uses the package against this server printed."""
    run = subprocess.run(
        ["node", str(script), str(modules), airtable.url, airtable.token, airtable.base_id],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def test_airtable_js_does_all_it_can(
    modules: Path, airtable: LocalAirtable, table: pyairtable.Table
) -> None:
    """Every call it has, by promise and by callback, and the errors it makes of refusals."""
    assert table.name == "Tasks"

    assert seen_by(SCRIPT, modules, airtable) == {
        "created": {"Title": "one", "Count": 1},
        "createdMany": [f"t{number}" for number in range(10)],
        "found": {"Title": "one", "Count": 1},
        "updated": {"Title": "one", "Count": 2},
        "replaced": {"Title": "uno"},
        "byCallback": 3,
        "saved": {"Title": "uno"},
        "merged": True,
        "replacedMany": [["t8"]],
        "updatedMany": [100, 100],
        "pages": [["uno", "t9", "t8", "t7"], ["t6", "t5", "t4", "t3"], ["t2", "t1", "t0"]],
        "postedPages": [7, 4],
        "filtered": 2,
        "posted": 3,
        "long": 11,
        "text": {"Title": "t9", "Count": "9"},
        "counted": 0,
        "listed": 2,
        "each": 11,
        "called": [200, 1],
        "destroyed": True,
        "destroyedMany": 10,
        "errors": {
            "notFound": [404, "NOT_FOUND"],
            "unknownTable": [403, "NOT_AUTHORIZED"],
            "badValue": [422, "INVALID_VALUE_FOR_COLUMN"],
            "badFormula": [422, "INVALID_FILTER_BY_FORMULA"],
            "tooMany": [422, "INVALID_RECORDS"],
            "malformedId": [404, "NOT_FOUND"],
            "badToken": [401, "AUTHENTICATION_REQUIRED"],
        },
    }


def test_airtable_js_meets_the_faults_it_would_meet(
    modules: Path, clients: Callable[[LocalAirtable], pyairtable.Api]
) -> None:
    """It tries again after a 429 by itself, gives up at its time-out, and tells the rest by status."""
    rules = [
        "429 method=POST path=*/Tasks/ nth=1",
        "delay=2 method=POST path=*/Tasks/ nth=3",
        "cut-before method=POST path=*/Tasks/ nth=4",
        "cut-after method=POST path=*/Tasks/ nth=5",
        "500 method=POST path=*/Tasks/ nth=6",
        "502 method=POST path=*/Tasks/ nth=7",
        "503 method=POST path=*/Tasks/ nth=8",
    ]
    with LocalAirtable(fail=rules) as failing:
        base = clients(failing).base(failing.base_id)
        base.create_table("Tasks", [{"name": "Title", "type": "singleLineText"}])
        seen = seen_by(UNLUCKY, modules, failing)

    kept = seen.pop("kept")
    assert seen == {
        "429": "429",
        "delay": [None, None],
        "cut-before": [None, None],
        "cut-after": [None, None],
        "500": [500, "SERVER_ERROR"],
        "502": [502, "UNEXPECTED_ERROR"],
        "503": [503, "SERVICE_UNAVAILABLE"],
    }
    assert kept[:1] + kept[-1:] == ["429", "cut-after"]
    assert "cut-before" not in kept
