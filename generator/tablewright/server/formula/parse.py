"""Formula text → syntax tree.

The tree is built while the text is parsed, from the leaves up, so no nesting of the text can exhaust the stack.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any, Final

from lark import Lark, Token, Transformer
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from tablewright.server.formula.errors import FormulaError
from tablewright.server.formula.functions import FUNCTIONS
from tablewright.server.formula.syntax import (
    Call,
    Chain,
    Constant,
    Node,
    Reference,
    Signed,
    nodes_of,
)

MAX_LENGTH: Final = 100_000
"""Longest formula, in characters. Airtable's own limit is not published."""
MAX_DEPTH: Final = 100
"""Deepest nesting of calls, signs and parentheses. Airtable's own limit is not published."""

_ESCAPES: Final = {"n": "\n", "t": "\t", "\\": "\\", '"': '"', "'": "'"}


def _unescaped(literal: str) -> str:
    # That \n and \t are escapes is unconfirmed, as is that a backslash before anything else stays: people write
    # both "\d" and "\\d" in regular expressions.
    return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[0]), literal, flags=re.S)


class _TreeBuilder(Transformer[Token, Node]):
    """Called by the parser for every rule it completes. Keeps nothing, so that one parser serves all threads."""

    def start(self, children: list[Node]) -> Node:
        return children[0]

    def number(self, children: list[Token]) -> Node:
        return Constant(float(children[0]))

    def string(self, children: list[Token]) -> Node:
        return Constant(_unescaped(children[0][1:-1]))

    def field(self, children: list[Token]) -> Node:
        token = children[0]
        name = token[1:-1].replace("\\}", "}")
        return Reference(name, _start(token), _start(token) + len(token), bare=False)

    def bare(self, children: list[Token]) -> Node:
        token = children[0]
        return Reference(str(token), _start(token), _start(token) + len(token), bare=True)

    def signed(self, children: list[Any]) -> Node:
        sign, operand = children
        return Signed(str(sign), operand, _depth_above((operand,)))

    def arguments(self, children: list[Node]) -> tuple[Node, ...]:
        return tuple(children)

    def call(self, children: list[Any]) -> Node:
        token, arguments = children[0], children[1] or ()
        return Call(str(token), arguments, _start(token), _depth_above(arguments))

    def comparison(self, children: list[Any]) -> Node:
        rest = tuple(zip(map(str, children[1::2]), children[2::2], strict=True))
        return Chain(children[0], rest, _depth_above(children[::2]))

    additive = multiplicative = comparison

    def concatenation(self, children: list[Node]) -> Node:
        rest = tuple(("&", operand) for operand in children[1:])
        return Chain(children[0], rest, _depth_above(children))


def _start(token: Token) -> int:
    return token.start_pos or 0


def _depth_above(nodes: Sequence[Node]) -> int:
    depth = 1 + max((node.depth for node in nodes), default=0)
    if depth > MAX_DEPTH:
        raise FormulaError("syntax", f"nested more than {MAX_DEPTH} deep")
    return depth


@cache
def _parser() -> Lark:
    grammar = (files(__package__) / "grammar.lark").read_text("utf-8")
    return Lark(grammar, parser="lalr", lexer="basic", transformer=_TreeBuilder())


def parse_tree(text: str) -> Node:
    """The syntax tree of *text*.

    Raises:
        FormulaError: of kind `syntax`, `unknown_function` (all of them, as written) or `arity`, in this order.
    """
    if len(text) > MAX_LENGTH:
        raise FormulaError("syntax", f"longer than {MAX_LENGTH} characters")
    try:
        tree: Any = _parser().parse(text)
    except UnexpectedInput as error:
        raise _refusal(error, text) from None
    _check_calls(tree)
    return tree  # type: ignore[no-any-return]  # the parser gives what `start` returned


def _check_calls(tree: Node) -> None:
    calls = [node for node in nodes_of(tree) if isinstance(node, Call)]
    unknown = [call for call in calls if call.function not in FUNCTIONS]
    if unknown:
        names = tuple(dict.fromkeys(call.name for call in unknown))
        raise FormulaError(
            "unknown_function",
            f"unknown function {', '.join(names)}",
            names=names,
            position=unknown[0].start,
        )
    for call in calls:
        function, given = FUNCTIONS[call.function], len(call.arguments)
        if given < function.least or (function.most is not None and given > function.most):
            raise FormulaError(
                "arity",
                f"{function.signature} does not take {given} arguments",
                names=(call.name,),
                position=call.start,
            )


def _refusal(error: UnexpectedInput, text: str) -> FormulaError:
    if isinstance(error, UnexpectedToken) and error.token.type == "$END":
        return FormulaError("syntax", "the text ends too early", position=len(text))
    if isinstance(error, UnexpectedToken):
        return FormulaError(
            "syntax", f"unexpected {str(error.token)!r:.40}", position=error.token.start_pos
        )
    at = error.pos_in_stream or 0
    if isinstance(error, UnexpectedCharacters):
        return FormulaError("syntax", f"unexpected {text[at : at + 1]!r}", position=at)
    return FormulaError("syntax", "cannot be read", position=at)
