"""Findings about a schema as values: place, code, message and a way out. A leaf; printing is apart from finding."""

from __future__ import annotations

import difflib
import itertools
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

_LONG_QUOTATION: Final = re.compile(r"'[^']{100,}'")
Severity = Literal["error", "warning"]
MAX_COMPARED: Final = 200
"""Names that a misspelt one is compared with; of more, only those that begin alike and are about as long."""
SLIP: Final = 0.8
"""How alike two words are, of 1, where one of them is a slip of the pen."""
MAX_EXCERPT: Final = 160
"""Characters of a line that a finding shows."""


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A stretch of a schema file. Lines and columns count from 1, in characters; the end is exclusive."""

    path: str
    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding. *help* is the way out, empty where the message already is one."""

    span: Span
    code: str
    message: str
    help: str = ""
    severity: Severity = "error"

    def sort_key(self) -> tuple[Span, str, str]:
        """Return what findings are sorted by: place, then code, then text."""
        return (self.span, self.code, self.message)


def printable(text: str) -> str:
    """Return a message on one line that a terminal can be shown, long quotations shortened."""
    line = "".join(sign if sign.isprintable() else "�" for sign in text)
    return _LONG_QUOTATION.sub(lambda found: f"{found.group()[:80]}…'", line)


def sorted_unique(findings: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Return *findings* in the order of the file, each once."""
    return tuple(sorted(dict.fromkeys(findings), key=Diagnostic.sort_key))


def close_matches(word: str, known: Iterable[str]) -> list[str]:
    """Return the entries of *known* that *word* may have meant, nearest first."""
    by_folded: dict[str, str] = {}
    for name in known:
        by_folded.setdefault(name.casefold(), name)
    folded = word.casefold()
    candidates = list(by_folded)
    if len(candidates) > MAX_COMPARED:
        alike = (
            name
            for name in candidates
            if name[:1] == folded[:1] and abs(len(name) - len(folded)) <= 3
        )
        candidates = list(itertools.islice(alike, MAX_COMPARED))
    found = difflib.get_close_matches(folded, candidates, n=3, cutoff=0.6)
    return [by_folded[name] for name in found]


def meant(word: str, known: Iterable[str]) -> str:
    """Return the entry of *known* that *word* is a slip of the pen for; empty where that is no more than a guess."""
    written = word.casefold()
    for near in close_matches(word, known)[:1]:
        other = near.casefold()
        turned_round = sorted(written) == sorted(other)
        if turned_round or difflib.SequenceMatcher(None, written, other).ratio() >= SLIP:
            return near
    return ""


def did_you_mean(word: str, known: Iterable[str], *, what: str = "known here") -> str:
    """Return a help line with the nearest entry of *known*, and the whole list while it is short."""
    names = list(known)
    near = close_matches(word, names)
    guess = f"did you mean '{near[0]}'?" if near else ""
    if not names:
        listed = ""
    elif len(names) <= 12:
        listed = f"{what}: {', '.join(names)}"
    elif near:
        listed = ""
    else:
        listed = f"{what}: {', '.join(names[:12])}, and {len(names) - 12} more"
    return " ".join(part for part in (guess, listed) if part)


def called_now(name: str) -> str:
    """Return a help line for an earlier name of what is called *name* now."""
    return f"it is called '{name}' now"


def as_text(finding: Diagnostic, lines: Mapping[str, list[str]]) -> str:
    """Return a finding as people read it, with the line it is about and a caret below it.

    *lines* holds the lines of each file by path; a file that is not there gets no excerpt.
    """
    span = finding.span
    out = [
        f"{span.path}:{span.line}:{span.column}: {finding.severity}[{finding.code}]: {finding.message}"
    ]
    source = lines.get(span.path, [])
    if 0 < span.line <= len(source):
        gutter = " " * len(str(span.line))
        line, marks = _excerpt(source[span.line - 1].rstrip("\r\n"), span)
        out += [f"{gutter} |", f"{span.line} | {line}", f"{gutter} | {marks}"]
        if finding.help:
            out.append(f"{gutter} = help: {finding.help}")
    elif finding.help:
        out.append(f"  = help: {finding.help}")
    return "\n".join(out)


def _excerpt(line: str, span: Span) -> tuple[str, str]:
    """Return the line that a finding is about and the carets below it, cut where the line is very long."""
    end = span.end_column if span.end_line == span.line else len(line) + 1
    start, end = span.column - 1, max(span.column, min(end, len(line) + 1) - 1)
    if len(line) > MAX_EXCERPT:
        first = max(0, start - MAX_EXCERPT // 3)
        last = first + MAX_EXCERPT
        before, after = "…" if first else "", "…" if last < len(line) else ""
        line = f"{before}{line[first:last]}{after}"
        start, end = start - first + len(before), min(end, last) - first + len(before)
    line = "".join(sign if sign == "\t" or sign.isprintable() else "�" for sign in line)
    # Tabs stay tabs, so that the caret stands below its word however wide they are shown.
    indent = "".join(sign if sign == "\t" else " " * _width(sign) for sign in line[:start])
    return line, indent + "^" * max(1, sum(_width(sign) for sign in line[start:end]))


def _width(sign: str) -> int:
    """Return how many columns a character takes in a terminal."""
    if unicodedata.combining(sign):
        return 0
    return 2 if unicodedata.east_asian_width(sign) in "WF" else 1


def as_json(finding: Diagnostic) -> dict[str, Any]:
    """Return a finding as a JSON object for tools."""
    span = finding.span
    return {
        "path": span.path,
        "line": span.line,
        "column": span.column,
        "end_line": span.end_line,
        "end_column": span.end_column,
        "severity": finding.severity,
        "code": finding.code,
        "message": finding.message,
        "help": finding.help,
    }
