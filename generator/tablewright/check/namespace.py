"""Holds every name of one scope, and finds two that would become one: in Python, in Airtable, in SQL."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from tablewright.check.findings import Findings
from tablewright.check.include import place
from tablewright.diagnostics import Span
from tablewright.names import (
    is_identifier,
    mixed_alphabets,
    suggested_identifier,
    why_not_identifier,
)
from tablewright.syntax.document import Scalar

MAX_KEY_BYTES: Final = 55
"""PostgreSQL holds names up to 63 bytes, and columns are called after keys, some with the ending `_id`."""


class Namespace:
    """The names of one class or module. *reserved* says for each name that is not free why it is not.

    *module_names* are those of the schema's enums and tables, which nothing inside a class may hide.
    """

    def __init__(
        self,
        findings: Findings,
        reserved: Mapping[str, str],
        module_names: frozenset[str] = frozenset(),
    ) -> None:
        self._findings = findings
        self._reserved = reserved
        self._module_names = module_names
        self._taken: dict[str, tuple[str, Span]] = {}

    def claim(
        self, key: Scalar, what: str, besides: Mapping[str, str] = MappingProxyType({})
    ) -> bool:
        """Take the name of *key*, which the schema's author chose; tell whether it could be had.

        *besides* says of names that are free to others of the scope why this one cannot have them.
        """
        reason = why_not_identifier(key.text)
        if reason:
            self._findings.error(key.span, "TW201", f"{what} cannot be called {_called(key.text, what)}: {reason}",
                                 f"call it '{self._free(key.text)}'{_shown_name(what)}")  # fmt: skip
            return False
        if key.text.startswith("_"):
            self._findings.error(key.span, "TW202", f"{what} cannot be called {_called(key.text, what)}: names with '_' in front are private",
                                 f"call it '{self._free(key.text.lstrip('_') or 'field')}'")  # fmt: skip
            return False
        if len(key.text.encode()) > MAX_KEY_BYTES:
            self._findings.error(key.span, "TW221", f"{what} has a name of more than {MAX_KEY_BYTES} bytes, which PostgreSQL would cut",
                                 f"shorten the key{_shown_name(what)}")  # fmt: skip
            return False
        alphabets = mixed_alphabets(key.text)
        if alphabets:
            self._findings.warning(key.span, "TW222", f"{what} mixes letters of {' and '.join(alphabets)} that may look alike",
                                   "write it in one alphabet")  # fmt: skip
        return self.claim_made(key.text, what, key.span, besides)

    def _free(self, text: str) -> str:
        """Return the nearest name to *text* that Python accepts and that is not reserved here."""
        name = suggested_identifier(text)
        while name in self._reserved or name in self._module_names:
            name += "_"
        return name

    def claim_made(
        self, name: str, what: str, span: Span, besides: Mapping[str, str] = MappingProxyType({})
    ) -> bool:
        """Take a name that follows from another one, such as `can_…`."""
        reason = self._reserved.get(name, "") or besides.get(name, "")
        if not reason and name in self._module_names:
            reason = "an enum or table of the schema has that name"
        if reason:
            self._findings.error(span, "TW202", f"{what} cannot be called {_called(name, what)}: {reason}",
                                 f"call it '{name}_' or something else{_shown_name(what)}"
                                 if is_identifier(name) else "")  # fmt: skip
            return False
        if name in self._taken:
            other, where = self._taken[name]
            self._findings.error(span, "TW203", f"{what} and {other} are both called '{name}' in Python",
                                 f"the other one is {place(where, span)}: rename one of them")  # fmt: skip
            return False
        self._taken[name] = (what, span)
        return True


def _called(name: str, what: str) -> str:
    """Return a name for the end of a sentence that begins with *what*, which may have said it already."""
    return "that" if f" '{name}'" in what else f"'{name}'"


def _shown_name(what: str) -> str:
    """Return how a thing can be called otherwise where people see it."""
    if what.startswith(("field", "relation", "table")):
        return "; 'name:' gives it any name in Airtable"
    return "; 'label:' is what people see" if what.startswith("value") else ""


def _airtable_key(what: str) -> str:
    """Return the key that says what a thing is called in Airtable."""
    keys = {"value": "label:", "the other side": "inverse_name:", "computed": "publish:"}
    return next((key for begin, key in keys.items() if what.startswith(begin)), "name:")


class AirtableNames:
    """The names of one table or base in Airtable, which holds names equal that differ only in case."""

    def __init__(self, findings: Findings, limit: int) -> None:
        self._findings = findings
        self._limit = limit
        self._taken: dict[str, tuple[str, str, Span]] = {}

    def claim(self, name: str, what: str, span: Span) -> None:
        """Take a name, and note where Airtable could not hold it."""
        if not name.strip() or len(name) > self._limit:
            problem = "is empty" if not name.strip() else f"is longer than {self._limit} characters"
            self._findings.error(
                span,
                "TW205",
                f"the Airtable name of {what} {problem}",
                f"give it another '{_airtable_key(what)}'",
            )
            return
        if name != name.strip() or any(ord(sign) < 32 for sign in name):
            self._findings.error(span, "TW205", f"the Airtable name of {what} has spaces at its ends or control characters",
                                 f"write it as '{' '.join(name.split())}'")  # fmt: skip
            return
        folded = unicodedata.normalize("NFKC", name).casefold()
        if folded in self._taken:
            other, other_name, where = self._taken[folded]
            keys = " or ".join(f"'{key}'" for key in dict.fromkeys((_airtable_key(what), _airtable_key(other))))  # fmt: skip
            self._findings.error(span, "TW204", f"{what} and {other} are one for Airtable: '{name}' and '{other_name}'",
                                 f"the other one is {place(where, span)}: give one of them another {keys}")  # fmt: skip
            return
        self._taken[folded] = (what, name, span)


class SqlNames:
    """The names of tables and indexes, or of columns, in SQL; SQLite holds names equal that differ only in case.

    *columns* are those that the table has anyhow.
    """

    def __init__(self, findings: Findings, columns: Iterable[str] = ()) -> None:
        self._findings = findings
        self._columns = frozenset(columns)
        self._taken: dict[str, tuple[str, str, Span]] = {}

    def claim(self, name: str, what: str, span: Span) -> bool:
        """Take a name, and note where it is taken; tell whether it could be had."""
        folded = name.casefold()
        if folded in self._columns:
            self._findings.error(span, "TW203", f"{what} and the column '{folded}' that every record has are one in SQL",
                                 "rename it; 'name:' gives it any name in Airtable")  # fmt: skip
            return False
        if folded in self._taken:
            other, other_name, where = self._taken[folded]
            shown = f"'{name}'" if name == other_name else f"'{name}' and '{other_name}'"
            self._findings.error(span, "TW203", f"{what} and {other} are one in SQL: {shown}",
                                 f"the other one is {place(where, span)}: rename one of them")  # fmt: skip
            return False
        self._taken[folded] = (what, name, span)
        return True
