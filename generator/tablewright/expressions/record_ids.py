"""The form of record ids: Airtable's, in every store."""

from __future__ import annotations

import re
from typing import Final

SIGNS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
LENGTH: Final = 14
"""How many signs follow `rec`."""
_FORM: Final = re.compile(rf"rec[{SIGNS}]{{{LENGTH}}}")


def is_record_id(text: str) -> bool:
    """Tell whether *text* can be the id of a record, in any store."""
    return _FORM.fullmatch(text) is not None
