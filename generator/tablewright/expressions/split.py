"""A condition → what a store can say, wider where it must be, and the rest that is applied after the fetch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from tablewright.expressions import tree
from tablewright.expressions.formula_text import plain_text
from tablewright.expressions.types import BOOLEAN, TEXT

Says = Callable[[tree.Node], bool]
LinkTexts = Mapping[tuple[str, str], str | None]
"""By relation and record id, the text that the linked record shows; None where that is not known."""

MISSING: Final = "\0"
"""The text of a record that is not there: nothing links to it."""


@dataclass(frozen=True, slots=True)
class Split:
    """*pushed* keeps every record for which the condition holds, and maybe more; of those, *rest* keeps the right ones."""

    pushed: tree.Node
    rest: tree.Node

    @property
    def is_exact(self) -> bool:
        """Tell whether nothing is left to be done after the fetch."""
        return self.rest == tree.TRUE


def split(where: tree.Node, says: Says, links: LinkTexts) -> Split:
    """Return *where* in two parts: said by the store, and left over."""
    splitter = _Splitter(says, links)
    pushed: list[tree.Node] = []
    rest: list[tree.Node] = []
    for part in conjuncts(where):
        if part == tree.TRUE:
            continue
        if says(part):
            pushed.append(part)
            continue
        rest.append(part)
        wider = splitter.superset(part)
        if wider != tree.TRUE:
            pushed.append(wider)
    return Split(joined("and", pushed), joined("and", rest))


def conjuncts(node: tree.Node) -> Iterator[tree.Node]:
    """Yield the conditions that all have to hold."""
    if isinstance(node, tree.Logic) and node.operator == "and":
        for part in node.operands:
            yield from conjuncts(part)
    else:
        yield node


def joined(operator: str, parts: list[tree.Node]) -> tree.Node:
    """Return conditions as one."""
    if not parts:
        return tree.TRUE if operator == "and" else tree.FALSE
    if len(parts) == 1:
        return parts[0]
    return tree.Logic("and" if operator == "and" else "or", tuple(parts))


def linked_ids(node: tree.Node) -> frozenset[tuple[str, str]]:
    """Return the records, by relation and id, that a condition asks links for."""
    return frozenset(
        (relation, one)
        for part in tree.walk(node)
        for relation, ids in [_asked_link(part) or ("", ())]
        for one in ids
    )


@dataclass(frozen=True, slots=True)
class _Splitter:
    says: Says
    links: LinkTexts

    def superset(self, node: tree.Node) -> tree.Node:
        """Return a condition that can be said and holds wherever *node* does."""
        if self.says(node):
            return node
        match node:
            case tree.Logic("and", operands):
                parts = [self.superset(part) for part in operands]
                return joined("and", [part for part in parts if part != tree.TRUE])
            case tree.Logic("or", operands):
                parts = [self.superset(part) for part in operands]
                return tree.TRUE if tree.TRUE in parts else joined("or", parts)
            case tree.Not(operand):
                narrower = self.subset(operand)
                return tree.TRUE if narrower == tree.FALSE else tree.Not(narrower)
            case _:
                wider = self._wider(node)
                return wider if wider is not None and self.says(wider) else tree.TRUE

    def subset(self, node: tree.Node) -> tree.Node:
        """Return a condition that can be said and holds only where *node* does."""
        if self.says(node):
            return node
        match node:
            case tree.Logic("or", operands):
                parts = [self.subset(part) for part in operands]
                return joined("or", [part for part in parts if part != tree.FALSE])
            case tree.Logic("and", operands):
                parts = [self.subset(part) for part in operands]
                return tree.FALSE if tree.FALSE in parts else joined("and", parts)
            case tree.Not(operand):
                wider = self.superset(operand)
                return tree.FALSE if wider == tree.TRUE else tree.Not(wider)
            case tree.BlankTest(tree.Field(_, kind, None) as link, True) if kind.kind == "record":
                # A link that shows text leads somewhere; one that shows none may.
                shown = tree.BlankTest(replace(link, type=TEXT.or_none()), negated=True)
                return shown if self.says(shown) else tree.FALSE
            case _:
                return tree.FALSE

    def _wider(self, node: tree.Node) -> tree.Node | None:
        asked = _asked_link(node)
        if asked is not None:
            return self._shows(*asked)
        match node:
            case tree.BlankTest(tree.Field(_, kind, None) as link, False) if kind.kind == "record":
                return tree.BlankTest(replace(link, type=TEXT.or_none()), negated=False)
            case tree.Compare("==", tree.Over("len", _, relation, None, None), tree.Constant(0)):
                shown = replace(relation, type=TEXT.or_none())
                return tree.BlankTest(shown, negated=False) if relation.owner is None else None
            case tree.Compare("==", text, tree.Constant(str(value))) | tree.Compare(
                "==", tree.Constant(str(value)), text
            ) if (text.type.kind == "text"):
                return _holds_part(text, value)
            case tree.Call(
                "contains" | "startswith" | "endswith", (text, tree.Constant(str(value)))
            ):
                return _holds_part(text, value)
            case _:
                return None

    def _shows(self, relation: str, ids: tuple[str, ...]) -> tree.Node | None:
        link = tree.Field(relation, TEXT.or_none())
        parts: list[tree.Node] = []
        for one in ids:
            text = self.links.get((relation, one))
            if text == MISSING:
                continue
            wider = _holds_part(link, text) if text is not None else None
            if wider is None:
                return None
            parts.append(wider)
        return joined("or", parts)


def _holds_part(text: tree.Node, value: str) -> tree.Node | None:
    part = plain_text(value)
    if not part:
        return None
    return tree.Call("contains", (text, tree.literal(part)), BOOLEAN)


def _asked_link(node: tree.Node) -> tuple[str, tuple[str, ...]] | None:
    """Return the relation and ids where *node* can only hold if this record links to one of them."""
    match node:
        case tree.Over("any", variable, tree.Field(relation, _, None), body, _) if body is not None:
            for part in conjuncts(body):
                ids = _ids_of(part, variable)
                if ids is not None:
                    return relation, ids
            return None
        case _:
            for link in _links_below(node):
                ids = _ids_of(node, link)
                if ids is not None:
                    return link.name, ids
            return None


def _links_below(node: tree.Node) -> Iterator[tree.Field]:
    for part in tree.children(node):
        match part:
            case tree.Field("id", _, tree.Field(_, kind, None) as link) if kind.kind == "record":
                yield link


def _ids_of(node: tree.Node, record: tree.Node) -> tuple[str, ...] | None:
    match node:
        case tree.Compare("==", tree.Field("id", _, owner), tree.Constant(str(one))) | tree.Compare(
            "==", tree.Constant(str(one)), tree.Field("id", _, owner)
        ) if (owner == record):
            return (one,)
        case tree.Membership(tree.Field("id", _, owner), choices, False) if owner == record:
            ids = tuple(one.value for one in choices if isinstance(one, tree.Constant))
            found = tuple(one for one in ids if isinstance(one, str))
            return found if len(found) == len(choices) else None
        case _:
            return None


__all__ = ["MISSING", "LinkTexts", "Says", "Split", "conjuncts", "joined", "linked_ids", "split"]
