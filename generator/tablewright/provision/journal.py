"""The journal of a copy: which rows are over, and under which ids. One JSON line for each thing that happened."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tablewright.provision.errors import ProvisionError

_HEAD: Final = '{"event": "copy", "about": '
"""How a journal begins."""


class JournalUnreadable(ProvisionError):
    """The journal is of another copy, or broken."""


@dataclass(slots=True)
class Journal:
    """What a copy has done so far. *ids* holds new ids by table and old id, *sending* a batch that was not answered."""

    path: Path
    about: str
    ids: dict[str, dict[str, str]] = field(default_factory=dict)
    before: dict[str, set[str]] = field(default_factory=dict)
    """Rows that the target had already, by table."""
    sending: dict[str, list[str]] = field(default_factory=dict)
    linked: dict[str, set[str]] = field(default_factory=dict)
    """Old ids of rows whose links are written, by table."""

    def note(self, **event: Any) -> None:
        """Write something down, for good, and take account of it."""
        self._take(event)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(event, ensure_ascii=False) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def _take(self, event: dict[str, Any]) -> None:
        table = event.get("table", "")
        match event["event"]:
            case "before":
                self.before[table] = set(event["ids"])
            case "sending":
                self.sending[table] = event["ids"]
            case "stored":
                self.ids.setdefault(table, {}).update(event["ids"])
                self.sending.pop(table, None)
            case "linked":
                self.linked.setdefault(table, set()).update(event["ids"])


def is_begun(path: Path) -> bool:
    """Tell whether a journal notes that rows were sent."""
    return path.is_file() and '"event": "sending"' in path.read_text("utf-8", "replace")


def open_journal(path: Path, about: str) -> Journal:
    """Return the journal of this copy, as far as it got. *about* names source and target.

    Raises:
        JournalUnreadable: it is the journal of another copy, or no journal.
    """
    journal = Journal(path, about)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        journal.note(event="copy", about=about)
        return journal
    try:
        lines = path.read_text("utf-8").splitlines(keepends=True)
        # A last line that was being written when the program ended: what it was to say did not happen for the journal.
        torn = lines.pop() if lines and not lines[-1].endswith("\n") else ""
        events = [json.loads(line) for line in lines]
        if events and events[0]["about"] != about:
            raise JournalUnreadable(
                f"{path} belongs to the copy {events[0]['about']}: name another file with --journal, or remove it"
            )
        for event in events:
            journal._take(event)  # noqa: SLF001  # of this module
    except (ValueError, KeyError, TypeError) as error:
        raise JournalUnreadable(f"{path} is no journal of a copy: name another file with --journal") from error  # fmt: skip
    if torn and not events and not _HEAD.startswith(torn[: len(_HEAD)]):
        raise JournalUnreadable(f"{path} is no journal of a copy: name another file with --journal")
    if torn:
        os.truncate(path, len("".join(lines).encode()))
    if not events:
        journal.note(event="copy", about=about)
    return journal
