"""Reads one mapping of the document: known keys, their shapes, and findings for everything else."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from tablewright.check.findings import Findings
from tablewright.diagnostics import Span, did_you_mean, meant
from tablewright.syntax.document import ListNode, MapNode, Node, Scalar, described
from tablewright.syntax.parse import core_value


class Reader:
    """The entries of one mapping. *what* names it in messages, as in `field 'status'`.

    *instead* has ways out by unknown keys that are often looked for there. A misspelt key is reported, and read as the
    one that was meant, so that nothing else is reported for its sake; so is a list of keys with their values.
    """

    def __init__(
        self,
        findings: Findings,
        node: Node,
        what: str,
        keys: Iterable[str] | None,
        *,
        instead: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.findings = findings
        self.what = what
        self.span = node.span
        self._map = node if isinstance(node, MapNode) else _as_mapping(node)
        self._cut: set[str] = set()
        self._rests: set[str] = set()
        if not isinstance(node, MapNode):
            findings.error(
                node.span,
                "TW110",
                f"{what} is {described(node)}, and a mapping is needed",
                (
                    "write {key: value}, or the keys on lines of their own, further in"
                    if self._map is None
                    else "write the keys without '-' in front, or {…} in place of […]"
                ),
            )
        if self._map is not None:
            known = None if keys is None else list(keys)
            self._report_cut(self._map, known or ())
            if known is not None:
                self._report_unknown(self._map, known, instead)

    def _report_cut(self, node: MapNode, known: Collection[str]) -> None:
        previous: tuple[Scalar, Node] | None = None
        for key, value in node.entries if node.flow else ():
            if previous is None or not _continues(*previous, key, value, known):
                previous = (key, value)
                continue
            self._rests.add(key.text)
            if previous[0].text not in self._cut:
                self._cut.add(previous[0].text)
                self.findings.error(
                    previous[1].span, "TW115",
                    f"'{previous[0].text}' ends at the comma: inside {{…}} YAML cuts there",
                    "quote the whole text or expression: \"…\"",
                )  # fmt: skip

    def _report_unknown(
        self, node: MapNode, known: Sequence[str], instead: Mapping[str, str]
    ) -> None:
        written = {key.text for key, _ in node.entries}
        read_as: dict[str, tuple[Scalar, Node]] = {}
        for key, value in self.entries():
            if key.text in known:
                continue
            glued, _, rest = key.text.partition(":")
            if glued in known and not key.quoted:
                way_out = f"YAML needs a space after '{glued}:'"
                value = Scalar(rest, core_value(rest), key.span, quoted=False)
            else:
                way_out = instead.get(key.text) or did_you_mean(key.text, known)
                is_given = not isinstance(value, Scalar) or bool(value.text)
                glued = meant(key.text, known) if is_given and key.text not in instead else ""
            if glued and glued not in written:
                written.add(glued)
                read_as[key.text] = (replace(key, text=glued, value=glued), value)
            self.findings.error(key.span, "TW108", f"{self.what} has no key '{key.text}'", way_out)
        if read_as:
            entries = tuple(read_as.get(entry[0].text, entry) for entry in node.entries)
            self._map = replace(node, entries=entries)

    @property
    def keys(self) -> list[str]:
        """Return the keys in the order they were written."""
        return self._map.keys() if self._map is not None else []

    def entries(self) -> Iterator[tuple[Scalar, Node]]:
        """Yield key and value of every entry, the rests of cut expressions left out."""
        if self._map is not None:
            yield from (entry for entry in self._map.entries if entry[0].text not in self._rests)

    def key_span(self, key: str) -> Span:
        """Return the place of a key, or of the whole mapping where it does not stand."""
        found = self._map.key(key) if self._map is not None else None
        return found.span if found is not None else self.span

    def value_span(self, key: str) -> Span:
        """Return the place of what stands under *key*, or of the whole mapping where it does not stand."""
        found = self._map.get(key) if self._map is not None else None
        return found.span if found is not None else self.span

    def has(self, key: str) -> bool:
        """Tell whether the key stands there, whatever its value."""
        return self._map is not None and self._map.key(key) is not None

    def node(self, key: str) -> Node | None:
        """Return what stands under *key*; nothing where it is missing or empty."""
        found = self._map.get(key) if self._map is not None else None
        if isinstance(found, Scalar) and found.value is None and not found.text:
            self.findings.error(self.key_span(key), "TW110", f"nothing stands after '{key}:'",
                                "give it a value or remove the key")  # fmt: skip
            return None
        return found

    def required(self, key: str, way_out: str = "") -> Node | None:
        """Return what stands under *key*, which has to be there."""
        if self._map is not None and not self.has(key):
            self.findings.error(
                self.span_of_start(), "TW109", f"{self.what} needs '{key}'", way_out
            )
            return None
        return self.node(key)

    def span_of_start(self) -> Span:
        """Return the place of the first key, for what is missing as a whole."""
        if self._map is not None and self._map.entries:
            return self._map.entries[0][0].span
        return self.span

    def scalar(self, key: str) -> Scalar | None:
        """Return the word under *key*, or nothing after a finding where it is a list or a mapping."""
        found = self.node(key)
        if found is None or isinstance(found, Scalar):
            return found
        self.findings.error(
            found.span,
            "TW110",
            f"'{key}' is {described(found)}, and one word or text is needed",
            (
                "an expression that begins with a bracket has to be quoted"
                if key in ("where", "when", "value")
                else ""
            ),
        )
        return None

    def text(self, key: str) -> str:
        """Return the text under *key*, empty where there is none."""
        found = self.scalar(key)
        return found.text if found is not None else ""

    def boolean(self, key: str) -> bool:
        """Return the yes or no under *key*; no where it does not stand."""
        found = self.scalar(key)
        if found is None:
            return False
        if isinstance(found.value, bool):
            return found.value
        way_out = (
            "YAML 1.2 knows only true and false" if found.text.lower() in _OLD_BOOLEANS else ""
        )
        if found.text in ("true", "false"):
            way_out = "write it without quotes"
        self.findings.error(
            found.span,
            "TW110",
            f"'{key}' is {described(found)}, and true or false is needed",
            way_out,
        )
        return False

    def integer(self, key: str, *, least: int | None = None, most: int | None = None) -> int | None:
        """Return the whole number under *key*, held to its range."""
        found = self.number(key, least=least, most=most)
        if found is None:
            return None
        if isinstance(found, float):
            self.findings.error(
                self.value_span(key), "TW110", f"'{key}' is {found}, and a whole number is needed"
            )
            return None
        return found

    def number(
        self, key: str, *, least: float | None = None, most: float | None = None
    ) -> int | float | None:
        """Return the number under *key*, held to its range."""
        found = self.scalar(key)
        if found is None:
            return None
        value = found.value
        if (
            isinstance(value, bool)
            or not isinstance(value, (int, float))
            or not math.isfinite(value)
        ):
            self.findings.error(
                found.span, "TW110", f"'{key}' is {described(found)}, and a number is needed"
            )
            return None
        if (least is not None and value < least) or (most is not None and value > most):
            bounds = (
                f"{least} or more"
                if most is None
                else f"{most} or less" if least is None else f"{least} to {most}"
            )
            self.findings.error(
                found.span, "TW112", f"'{key}' is {found.text}, and has to be {bounds}"
            )
            return None
        return value

    def words(self, key: str) -> list[Scalar]:
        """Return the words under *key*: one word, or a list of them."""
        return words_of(self.findings, self.node(key), key)

    def word(self, key: str, known: Sequence[str], default: str) -> str:
        """Return the word under *key*, which has to be one of *known*."""
        found = self.scalar(key)
        if found is None:
            return default
        if found.text in known:
            return found.text
        self.findings.error(
            found.span,
            "TW111",
            f"'{key}' cannot be '{found.text}'",
            did_you_mean(found.text, known, what="possible"),
        )
        return default

    def expression(self, key: str) -> Scalar | None:
        """Return the expression under *key*, or nothing after a finding."""
        return None if key in self._cut else self.scalar(key)

    def mapping(
        self,
        key: str,
        what: str,
        keys: Iterable[str] | None,
        *,
        instead: Mapping[str, str] = MappingProxyType({}),
    ) -> Reader | None:
        """Return a reader for the mapping under *key*; nothing where it does not stand."""
        found = self.node(key)
        return None if found is None else Reader(self.findings, found, what, keys, instead=instead)

    def is_cut(self, key: str) -> bool:
        """Tell whether the expression under *key* was cut off by a comma inside braces."""
        return key in self._cut


def _as_mapping(node: Node) -> MapNode | None:
    """Return a list of keys with their values, each behind a `-`, as the mapping that was meant."""
    items = node.items if isinstance(node, ListNode) else ()
    entries = [entry for item in items if isinstance(item, MapNode) for entry in item.entries]
    keys = {key.text for key, _ in entries}
    if not items or len(entries) != len(items) or len(keys) != len(items):
        return None
    return MapNode(tuple(entries), node.span, flow=False)


_OLD_BOOLEANS = frozenset({"yes", "no", "on", "off", "y", "n"})


def words_of(findings: Findings, found: Node | None, what: str) -> list[Scalar]:
    """Return *found* as words: one word, or a list of them; nothing after a finding."""
    if found is None:
        return []
    if isinstance(found, Scalar):
        return [found]
    if isinstance(found, ListNode):
        words: list[Scalar] = []
        for item in found.items:
            if isinstance(item, Scalar) and item.text:
                words.append(item)
            else:
                findings.error(
                    item.span, "TW110", f"'{what}' holds {described(item)}, and a word is needed"
                )
        return words
    findings.error(
        found.span,
        "TW110",
        f"'{what}' is {described(found)}, and a word or a list of words is needed",
    )
    return []


_FREE_TEXTS: Final = frozenset(
    {"description", "inverse_description", "label", "name", "inverse_name", "otherwise", "default"}
)
"""Keys whose values are texts for people, in which commas are usual."""


def _continues(
    owner: Scalar, before: Node, key: Scalar, value: Node, known: Collection[str]
) -> bool:
    """Tell whether *key* looks like the rest of an expression or a text of *owner* that a comma inside braces cut off."""
    if (
        not isinstance(before, Scalar)
        or before.quoted
        or not isinstance(value, Scalar)
        or value.text
    ):
        return False
    if key.text not in known and (" " in key.text or owner.text in _FREE_TEXTS):
        return True
    opened = sum(before.text.count(sign) for sign in "([") - sum(
        before.text.count(sign) for sign in ")]"
    )
    return opened > 0 or any(sign in key.text for sign in ")]")
