"""Rich text as formulas read it: the words and the lines of the Markdown that cells hold, without the formatting.

Airtable's support pages show it by an example: headings, quotes, code and links lose their signs, blank lines go, and
the signs of lists and boxes stay, as does the line break at the end.
"""

import re
from collections.abc import Iterator
from typing import Final

_ANY_FORMAT: Final = re.compile(r"[*_~`#>\\\]]|\n[ \t]*\n")
_HEAD: Final = re.compile(r"(?:>[ \t]?)?(?:#{1,3}[ \t]+)?")
_FENCE: Final = "```"
_UNTOUCHED: Final = re.compile(r"`([^`]+)`|\\([\\`*_~#>\[\]()+.!-])|\0")
"""Code, a sign that a backslash makes an ordinary character, and what would pass for a held place."""
_HELD: Final = re.compile(r"\0(\d+)\0")
# Between two signs of a kind stands no third, so that a search never looks past the next one.
_PAIRS: Final = tuple(
    re.compile(pair)
    for pair in (
        r"\[([^\[\]]+)\]\([^()\s]+\)",
        r"~~(?!\s)([^~]*[^\s~])~~",
        r"(?<!\*)\*(?![\s*])([^*]*[^\s*])\*(?!\*)",
        r"\*\*(?!\s)([^*]*[^\s*])\*\*",
        r"(?<!\*)\*(?![\s*])([^*]*[^\s*])\*(?!\*)",
        r"(?<!\w)_(?![\s_])([^_]*[^\s_])_(?!\w)",
        r"(?<!\w)__(?!\s)([^_]*[^\s_])__(?!\w)",
    )
)


def plain_text(markdown: str) -> str:
    """The text of a rich text cell without its formatting."""
    if _ANY_FORMAT.search(markdown) is None:
        return markdown
    return "".join(f"{line}\n" for line in _lines(markdown)) or "\n"


def _lines(markdown: str) -> Iterator[str]:
    in_code = False
    for line in markdown.split("\n"):
        text = line
        if text.startswith(_FENCE):
            text, in_code = text.removeprefix(_FENCE), not in_code
        elif not in_code:
            yield from [_words(text)] if text.strip() else []
            continue
        if in_code and text.endswith(_FENCE):
            text, in_code = text.removesuffix(_FENCE), False
        if text.strip():
            yield text


def _words(line: str) -> str:
    text = line[_HEAD.match(line).end() :]  # type: ignore[union-attr] # it matches nothing as well
    kept: list[str] = []

    def hold(found: re.Match[str]) -> str:
        kept.append(found[1] or found[2] or found[0])
        return f"\0{len(kept) - 1}\0"

    text = _UNTOUCHED.sub(hold, text)
    for pair in _PAIRS:
        text = pair.sub(r"\1", text)
    return _HELD.sub(lambda found: kept[int(found[1])], text)
