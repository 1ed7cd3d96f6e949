"""Rich text: Markdown in the cell, words and lines in formulas."""

import pyairtable
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tablewright.server.rich_text import plain_text

MARKDOWN = """\
## Heading 1
> Learn more with this [hyperlink](https://example.com/) in this quote box

Bullet points below

- This is some *italic* text and some `code`.
- And even **bold** and ~~struck~~ text

## Heading 2
```Oooh! A code block.
```
### Heading 3
1. one
2. two

Boxes
[x] Do this
[ ] And this


"""
PLAIN = """\
Heading 1
Learn more with this hyperlink in this quote box
Bullet points below
- This is some italic text and some code.
- And even bold and struck text
Heading 2
Oooh! A code block.
Heading 3
1. one
2. two
Boxes
[x] Do this
[ ] And this
"""


def test_a_formula_reads_the_words_and_lines(table: pyairtable.Table) -> None:
    """As Airtable's support pages show it for a text with every format; the cell keeps its Markdown."""
    table.create_field("Plain", "formula", options={"formula": "{Notes}"})
    table.create_field("Found", "formula", options={"formula": "FIND('bold and struck', {Notes})"})

    fields = table.create({"Notes": MARKDOWN})["fields"]

    assert fields["Notes"] == MARKDOWN.rstrip("\n") + "\n"
    assert fields["Plain"] == PLAIN
    assert fields["Found"] == PLAIN.index("bold and struck") + 1


@pytest.mark.parametrize(
    ("markdown", "plain"),
    [
        ("plain\n", "plain\n"),
        ("**a *b* c** and ***d***\n", "a b c and d\n"),
        ("_a **b c**_ __d__\n", "a b c d\n"),
        ("**a `b*` c**\n", "a b* c\n"),
        ("snake_case_name, a ** b ** c, #tag, 1 > 0\n", "snake_case_name, a ** b ** c, #tag, 1 > 0\n"),
        (r"\*not italic\*" + "\n", "*not italic*\n"),
        (r"[a b](http://x/c\_d)" + "\n", "a b\n"),
        ("```\n**x**\n\n# y\n```\n**z**\n", "**x**\n# y\nz\n"),
        ("\n \n", "\n"),
        ("a\0b `\0`\n", "a\0b \0\n"),
    ],
)  # fmt: skip
def test_formats_leave_their_text(markdown: str, plain: str) -> None:
    """Signs that format nothing stay."""
    assert plain_text(markdown) == plain


@given(st.text(alphabet="*_~`[]()# >\\\n\0ab1-", max_size=60))
def test_any_text_has_a_plain_form(markdown: str) -> None:
    """Nothing is made up: every character of the plain form stands in the Markdown."""
    assert set(plain_text(markdown)) <= {*markdown, "\n"}
