"""What is wrong with a formula's text: Airtable's sentence for the client, the place for our log."""

from __future__ import annotations

from typing import Final, Literal

FILTER_PREFIX: Final = "The formula for filtering records is invalid: "

Fault = Literal["syntax", "arity", "unknown_function", "unknown_fields"]


class FormulaError(Exception):
    """A formula that Airtable would refuse before it looks at a row.

    `message` is Airtable's own sentence; `filter_message` the same as `INVALID_FILTER_BY_FORMULA` words it.
    `detail` says where and why, for a log: Airtable itself gives no place.
    """

    def __init__(
        self,
        kind: Fault,
        detail: str,
        *,
        names: tuple[str, ...] = (),
        position: int | None = None,
    ) -> None:
        self.kind = kind
        self.names = names
        self.position = position
        """Offset into the text, from 0; None when the fault is not at one place."""
        self.detail = detail if position is None else f"at character {position + 1}: {detail}"
        super().__init__(self.detail)

    @property
    def message(self) -> str:
        match self.kind:
            case "unknown_fields":
                # Observed: Airtable repeats the names in lower case.
                return f"Unknown field names: {', '.join(name.lower() for name in self.names)}"
            case "unknown_function":
                return f"Unknown function names: {', '.join(self.names)}"
            case "syntax" | "arity":
                # That a wrong number of arguments reads like any other bad formula is unconfirmed.
                return "Invalid formula. Please check your formula text."

    @property
    def filter_message(self) -> str:
        return FILTER_PREFIX + self.message
