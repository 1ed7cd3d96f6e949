"""Where the rules put what they find, and the register of all codes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from tablewright.diagnostics import Diagnostic, Severity, Span, printable

CODES: Final = {
    "TW101": "The file is not YAML",
    "TW102": "The file is no mapping",
    "TW103": "Several YAML documents in one file",
    "TW104": "Too deep or too large",
    "TW105": "Anchor, alias, merge key or tag",
    "TW106": "A key that is no word",
    "TW107": "A key written twice",
    "TW108": "Unknown key",
    "TW109": "Missing key",
    "TW110": "Wrong shape",
    "TW111": "Not one of the words that are possible",
    "TW112": "Number out of range",
    "TW113": "Unknown version of the language",
    "TW114": "Include that cannot be used",
    "TW115": "Expression or text cut off inside braces",
    "TW201": "Not usable as a name in Python",
    "TW202": "Reserved name",
    "TW203": "Two things of one name",
    "TW204": "Two names that are one for Airtable",
    "TW205": "Name in Airtable that is empty or too long",
    "TW206": "Unknown type",
    "TW207": "First field of a type that cannot be primary",
    "TW208": "Default of the wrong type",
    "TW209": "Constraint that does not fit",
    "TW210": "Nothing in it",
    "TW212": "Unknown colour",
    "TW213": "Unusable pattern",
    "TW214": "More than Airtable holds",
    "TW215": "Option of another type",
    "TW216": "Key that a computed field cannot have",
    "TW217": "Unusable option value",
    "TW218": "Enum or mixin that nothing uses",
    "TW219": "Unknown mixin",
    "TW220": "Earlier name that is still in use",
    "TW221": "Name that SQL would cut",
    "TW222": "Name that mixes alphabets",
    "TW223": "Computed Airtable field that cannot be",
    "TW224": "Airtable formula that cannot be read",
    "TW301": "Lifecycle without an enum field",
    "TW302": "Unknown state",
    "TW303": "Default that is not the initial state",
    "TW304": "State that is never reached",
    "TW305": "State without a way to an end",
    "TW306": "Transition out of a final state",
    "TW307": "Guard that never holds",
    "TW308": "Set of a field that cannot be set",
    "TW309": "Set of the state itself",
    "TW310": "Argument that nothing uses",
    "TW311": "Reason without a guard",
    "TW312": "Set to a value that the field refuses",
    "TW313": "Added to a field that begins blank",
    "TW401": "Unknown table",
    "TW402": "Relation that cannot be acyclic",
    "TW403": "Field that cannot be inherited",
    "TW404": "Delete rule that cannot work",
    "TW405": "Required links in a circle",
    "TW501": "Expression that cannot be read",
    "TW502": "Not part of the expression language",
    "TW503": "Unknown name in an expression",
    "TW504": "Types that do not fit",
    "TW505": "A blank where a value is needed",
    "TW506": "Name that already means something",
    "TW507": "Computed fields in a circle",
    "TW508": "Calculation that Airtable's formulas cannot say",
    "TW509": "Loop that does not look at its records",
    "TW601": "Field that cannot be filtered by",
    "TW602": "Field that cannot be sorted by",
    "TW603": "Unusable measure",
    "TW604": "Condition that no record can meet",
    "TW701": "Queue without what it needs",
    "TW702": "Transitions that do not fit the queue",
    "TW703": "Unreadable duration",
    "TW704": "Failure that a guard can refuse",
}
"""Every finding code. A code is never given to another subject."""

WARNINGS: Final = frozenset({"TW218", "TW222", "TW304", "TW305", "TW313", "TW604", "TW704"})
"""Codes of what is probably not meant but can be compiled; `silence:` takes them."""


@dataclass
class Findings:
    """Collects what is wrong, in the order it is found."""

    found: list[Diagnostic] = field(default_factory=list)

    def error(self, span: Span, code: str, message: str, help_text: str = "") -> None:
        """Note something that keeps the schema from being compiled."""
        self._add(span, code, message, help_text, "error")

    def warning(self, span: Span, code: str, message: str, help_text: str = "") -> None:
        """Note something that is probably not meant."""
        self._add(span, code, message, help_text, "warning")

    def _add(self, span: Span, code: str, message: str, help_text: str, severity: Severity) -> None:
        self.found.append(
            Diagnostic(span, code, printable(message), printable(help_text), severity)
        )
