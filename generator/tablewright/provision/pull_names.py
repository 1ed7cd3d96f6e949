"""Names in Airtable → keys of a schema: identifiers, none twice, none reserved."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable
from typing import Final

from tablewright import airtable, history, names
from tablewright.check.claims import RESERVED, RESERVED_FIELDS
from tablewright.check.enums import RESERVED_VALUES
from tablewright.check.namespace import MAX_KEY_BYTES
from tablewright.provision.live import LiveBase, LiveField, LiveTable
from tablewright.sql_names import sql_name

_ROOM: Final = 12
"""Bytes kept free at the end of a key, for `_ids` and for a number that tells it from another."""


class SqlSpace:
    """Names of tables and indexes in SQL as they are given out: databases hold those of all tables in one space."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def is_free(self, made: Iterable[str]) -> bool:
        """Tell whether nothing has one of these names."""
        return not any(_same(one) in self._taken for one in made)

    def take(self, made: Iterable[str]) -> None:
        """Note that these names are given out."""
        self._taken |= {_same(one) for one in made}


class Keys:
    """Keys of one scope as they are given out. *sql* is shared by the scopes of one schema."""

    def __init__(self, sql: SqlSpace, reserved: Iterable[str] = ()) -> None:
        self._sql = sql
        self._reserved = frozenset(reserved)
        self._taken: set[str] = set()

    def give(
        self,
        wanted: str,
        *,
        also: Iterable[str] = (),
        in_sql: Callable[[str], Iterable[str]] = lambda _: (),
        ending: str = "_2",
    ) -> str:
        """Return *wanted* as a key, changed where it is none or taken; so are the names that follow from it.

        These are *also*, where `{}` stands for the key, and the tables and indexes that *in_sql* returns for a key.
        """
        endings = ["{}", *also]
        base = _identifier(wanted)
        key, number = base, 2
        while not self._sql.is_free(in_sql(key)) or any(
            one.format(key) in self._reserved or _same(one.format(key)) in self._taken
            for one in endings
        ):
            key = f"{base}{ending}" if number == 2 else f"{base}_{number}"
            number += 1
        self._taken |= {_same(one.format(key)) for one in endings}
        self._sql.take(in_sql(key))
        return key


def _same(key: str) -> str:
    # SQLite holds names equal that differ only in case.
    return key.casefold()


def _identifier(text: str) -> str:
    key = names.suggested_identifier(text).strip("_") or "field"
    key = key if not key[0].isdigit() else f"n_{key}"
    key = _of_one_alphabet(key)
    while len(key.encode()) > MAX_KEY_BYTES - _ROOM:
        key = key[:-1]
    key = key.rstrip("_") or "field"
    return key if names.is_identifier(key) else f"{key}_"


def _of_one_alphabet(key: str) -> str:
    """Return *key* without the letters that look like those of the alphabet which most of it is written in.

    Of `σ_hours`, `hours` is left. Of two alphabets with as many letters, Latin counts.
    """
    alphabets = names.mixed_alphabets(key)
    if not alphabets:
        return key
    of_sign = {sign: unicodedata.name(sign, "").split(" ")[0].capitalize() for sign in key}
    letters = [of_sign[sign] for sign in key if sign.isalpha()]
    kept = max(alphabets, key=lambda one: (letters.count(one), one == "Latin"))
    dropped = {*alphabets} - {kept}
    left = "".join(sign for sign in key if not (sign.isalpha() and of_sign[sign] in dropped))
    return names.suggested_identifier(left.strip("_"))


def suggested_schema_name(text: str) -> str:
    """Return the name of a schema, made of that of a base or file."""
    made = names.suggested_identifier(names.snake(text)).strip("_").lower()
    return made if made and names.is_identifier(made) else "pulled_base"


def table_key(name: str, keys: Keys) -> str:
    """Return the key of a table: `AI tasks` gives `AITasks`."""
    made = ("{}Columns", "{}Create", "{}Update", "{}Aio")
    return keys.give(names.pascal(name), also=made, in_sql=_of_table)


def _of_table(key: str) -> list[str]:
    table = names.sql_table(key)
    return [table, sql_name("pk", table), sql_name("ix", table, "created_time")]


def enum_key(table: str, field: str, keys: Keys) -> str:
    """Return the key of an enum, made of those of the field that has it and of its table."""
    return keys.give(f"{table}{names.pascal(field)}")


def field_key(name: str, keys: Keys) -> str:
    """Return the key of a field that has no table or index of its own in SQL."""
    return keys.give(names.snake(name), ending="_field")


def counter_key(name: str, table: str, keys: Keys) -> str:
    """Return the key of an auto number, whose counter is a table in SQL; *table* is the key of the field's table."""

    def made(key: str) -> list[str]:
        counter = sql_name(names.sql_table(table), key)
        return [counter, sql_name("pk", counter), sql_name("uq", names.sql_table(table), key)]

    return keys.give(names.snake(name), in_sql=made, ending="_field")


def relation_key(name: str, table: str, keys: Keys, *, many: bool) -> str:
    """Return the key of a link, whose ids get a name too; *table* is the key of the link's table."""

    def made(key: str) -> list[str]:
        if not many:
            return [sql_name("ix", names.sql_table(table), f"{key}_id")]
        links = sql_name(names.sql_table(table), key)
        return [links, sql_name("pk", links), sql_name("ix", links, "linked_id")]

    return keys.give(names.snake(name), also=("{}_id", "{}_ids"), in_sql=made, ending="_link")


def value_keys(labels: Iterable[str]) -> list[str]:
    """Return the keys of an enum's values."""
    keys = Keys(SqlSpace(), RESERVED_VALUES)
    return [keys.give("_".join(names.words(label)).upper() or "VALUE") for label in labels]


def module_keys(sql: SqlSpace) -> Keys:
    """Return the scope of tables and enums."""
    return Keys(sql, names.MODULE_NAMES)


def record_keys(sql: SqlSpace, module_names: Iterable[str]) -> Keys:
    """Return the scope of a table's fields and links."""
    return Keys(sql, [*RESERVED, *RESERVED_FIELDS, *module_names])


def unsayable_name(name: str) -> str:
    """Return why a schema cannot hold a name as it is; empty where it can."""
    if not name.strip():
        return "its name is empty"
    if name != name.strip():
        return "its name has spaces at its ends"
    if len(name) > airtable.MAX_NAME_LENGTH:
        return "its name is too long"
    if any(ord(sign) < 32 for sign in name):
        return "its name holds a control character"
    return "its name holds a control character" if unsayable_text(name) else ""


def unsayable_text(text: str) -> bool:
    """Tell whether a text holds signs that a schema cannot."""
    return any(
        unicodedata.category(sign) in ("Cc", "Cs") and sign not in "\n\t\x85" for sign in text
    )


def folded_name(name: str) -> str:
    """Return the form in which a schema holds two names in Airtable for one."""
    return unicodedata.normalize("NFKC", name).casefold()


def is_other_side(one: LiveField, table: str, other: LiveField, other_table: str) -> bool:
    """Tell of a link whether a schema says it as the other side of *other*, which people made before it.

    Of two sides the one that leads to a single record is the relation. Of two alike it is the one that people named:
    Airtable calls the side that it makes by itself after the table it leads to, with a number where that name is taken.
    """
    if bool(one.is_single) != bool(other.is_single):
        return bool(other.is_single)
    return _is_named_after(one, other_table) and not _is_named_after(other, table)


def _is_named_after(link: LiveField, table: str) -> bool:
    name, after = folded_name(link.name), folded_name(table)
    return name == after or (name.startswith(f"{after} ") and name.removeprefix(f"{after} ").isdigit())  # fmt: skip


def history_of(table: LiveTable, live: LiveBase) -> str:
    """Return the name of the table whose history a table is kept in, as `apply` makes it; empty of any other."""
    fields = sorted((one.name, one.type) for one in table.fields)
    if fields != sorted(history.FIELDS.values()):
        return ""
    named = (one.name for one in live.tables if history.history_name(one.name) == table.name)
    return next(named, "")
