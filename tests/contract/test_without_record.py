"""What is known to be blank behind a missing link is, by the plainest meaning of expressions."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings

from tablewright.expressions import tree
from tablewright.expressions.evaluate import Evaluator
from tablewright.expressions.missing import is_blank_without_record
from tests.contract.growing import arguments, expressions
from tests.contract.items import ENUMS
from tests.drawing import NOW


@settings(max_examples=500, deadline=None)
@given(node=expressions(conditions=False), given_arguments=arguments())
def test_what_is_known_to_be_blank_without_a_record_is(
    node: tree.Node, given_arguments: dict[str, Any]
) -> None:
    """Generated code leaves such expressions as they are, and so their own blanks have to reach the end."""
    if is_blank_without_record(node):
        assert Evaluator(given_arguments, NOW, ENUMS).value(node, {"": None}) is None
