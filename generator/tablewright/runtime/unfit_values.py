"""What is said of a value that does not fit its field or argument."""

from __future__ import annotations

from typing import Final

from tablewright.diagnostics import close_matches
from tablewright.runtime.choice import Choice
from tablewright.runtime.errors import Misfit

JSON_RULE: Final = (
    "has to be JSON: text, finite numbers, true, false, None, lists, and dicts with text keys"
)


class Unfit(ValueError):
    """A value does not fit; the text completes the sentence "the field …".

    *hint* is a way out. Without *has_given* the sentence stands by itself, and the value is not repeated behind it.
    """

    def __init__(self, valid: str, *, hint: str = "", has_given: bool = True) -> None:
        self.valid = valid
        self.hint = hint
        self.has_given = has_given
        super().__init__(valid)

    def misfit(self, field: str, value: object) -> Misfit:
        """Return the entry of an error for this field or argument."""
        return Misfit(field, self.valid, value, has_given=self.has_given, hint=self.hint)


def without_zone() -> Unfit:
    """Return what is to be said of a moment that has no time zone."""
    return Unfit(
        "needs a time zone: write datetime.now(UTC), or add tzinfo=UTC to the one given",
        has_given=False,
    )


def choice_unfit(choices: type[Choice], value: object) -> Unfit:
    """Return what is to be said of a value that is none of an enum's."""
    *others, last = (f"'{member.label}'" for member in choices)
    known = f"{', '.join(others)} or {last}" if others else last
    names = {name: member for member in choices for name in (member.label, member.name)}
    near = close_matches(value, names) if isinstance(value, str) else []
    hint = f"write {names[near[0]]!r}" if near else ""
    return Unfit(f"has to be {known}", hint=hint)


def no_record_id(to: str, hint: str = "") -> Unfit:
    """Return what is to be said of a text in the place of a record of *to* that can be no id; *hint* is a way out."""
    return Unfit(
        f"has to be a record of {to} or its id ('rec' and 14 letters or digits)",
        hint=hint or f"look the record up first, as with {to}.find_by(…).first()",
    )
