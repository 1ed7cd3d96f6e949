"""What an expression gives where its own record is missing: behind a link that leads nowhere. A leaf beside `tree`."""

from __future__ import annotations

from tablewright.expressions import tree
from tablewright.expressions.functions import FUNCTIONS


def is_blank_without_record(node: tree.Node) -> bool:
    """Tell whether *node* is certainly blank where no field of its record has a value and no link leads anywhere.

    Where it is not, whoever looks at it behind a link has to see to it: `sum` over the links of nothing is 0.
    """
    match node:
        case tree.Constant(value):
            return value is None
        case tree.Field(_, _, owner):
            return owner is None or is_blank_without_record(owner)
        case tree.Arithmetic(_, left, right):
            return is_blank_without_record(left) or is_blank_without_record(right)
        case tree.Negate(operand):
            return is_blank_without_record(operand)
        case tree.Choice(_, then, otherwise):
            return is_blank_without_record(then) and is_blank_without_record(otherwise)
        case tree.Call("len", (of,)) if of.type.kind == "list":
            return False  # a list that is not there has no values
        case tree.Call(function, arguments):
            blank = (is_blank_without_record(part) for part in arguments)
            match FUNCTIONS[function].blanks:
                case "propagate":
                    return any(blank)
                case "first":
                    return all(blank)
                case "false":
                    return False
        case tree.Over(quantifier):
            return quantifier in ("min", "max")
        case _:
            return False
