"""The commands as people and scripts run them: exit codes, questions, files, crashes."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.provision.conftest import Shell


def test_exit_codes_tell_what_there_is_to_do(shell: Shell) -> None:
    """plan and drift end with 2 where there are differences, and with 0 where there are none."""
    shell.write(shell.schema.replace(", serial: auto_number", ""))

    first = shell.process("plan")
    applied = shell.process("apply", "--yes")
    second = shell.process("plan")
    drift = shell.process("drift")

    assert (first.returncode, applied.returncode, second.returncode, drift.returncode) == (2, 0, 0, 0), applied.stderr  # fmt: skip
    assert "Nothing to do" in second.stdout
    assert "No drift" in drift.stdout


def test_errors_end_with_1_and_say_what_to_do(shell: Shell) -> None:
    """A mistake of the user is one clear line, no traceback, and never the exit code of a difference."""
    missing_token = shell.run("plan", AIRTABLE_ACCESS_TOKEN="")
    wrong_token = shell.run("plan", AIRTABLE_ACCESS_TOKEN="patWRONG.secret")
    other_base = shell.run("plan", "--base", "appWRONGWRONGWRON")
    malformed_base = shell.run("plan", "--base", "foo")
    malformed_pull = shell.run("pull", "--base", "foo")
    malformed_endpoint = shell.run("plan", "--endpoint", "notaurl")
    store = shell.run("plan", "sqlite:///jobs.db")
    applied_store = shell.run("apply", "postgresql://me:secret@host/jobs")
    missing_plan = shell.run("apply", "change.jsn")
    folder_as_plan = shell.run("apply", "schemas")
    no_server = shell.process("plan", "--endpoint", "http://127.0.0.1:9")
    environment = shell.run("plan", "--environment", "prd")
    option = shell.process("plan", "--nonsense")
    no_file = shell.run("plan", "nothing.yaml")
    no_plan = shell.run("apply", "tablewright.toml")
    no_folder = shell.run("plan", "--out", "nowhere/plan.json")
    no_source = shell.run("pull", "--from", "nowhere.json")
    shortened_token = shell.run("plan", AIRTABLE_ACCESS_TOKEN="pat123…")
    torn_token = shell.run("plan", AIRTABLE_ACCESS_TOKEN="pat123\nx")
    plan_as_schema = shell.run("plan", "--out", "schemas/shop.yaml")
    plan_over_other = shell.run("plan", "--out", "tablewright.toml")

    for found, said in (
        (missing_token, "AIRTABLE_ACCESS_TOKEN is not set"),
        (wrong_token, "Authentication required. The service does not know the token: see"),
        (malformed_base, "'foo' is no id of a base: it is 'app' and 14 letters or digits"),
        (malformed_pull, "'foo' is no id of a base"),
        (shortened_token, "AIRTABLE_ACCESS_TOKEN holds signs that no token has"),
        (torn_token, "Copy it anew"),
        (plan_as_schema, "a plan is JSON: say --out schemas/shop.json"),
        (plan_over_other, "tablewright.toml is there and is no plan: name another file with --out"),
        (malformed_endpoint, "--endpoint is a URL such as http://127.0.0.1:8642, not 'notaurl'"),
        (
            store,
            "here stands a schema file, such as schemas/tasks.yaml, and not a store (sqlite:…)",
        ),
        (applied_store, "put the store's URL into TABLEWRIGHT_STORE"),
        (missing_plan, "there is no file 'change.jsn': name a schema (.yaml), or a plan saved by"),
        (folder_as_plan, "schemas cannot be read (Is a directory): name a schema"),
        (other_base, "base appWRONGWRONGWRON: Airtable answered 403"),
        (other_base, "Check that appWRONGWRONGWRON is the base that is meant"),
        (no_server, "cannot be reached"),
        (environment, "there is no environment 'prd'"),
        (option, "No such option"),
        (no_file, "nothing.yaml"),
        (no_plan, "this is no plan"),
        (no_folder, "nowhere/plan.json cannot be written: there is no folder nowhere"),
        (no_source, "nowhere.json"),
    ):
        assert found.returncode == 1, found
        assert said in found.stderr, found.stderr
        assert "Traceback" not in found.stderr
        assert "secret" not in found.stdout + found.stderr


def test_steps_that_were_not_needed_are_no_failure() -> None:
    """What Airtable has no need of is counted apart from what was done, and 'one call' is one."""
    from tablewright.cli.apply import _counted
    from tablewright.cli.provisioning import api_calls
    from tablewright.provision.apply import Applied, Outcome
    from tablewright.provision.changes import Remark

    change = Remark("T", "T", "")
    ended = (Outcome(change, "done"), Outcome(change, "skipped"), Outcome(change, "manual"))

    assert _counted(Applied("", ended, (), 0)) == "1 of 3 steps done, 1 not needed, 1 left to you"
    assert _counted(Applied("", ended[:1], (), 0)) == "1 of 1 step done"
    assert (api_calls(1), api_calls(2)) == ("1 API call", "2 API calls")


def test_apply_asks_and_does_not_guess_the_answer(shell: Shell) -> None:
    """Without a terminal and without --yes nothing is changed."""
    found = shell.run("apply")

    assert found.returncode == 1
    assert "--yes" in found.stderr
    assert shell.run("plan").returncode == 2
    assert not (shell.folder / "tablewright.lock.dev.json").exists()


def test_a_saved_plan_is_refused_when_the_base_moved_on(shell: Shell) -> None:
    """What was reviewed is what is done, or nothing."""
    shell.run("plan", "--out", "plan.json")
    shell.run("apply", "--yes")

    found = shell.run("apply", "plan.json", "--yes")

    assert found.returncode == 1
    assert "changed since this plan was made" in found.stderr


def test_a_saved_plan_is_carried_out_as_it_was_shown(shell: Shell) -> None:
    """plan --out, then apply FILE, and nothing is left but the step for people."""
    shown = json.loads(shell.run("plan", "--out", "plan.json", "--format", "json").stdout)

    found = shell.run("apply", "plan.json", "--yes", "--format", "json")

    applied = json.loads(found.stdout)
    assert applied["api_calls"] == shown["api_calls"]
    assert [one["state"] for one in applied["steps"]] == ["done"] * len(applied["steps"])
    assert applied["manual"] == [
        "In table 'Order' add a field named 'Serial' of type 'Autonumber'."
    ]


def test_drift_tells_renames_and_offers_ways_out(shell: Shell) -> None:
    """A rename in Airtable is recognised by its id; adopt, apply and ignore are offered, a reset is not."""
    shell.run("apply", "--yes")
    fields = shell.lock()["schemas"]["shop"]["tables"]["Order"]
    from tablewright.provision.ports.airtable import AirtablePort

    port = AirtablePort(shell.server.token, endpoint=shell.server.url)
    base = shell.server.base_id
    port.update_field(base, fields["id"], fields["fields"]["number"], {"name": "No."})
    port.create_field(base, fields["id"], {"name": "Notes", "type": "multilineText"})
    port.close()

    found = shell.run("drift")

    assert found.returncode == 2
    assert "is named 'No.' in Airtable and 'Number' in the schema" in found.stdout
    assert "name: No.   (at Order.number)" in found.stdout
    assert "notes: {type: long_text}   (in Order)" in found.stdout
    assert "unmanaged: [Notes]   (in Order)" in found.stdout
    assert "[ ] 1. In table 'Order' add a field named 'Serial'" in found.stdout
    assert "reset" not in found.stdout


def test_unmanaged_fields_are_no_drift(shell: Shell) -> None:
    """What the schema leaves to people is not spoken of."""
    shell.write(shell.schema.replace(", serial: auto_number", ""))
    shell.run("apply", "--yes")
    from tablewright.provision.ports.airtable import AirtablePort

    port = AirtablePort(shell.server.token, endpoint=shell.server.url)
    order = shell.lock()["schemas"]["shop"]["tables"]["Order"]["id"]
    port.create_field(shell.server.base_id, order, {"name": "Note 1", "type": "multilineText"})
    port.close()
    shell.write(
        shell.schema.replace(", serial: auto_number", "").replace(
            "  Order:\n", '  Order:\n    unmanaged: ["Note *"]\n'
        )
    )

    assert shell.run("drift").returncode == 0


def test_pull_then_plan_has_nothing_to_do(shell: Shell) -> None:
    """A base that another schema made is taken over as it is, ids included."""
    shell.run("apply", "--yes")
    (shell.folder / "tablewright.lock.dev.json").unlink()
    (shell.folder / "schemas" / "shop.yaml").unlink()

    pulled = shell.run("pull", "--name", "taken over")

    assert pulled.returncode == 0, pulled.stderr
    assert shell.run("generate").returncode == 0
    assert shell.run("plan").returncode == 0
    assert shell.run("drift").returncode == 0
    assert set(shell.lock()["schemas"]["taken_over"]["tables"]) == {"Customer", "Order"}
    first = (shell.folder / "schemas" / "taken_over.yaml").read_text().splitlines()[0]
    assert (shell.folder / "schemas" / first.partition("$schema=")[2]).is_file()


def test_pull_keeps_a_schema_that_is_there(shell: Shell) -> None:
    """Nothing that somebody wrote is overwritten without --force."""
    found = shell.run("pull", "--name", "shop")

    assert found.returncode == 1
    assert "--force" in found.stderr


def test_tables_of_another_schema_are_neither_pulled_nor_taken(shell: Shell) -> None:
    """What the lock file knows as another schema's stays there, and nothing that exists is said to be made."""
    shell.write(shell.schema.replace(", serial: auto_number", ""))
    shell.run("apply", "--yes")
    before = shell.lock()

    pulled = shell.run("pull", "--name", "crm", "--out", "pulled/crm.yaml")
    (shell.folder / "twin.yaml").write_text(
        (shell.folder / "schemas" / "shop.yaml").read_text().replace("name: shop", "name: twin")
    )
    planned = shell.run("plan", "twin.yaml")
    applied = shell.run("apply", "twin.yaml", "--yes")

    assert pulled.returncode == 1
    assert "'Customer', 'Order' belong to schema 'shop'" in pulled.stderr
    assert "To pull anew, say --name shop; where 'crm' is to be the schema's new name, change it in tablewright.lock.dev.json first" in pulled.stderr  # fmt: skip
    assert not (shell.folder / "pulled").exists()
    for found in (planned, applied):
        assert found.returncode == 1
        assert "'Customer', 'Order' belong to schema 'shop'" in found.stderr
        assert found.stdout == ""
    assert shell.lock() == before
    assert shell.run("plan").returncode == 0


def test_pull_takes_what_no_other_schema_has(shell: Shell) -> None:
    """A base may serve two schemas: each describes its own tables."""
    shell.write(shell.schema.replace(", serial: auto_number", ""))
    shell.run("apply", "--yes")
    from tablewright.provision.ports.airtable import AirtablePort

    port = AirtablePort(shell.server.token, endpoint=shell.server.url)
    made = {"name": "Note", "fields": [{"name": "Text", "type": "singleLineText"}]}
    port.create_table(shell.server.base_id, made)
    port.close()

    pulled = shell.run("pull", "--name", "crm", "--out", "pulled/crm.yaml")

    assert pulled.returncode == 0, pulled.stderr
    assert "table 'Order' is left out: it belongs to schema 'shop'" in pulled.stderr
    assert set(shell.lock()["schemas"]["crm"]["tables"]) == {"Note"}
    assert set(shell.lock()["schemas"]["shop"]["tables"]) == {"Customer", "Order"}
    assert shell.run("plan", "pulled/crm.yaml").returncode == 0
    assert shell.run("plan", "schemas/shop.yaml").returncode == 0


def test_a_schema_is_pulled_under_another_name(shell: Shell) -> None:
    """The way that the refusal names leads there."""
    shell.type("apply", "--yes")
    lock = shell.folder / "tablewright.lock.dev.json"
    lock.write_text(lock.read_text().replace('"shop": {', '"crm": {'))
    (shell.folder / "schemas" / "shop.yaml").unlink()

    shell.type("pull", "--name", "crm")

    assert shell.type("plan").exit_code == 0


def test_without_a_place_every_kind_of_place_is_named(shell: Shell) -> None:
    """A base, a workspace, a database, or none at all to try it."""
    (shell.folder / "tablewright.toml").unlink()

    planned = shell.run("plan")
    in_database = shell.run("plan", TABLEWRIGHT_STORE="sqlite:///tasks.db")

    assert planned.returncode == 1
    assert "for a database set TABLEWRIGHT_STORE, as in TABLEWRIGHT_STORE=sqlite:///tasks.db; or try it without" in planned.stderr  # fmt: skip
    assert in_database.returncode == 2


def test_a_database_takes_the_same_commands(shell: Shell) -> None:
    """plan, apply and drift work on SQLite as on Airtable."""
    (shell.folder / "tablewright.toml").write_text('[environments]\ndev = "sqlite:///shop.db"\n')

    assert shell.run("plan").returncode == 2
    assert shell.run("apply", "--yes").returncode == 0
    assert shell.run("plan").returncode == 0
    assert shell.run("drift").returncode == 0


def test_refused_formulas_become_numbered_steps(shells: Callable[..., Shell]) -> None:
    """Where the API does not make computed fields the run goes on, and says exactly what to paste."""
    shell = shells(era="2025")
    shell.write(
        shell.schema.replace(
            "serial: auto_number", 'twice: {type: formula, formula: "{Number} * 2", result: number}'
        )
    )

    found = shell.run("apply", "--yes")
    drift = shell.run("drift")

    assert found.returncode == 0
    assert "1. In table 'Order' add a field named 'Twice' of type 'Formula' and paste this formula:\n         {Number} * 2" in found.stdout  # fmt: skip
    assert drift.returncode == 2
    assert "[ ] 1. In table 'Order' add a field named 'Twice' of type 'Formula' and paste this formula:\n             {Number} * 2" in drift.stdout  # fmt: skip
    assert "1 step left to do by hand." in drift.stdout


def test_two_runs_do_not_write_one_lock_file(shell: Shell) -> None:
    """While one run holds an environment the others are refused at once, and told what to do."""
    from tablewright.provision.alone import alone, own_folder

    held = own_folder(shell.folder) / "tablewright.lock.dev.json.held"
    with alone(held, busy=""):
        applied = shell.process("apply", "--yes")
        pulled = shell.process("pull", "--name", "other")
        planned = shell.process("plan")

    for found in (applied, pulled):
        assert found.returncode == 1
        assert found.stderr == (
            "Error: another 'tablewright apply' or 'tablewright pull' is at work on tablewright.lock.dev.json (environment 'dev'): "
            "wait until it has ended, then run this command again. Nothing was changed\n"
        )
    assert planned.returncode == 2
    assert not (shell.folder / "schemas" / "other.yaml").exists()
    assert shell.process("apply", "--yes").returncode == 0
    assert (shell.folder / ".tablewright" / ".gitignore").read_text() == "*\n"


def begun(shell: Shell) -> subprocess.Popen[bytes]:
    """Start an apply and return it, stopped as soon as it has written the lock file."""
    process = shell.start("apply", "--yes")
    while not (shell.folder / "tablewright.lock.dev.json").exists() and process.poll() is None:
        time.sleep(0.005)
    process.send_signal(signal.SIGSTOP)
    return process


def test_of_two_runs_at_once_one_is_refused(shells: Callable[..., Shell]) -> None:
    """Real processes: one applies, the other one says so, and nothing is doubled."""
    shell = shells(fail="delay=0.2")
    first = begun(shell)

    second = shell.process("apply", "--yes")

    first.send_signal(signal.SIGCONT)
    assert first.wait(timeout=60) == 0
    assert second.returncode == 1
    assert "wait until it has ended" in second.stderr
    names = sorted(table.name for table in shell.server.workspace.bases[shell.server.base_id].tables.values())  # fmt: skip
    assert names == ["Customer", "Order"]


def test_an_apply_that_is_interrupted_says_how_to_go_on(shells: Callable[..., Shell]) -> None:
    """Ctrl+C leaves nothing to be cleaned up, and a person is told so."""
    shell = shells(fail="delay=0.2")
    first = subprocess.Popen(
        shell.command("apply", "--yes"), cwd=shell.folder, env=shell.environment,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    while not (shell.folder / "tablewright.lock.dev.json").exists() and first.poll() is None:
        time.sleep(0.005)

    first.send_signal(signal.SIGINT)
    _, said = first.communicate(timeout=60)

    assert first.returncode == 130
    assert "what is done is noted: run 'tablewright apply' again to go on" in said
    assert "Traceback" not in said
    assert shell.process("apply", "--yes").returncode == 0


def test_a_lock_ends_with_its_process(shells: Callable[..., Shell]) -> None:
    """A run that was killed keeps nobody out."""
    shell = shells(fail="delay=0.2")
    first = begun(shell)
    first.kill()
    first.wait()

    assert shell.process("apply", "--yes").returncode == 0


def test_copies_that_share_a_journal_are_kept_apart(shell: Shell) -> None:
    """Two copies never note into one journal."""
    from tablewright.provision.alone import alone, own_folder

    (shell.folder / "a.db").touch()
    stores = ("--from", "sqlite:///a.db", "--to", "sqlite:///b.db")
    with alone(own_folder(shell.folder) / "one.jsonl.held", busy=""):
        found = shell.process("copy", *stores, "--journal", ".tablewright/one.jsonl")
        other = shell.process("copy", *stores, "--journal", "mine/other.jsonl")

    assert found.returncode == 1
    assert "another 'tablewright copy' is writing" in found.stderr
    assert "name another file with --journal" in found.stderr
    assert other.returncode == 0, other.stderr


def test_each_pair_of_stores_has_a_journal(shell: Shell) -> None:
    """A copy that has ended is in no other copy's way, and the same one finds its own again."""
    (shell.folder / "a.db").touch()
    for target in ("b", "c", "b"):
        found = shell.run("copy", "--from", "sqlite:///a.db", "--to", f"sqlite:///{target}.db")
        assert found.returncode == 0, found.stderr

    assert len(list((shell.folder / ".tablewright").glob("copy-shop-*.jsonl"))) == 2


def test_files_that_begin_with_a_mark_are_read(shell: Shell) -> None:
    """Editors and shells of Windows put one before UTF-8: into the configuration, a saved plan, a saved base schema."""
    configuration = shell.folder / "tablewright.toml"
    configuration.write_text(configuration.read_text(), "utf-8-sig")
    plan, saved = shell.folder / "plan.json", shell.folder / "saved.json"
    shell.type("plan", "--out", "plan.json")
    plan.write_text(plan.read_text("utf-8"), "utf-8-sig")
    table = {"id": f"tbl{'A' * 14}", "name": "Task", "primaryFieldId": f"fld{'A' * 14}"}
    fields = [{"id": f"fld{'A' * 14}", "name": "Name", "type": "singleLineText"}]
    saved.write_text(json.dumps({"tables": [{**table, "fields": fields}]}), "utf-8-sig")

    again = shell.run("plan", "--out", "plan.json")
    plan.write_text(plan.read_text("utf-8"), "utf-8-sig")
    applied = shell.run("apply", "plan.json", "--yes")
    pulled = shell.run("pull", "--from", "saved.json", "--name", "pulled", "--out", "pulled.yaml")

    assert again.returncode == 2, again.stderr
    assert applied.returncode == 0, applied.stderr
    assert pulled.returncode == 0, pulled.stderr


def test_a_file_is_the_same_however_it_is_spelled(shell: Shell) -> None:
    """One journal is kept, so that a copy that stopped goes on and no row goes over twice."""
    (shell.folder / "a.db").touch()
    (shell.folder / "alias.db").symlink_to(shell.folder / "a.db")
    sources = ("a.db", "./a.db", f"{shell.folder}/a.db", "alias.db", "a.db?synchronous=normal")

    for source in sources:
        found = shell.run("copy", "--from", f"sqlite:///{source}", "--to", "sqlite:///b.db")
        assert found.returncode == 0, found.stderr
    itself = shell.run("copy", "--from", "sqlite:///a.db", "--to", "sqlite+pysqlite:///alias.db")

    assert len(list((shell.folder / ".tablewright").glob("copy-shop-*.jsonl"))) == 1
    assert itself.stderr.startswith("Error: --from and --to name the same store")


def test_a_base_is_the_same_wherever_it_is_served() -> None:
    """A copy that stopped goes on after the local Airtable was started again, at another port."""
    from tablewright.cli.copy import pair_mark

    base = "airtable://appAAAAAAAAAAAAAA"
    first = pair_mark(f"{base}?endpoint=http://127.0.0.1:1", "sqlite:///a.db")
    assert first == pair_mark(f"{base}?endpoint=http://127.0.0.1:2", "sqlite:///a.db")
    assert first != pair_mark(base, "sqlite:///b.db")


def test_a_plan_makes_no_database(shell: Shell) -> None:
    """A plan changes nothing, and a slip in the name of a file leaves none behind."""
    (shell.folder / "tablewright.toml").write_text('[environments]\ndev = "sqlite:///shop.db"\n')

    planned = shell.run("plan")

    assert planned.returncode == 2, planned.stderr
    assert "+ table with id" in planned.stdout
    assert not (shell.folder / "shop.db").exists()
    assert shell.run("apply", "--yes").returncode == 0
    assert shell.run("plan").returncode == 0


def test_a_database_that_cannot_be_used_comes_with_a_way_out(shell: Shell) -> None:
    """What the driver says is followed by what to do; a password is never told."""
    for url, said in (
        ("sqlite:///none/shop.db", "see that its folder is there"),
        (
            "sqlite:///schemas/shop.yaml",
            "SQLite schemas/shop.yaml cannot be used: file is not a database: name another file",
        ),
        ("sqlite://", "a database in memory ends with the command: name a file"),
        ("postgresql://me:secret@127.0.0.1:9/x", "see that the server runs, and listens there"),
        ("postgresql://me:secret@127.0.0.1:99999/x", "a port is 1 to 65535"),
    ):
        (shell.folder / "tablewright.toml").write_text(f'[environments]\ndev = "{url}"\n')
        found = shell.run("plan")
        assert found.returncode == 1
        assert said in found.stderr, found.stderr
        assert "Traceback" not in found.stderr
        assert "secret" not in found.stderr


def test_files_that_cannot_be_read_are_named(shell: Shell) -> None:
    """Whatever is wrong with them."""
    (shell.folder / "s.json").write_text("[1]")
    (shell.folder / "p.json").write_text("{}")
    schema = shell.run("pull", "--from", "s.json")
    plan = shell.run("apply", "p.json")
    (shell.folder / ".env").write_bytes(b"\xff\xfe")
    variables = shell.run("plan")

    assert "s.json: this is no base schema" in schema.stderr
    assert "p.json: this is no plan" in plan.stderr
    assert ".env is no text in UTF-8: save it so, or move it away" in variables.stderr
    assert {one.returncode for one in (schema, plan, variables)} == {1}
    assert "Traceback" not in variables.stderr
