"""Environments come from one file, the command line and variables, in that order of weakness."""

from __future__ import annotations

from pathlib import Path

import pytest

from tablewright.config import ConfigUnusable, chosen_environment, read_config


def config(folder: Path, text: str, name: str = "tablewright.toml") -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_environments_are_read_from_either_file(tmp_path: Path) -> None:
    """tablewright.toml and [tool.tablewright] say the same in the same words."""
    body = 'default_environment = "dev"\n[{0}environments.dev]\nstore = "airtable://appAbCdEfGhIjKlMn?endpoint=http://127.0.0.1:1"\n[{0}environments.prod]\nbase = "appProd"\ntoken_variable = "T"\n'
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    own = read_config(config(tmp_path / "a", body.format("")))
    project = read_config(
        config(
            tmp_path / "b",
            "[tool.tablewright]\n" + body.format("tool.tablewright."),
            "pyproject.toml",
        )
    )

    assert own.environments == project.environments
    dev = chosen_environment(own, None, variables={})
    assert (dev.base, dev.endpoint) == ("appAbCdEfGhIjKlMn", "http://127.0.0.1:1")
    assert chosen_environment(own, "prod", variables={}).token_variable == "T"


def test_the_nearest_file_upwards_holds(tmp_path: Path) -> None:
    """Commands work in any folder of a project, and lock files lie beside its configuration."""
    config(tmp_path, '[environments.dev]\nbase = "app1"\n')
    (tmp_path / "deep" / "er").mkdir(parents=True)

    found = read_config(tmp_path / "deep" / "er")

    assert found.folder == tmp_path


def test_without_a_file_variables_name_the_place(tmp_path: Path) -> None:
    """The variables by which programs connect serve the commands too."""
    nothing = read_config(tmp_path)

    by_store = chosen_environment(nothing, None, variables={"TABLEWRIGHT_STORE": "sqlite:///x.db"})
    by_base = chosen_environment(nothing, None, variables={"AIRTABLE_BASE_ID": "appX"})

    assert (by_store.name, by_store.store) == ("dev", "sqlite:///x.db")
    assert by_base.base == "appX"


def test_the_command_line_wins(tmp_path: Path) -> None:
    """--base, --endpoint and --workspace override the file."""
    found = read_config(config(tmp_path, '[environments.dev]\nbase = "app1"\n'))

    chosen = chosen_environment(found, None, base="app2", endpoint="http://h/", variables={})

    assert (chosen.base, chosen.endpoint) == ("app2", "http://h")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = 1", "no key 'x'"),
        ("[environments.dev]\nbse = 'app1'", "did you mean 'base'"),
        ("environments = 3", "'environments' is a table"),
        ("[environments.dev]\nbase = 3", "'base' is a text"),
        ("schemas = 3", "'schemas' is a list"),
        ("schemas = []", "'schemas' is a list"),
        ("schemas = ['']", "'schemas' is a list"),
        (
            "[environments.dev]\nstore = 'sqlite:///a.db'\nbase = 'app1'",
            "'store' and 'base' name two places",
        ),
        ("[environments.dev]\nstore = 'nothing'", "is no store"),
        ("x = ", "cannot be read"),
    ],
)
def test_mistakes_are_told_with_their_place(tmp_path: Path, text: str, said: str) -> None:
    """A word that means nothing is never passed over."""
    with pytest.raises(ConfigUnusable, match=said):
        read_config(config(tmp_path, text))


def test_schemas_are_found_wherever_patterns_lead(tmp_path: Path) -> None:
    """A pattern may be absolute or go through folders, and two may lead to one file; what an editor keeps is no schema."""
    deep = tmp_path / "own" / "schemas" / "deep.yaml"
    deep.mkdir(parents=True)
    for path in (deep / "a.yaml", deep / ".#a.yaml", tmp_path / "other" / "b.yaml"):
        path.parent.mkdir(exist_ok=True)
        path.write_text("tablewright: 1")
    text = f"schemas = ['schemas/**/*.yaml', '{tmp_path / 'other'}/*.yaml', '../other/*.yaml']"

    found = read_config(config(tmp_path / "own", text)).schema_paths()

    assert [path.name for path in found] == ["a.yaml", "b.yaml"]


def test_an_environment_has_to_be_chosen_among_several(tmp_path: Path) -> None:
    """Nobody changes prod by leaving out a word."""
    found = read_config(
        config(tmp_path, '[environments.dev]\nbase = "a"\n[environments.prod]\nbase = "b"\n')
    )

    with pytest.raises(ConfigUnusable, match="several environments"):
        chosen_environment(found, None, variables={})
    with pytest.raises(ConfigUnusable, match="did you mean 'prod'"):
        chosen_environment(found, "prd", variables={})


def test_a_name_cannot_lead_out_of_the_folder(tmp_path: Path) -> None:
    """The name of an environment is part of a file's name."""
    with pytest.raises(ConfigUnusable, match="names a file"):
        chosen_environment(read_config(tmp_path), "../x", variables={})


def test_a_mistyped_environment_is_told_beside_a_lock_file(tmp_path: Path) -> None:
    """Where lock files tell which environments there are, another name does not begin a new one by itself."""
    (tmp_path / "tablewright.lock.prod.json").write_text("{}", encoding="utf-8")
    found = read_config(tmp_path)

    with pytest.raises(ConfigUnusable, match=r"no environment 'prd': did you mean 'prod'.*--base"):
        chosen_environment(found, "prd", variables={})
    with pytest.raises(ConfigUnusable, match="no environment 'prd'"):
        chosen_environment(found, None, variables={"TABLEWRIGHT_ENVIRONMENT": "prd"})

    assert chosen_environment(found, "prod", variables={}).name == "prod"
    assert chosen_environment(found, None, variables={}).name == "dev"
    assert chosen_environment(found, "stage", base="appS", variables={}).name == "stage"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("airtable://appX?endpont=http://127.0.0.1:1", "no 'endpont': did you mean 'endpoint'"),
        ("airtable://appX?endpoint=notaurl", "endpoint is a URL such as http"),
        ("airtable://appX?endpoint=", "endpoint is a URL such as http"),
    ],
)
def test_a_parameter_that_means_nothing_does_not_lead_to_the_real_service(
    tmp_path: Path, url: str, said: str
) -> None:
    """A mistyped end point is refused, in a variable and in a file alike."""
    with pytest.raises(ConfigUnusable, match=f"TABLEWRIGHT_STORE.*{said}"):
        chosen_environment(read_config(tmp_path), None, variables={"TABLEWRIGHT_STORE": url})
    with pytest.raises(ConfigUnusable, match=f"environment 'dev'.*{said}"):
        read_config(config(tmp_path, f'[environments]\ndev = "{url}"\n'))


def test_parameters_of_the_runtime_are_known(tmp_path: Path) -> None:
    """One URL serves programs and commands."""
    url = "airtable://appX?rate_limit=off&endpoint=http://127.0.0.1:1"

    found = chosen_environment(read_config(tmp_path), None, variables={"TABLEWRIGHT_STORE": url})

    assert (found.base, found.endpoint) == ("appX", "http://127.0.0.1:1")


def test_an_end_point_is_a_url(tmp_path: Path) -> None:
    """What is no URL is told before anything is sent."""
    with pytest.raises(ConfigUnusable, match="--endpoint is a URL such as"):
        chosen_environment(read_config(tmp_path), None, endpoint="notaurl", variables={})


def test_a_name_is_not_taken_unseen_where_nothing_is_known(tmp_path: Path) -> None:
    """Without configuration and lock file there is one environment; another one says where it is."""
    found = read_config(tmp_path)
    somewhere = {"AIRTABLE_BASE_ID": "appX"}

    with pytest.raises(ConfigUnusable) as refusal:
        chosen_environment(found, "prod", variables=somewhere)

    assert str(refusal.value) == (
        "there is no environment 'prod': without a configuration there is 'dev' alone, which needs no --environment. "
        "A new one says where it is: name its base with --base, have one made with --workspace, or write "
        "[environments.prod] into tablewright.toml"
    )
    with pytest.raises(ConfigUnusable, match="no environment 'prod'"):
        chosen_environment(found, None, variables={"TABLEWRIGHT_ENVIRONMENT": "prod"})
    assert chosen_environment(found, "dev", variables=somewhere).base == "appX"
    assert chosen_environment(found, "prod", base="appP", variables={}).name == "prod"
    assert chosen_environment(found, "prod", workspace="wspP", variables={}).workspace == "wspP"


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (
            'token = "patSECRET.secret"',
            "a token is never written down here: put it into the variable AIRTABLE_ACCESS_TOKEN",
        ),
        (
            'token_variable = "patSECRET.secret"',
            "'token_variable' is the name of a variable, such as AIRTABLE_ACCESS_TOKEN, and no token",
        ),
    ],
)
def test_a_token_in_the_configuration_is_refused_unsaid(
    tmp_path: Path, entry: str, said: str
) -> None:
    """Errors end up in logs of build servers."""
    with pytest.raises(ConfigUnusable, match="environment 'dev'") as refused:
        read_config(config(tmp_path, f"[environments.dev]\n{entry}\n"))

    assert said in str(refused.value)
    assert "SECRET" not in str(refused.value)


BASE = f"app{'A' * 14}"


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (
            "store_variable = 'postgresql://u:SECRET@h/d'",
            "'store_variable' is the name of a variable, such as DATABASE_URL, and no URL",
        ),
        ("store_variable = ''", "'store_variable' is the name of a variable"),
        (
            "store_variable = 'URL'\nstore = 'sqlite:///SECRET.db'",
            "'store' and 'store_variable' name two places: leave one of them out",
        ),
        (
            "store_variable = 'URL'\nbase = 'app1'",
            "'store_variable' and 'base' name two places: leave one of them out",
        ),
    ],
)
def test_a_store_is_named_once(tmp_path: Path, entry: str, said: str) -> None:
    """Directly, by a variable, or as a base; what may be a password stays unsaid."""
    with pytest.raises(ConfigUnusable, match="environment 'dev'") as refused:
        read_config(config(tmp_path, f"[environments.dev]\n{entry}\n"))

    assert said in str(refused.value)
    assert "SECRET" not in str(refused.value)


def test_a_variable_keeps_the_url_of_a_store(tmp_path: Path) -> None:
    """The configuration is committed; the password is not. A base can be named so, too."""
    found = read_config(config(tmp_path, "[environments.dev]\nstore_variable = 'DATABASE_URL'\n"))
    url = "postgresql://ann:secret@db/tasks"

    by_url = chosen_environment(found, None, variables={"DATABASE_URL": url})
    base = chosen_environment(
        found, None, variables={"DATABASE_URL": f"airtable://{BASE}?token_variable=T"}
    )
    other = chosen_environment(found, None, base="app2", variables={})

    assert (by_url.store, by_url.is_sql) == (url, True)
    assert (base.base, base.token_variable, base.is_sql) == (BASE, "T", False)
    assert other.base == "app2"


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({}, "DATABASE_URL is not set, where the environment 'dev' has its store"),
        ({"DATABASE_URL": " "}, "DATABASE_URL is not set"),
        (
            {"DATABASE_URL": "SECRET"},
            "DATABASE_URL, which environment 'dev' names, is no store: write airtable://",
        ),
        ({"DATABASE_URL": "//u:SECRET@h/d"}, "is no store"),
    ],
)
def test_a_variable_without_a_store_is_told_with_its_environment(
    tmp_path: Path, variables: dict[str, str], said: str
) -> None:
    """What stands in it is not shown: it may be a password."""
    found = read_config(config(tmp_path, "[environments.dev]\nstore_variable = 'DATABASE_URL'\n"))

    with pytest.raises(ConfigUnusable) as refused:
        chosen_environment(found, None, variables=variables)

    assert said in str(refused.value)
    assert "SECRET" not in str(refused.value)


@pytest.mark.parametrize(
    ("place", "variables", "is_one"),
    [
        ("store = 'sqlite:///a.db'", {"TABLEWRIGHT_STORE": "sqlite:///b.db"}, False),
        ("store = 'sqlite:///a.db'", {"TABLEWRIGHT_STORE": f"airtable://{BASE}"}, False),
        ("store = 'sqlite:///a.db'", {"AIRTABLE_BASE_ID": BASE}, False),
        ("store = 'sqlite:///a.db'", {"TABLEWRIGHT_STORE": "sqlite:///a.db"}, True),
        (f"base = '{BASE}'", {"TABLEWRIGHT_STORE": "sqlite:///a.db"}, False),
        ("base = 'app1'", {"TABLEWRIGHT_STORE": f"airtable://{BASE}"}, False),
        ("base = 'app1'", {"AIRTABLE_BASE_ID": BASE}, False),
        (f"base = '{BASE}'", {"TABLEWRIGHT_STORE": f"airtable://{BASE}"}, True),
        (f"bases = {{shop = '{BASE}'}}", {"AIRTABLE_BASE_ID": BASE}, True),
        (
            f"base = '{BASE}'",
            {"TABLEWRIGHT_STORE": f"airtable://{BASE}?endpoint=http://h:1"},
            False,
        ),
        ("store = 'sqlite:///a.db'", {"TABLEWRIGHT_STORE": "sqlite:///./a.db"}, True),
        ("store = 'sqlite:///a.db'", {"TABLEWRIGHT_STORE": f"sqlite:///{Path.cwd()}/a.db"}, True),
        ("store = 'local:a.at'", {"TABLEWRIGHT_STORE": "local:///b.at"}, False),
        ("workspace = 'wsp1'", {"AIRTABLE_BASE_ID": BASE}, True),
        ("workspace = 'wsp1'", {"TABLEWRIGHT_STORE": "sqlite:///a.db"}, False),
        ("token_variable = 'T'", {"TABLEWRIGHT_STORE": "sqlite:///a.db"}, True),
        ("store_variable = 'TABLEWRIGHT_STORE'", {"TABLEWRIGHT_STORE": "sqlite:///a.db"}, True),
    ],
)
def test_a_default_that_nobody_named_is_not_taken_where_variables_name_another_place(
    tmp_path: Path, place: str, variables: dict[str, str], is_one: bool
) -> None:
    """Somebody who follows the advice of a program would change the wrong database otherwise."""
    found = read_config(config(tmp_path, f"[environments.dev]\n{place}\n"))

    if is_one:
        assert chosen_environment(found, None, variables=variables).name == "dev"
    else:
        with pytest.raises(ConfigUnusable, match=r"two places are named.*--environment dev"):
            chosen_environment(found, None, variables=variables)
    named = {**variables, "TABLEWRIGHT_ENVIRONMENT": "dev"}
    assert chosen_environment(found, "dev", variables=variables).name == "dev"
    assert chosen_environment(found, None, variables=named).name == "dev"
    assert chosen_environment(found, None, base="app2", variables=variables).base == "app2"
