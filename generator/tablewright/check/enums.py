"""The `enums:` section → enums of the model."""

from __future__ import annotations

from typing import Final

from tablewright import airtable, names
from tablewright.check.findings import Findings
from tablewright.check.namespace import AirtableNames, Namespace
from tablewright.check.reader import Reader, words_of
from tablewright.diagnostics import did_you_mean
from tablewright.kinds import WRITTEN_KINDS
from tablewright.model.schema import Enum, EnumValue
from tablewright.syntax.document import ListNode, MapNode, Node, Scalar, described

ENUM_KEYS: Final = ("description", "ordered", "values", "was", "silence")
VALUE_KEYS: Final = ("label", "color", "description", "was")
RESERVED_VALUES: Final = {
    **{
        name: "every text has an attribute of that name"
        for name in dir(str)
        if not name.startswith("__")
    },
    **dict.fromkeys(("name", "value", "label", "position", "mro"), "every enum value has one"),
}


def read_enums(findings: Findings, node: Node | None, module: Namespace) -> dict[str, Enum]:
    """Return the enums by key. One with a problem is there too, as far as it can be read."""
    enums: dict[str, Enum] = {}
    if node is None:
        return enums
    for key, value in Reader(findings, node, "'enums'", None).entries():
        if module.claim(key, f"enum '{key.text}'") and key.text in WRITTEN_KINDS:
            findings.error(key.span, "TW202", f"enum '{key.text}' cannot be called that: it is a type of fields",
                           f"call it '{names.pascal(key.text)}' or something else")  # fmt: skip
        enums.setdefault(key.text, _read_enum(findings, key, value))
    return enums


def _read_enum(findings: Findings, key: Scalar, node: Node) -> Enum:
    if isinstance(node, ListNode):
        return Enum(key.text, "", ordered=False, values=_read_values(findings, key, node))
    if isinstance(node, Scalar):
        findings.error(node.span, "TW110", f"enum '{key.text}' is {described(node)}, and a list or a mapping is needed",
                       f"{key.text}: {_as_list(node)}")  # fmt: skip
        return Enum(key.text, "", ordered=False, values=())
    reader = Reader(findings, node, f"enum '{key.text}'", ENUM_KEYS)
    values = reader.required("values", "values: [LOW, HIGH]")
    read = _read_values(findings, key, values) if values is not None else ()
    was = tuple(word.text for word in reader.words("was"))
    return Enum(key.text, reader.text("description"), reader.boolean("ordered"), read, was)


def _read_values(findings: Findings, enum: Scalar, node: Node) -> tuple[EnumValue, ...]:
    if isinstance(node, Scalar):
        findings.error(node.span, "TW110", f"the values of {enum.text} are {described(node)}, and a list or a mapping is needed",
                       f"values: {_as_list(node)}, or with labels: {{LOW: {{label: Low}}}}")  # fmt: skip
        return ()
    space = Namespace(findings, RESERVED_VALUES)
    labels = AirtableNames(findings, airtable.MAX_NAME_LENGTH)
    values: list[EnumValue] = []
    written = node.entries if isinstance(node, MapNode) else [(word, None) for word in words_of(findings, node, "values")]  # fmt: skip
    for position, (key, details) in enumerate(written):
        what = f"value '{key.text}' of {enum.text}"
        # One whose name has a finding is read all the same, so that its use is not reported for its sake.
        if not space.claim(key, what) and any(one.key == key.text for one in values):
            continue
        value = _read_value(findings, key, details, what, position)
        labels.claim(value.label, what, key.span)
        values.append(value)
    if len(values) > airtable.MAX_CHOICES:
        findings.error(enum.span, "TW214", f"enum '{enum.text}' has {len(values)} values: a select in Airtable holds "
                       f"{airtable.MAX_CHOICES}", "link to a table instead")  # fmt: skip
    if not values:
        findings.error(
            enum.span, "TW210", f"enum '{enum.text}' has no values", "values: [LOW, HIGH]"
        )
    return tuple(values)


def _as_list(written: Scalar) -> str:
    """Return a text that names the values as the list that was meant."""
    words = [word for word in written.text.replace(",", " ").split() if names.is_identifier(word)]
    return f"[{', '.join(words or ('LOW', 'HIGH'))}]"


def _read_value(
    findings: Findings, key: Scalar, node: Node | None, what: str, position: int
) -> EnumValue:
    default_color = airtable.DEFAULT_CHOICE_COLORS[position % len(airtable.DEFAULT_CHOICE_COLORS)]
    if node is None or (isinstance(node, Scalar) and node.value is None):
        return EnumValue(key.text, names.title(key.text), default_color)
    if isinstance(node, Scalar):
        return EnumValue(key.text, node.text, default_color)
    reader = Reader(findings, node, what, VALUE_KEYS)
    label = reader.text("label") if reader.has("label") else names.title(key.text)
    color = reader.scalar("color")
    if color is not None and color.text not in airtable.CHOICE_COLORS:
        findings.error(color.span, "TW212", f"Airtable has no choice colour '{color.text}'",
                       _nearest_colors(color.text))  # fmt: skip
        color = None
    was = tuple(word.text for word in reader.words("was"))
    return EnumValue(
        key.text, label, color.text if color else default_color, reader.text("description"), was
    )


def _nearest_colors(word: str) -> str:
    hue = word.lower()
    shades = [color for color in airtable.CHOICE_COLORS if color.removeprefix(hue) != color]
    if hue and shades:
        return f"there are {', '.join(shades)}"
    return did_you_mean(word, airtable.CHOICE_COLORS, what="there are")
