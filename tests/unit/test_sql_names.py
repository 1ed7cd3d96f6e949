"""Names in SQL: as they are where every database holds them, and shortened, each in its own way, where not."""

from __future__ import annotations

from tablewright.sql_names import MAX_NAME_BYTES, sql_name


def test_a_name_that_fits_stays_as_it_is() -> None:
    """63 bytes are kept, whatever parts they come in."""
    assert sql_name("t" * 31, "r" * 31) == "t" * 31 + "_" + "r" * 31
    assert sql_name("ix", "agent_task", "queue") == "ix_agent_task_queue"


def test_a_longer_name_is_shortened_and_stays_apart_from_others() -> None:
    """What begins alike ends in another digest, and what was shortened once is not shortened again."""
    one, other = sql_name("t" * 31, "r" * 32), sql_name("t" * 31, "r" * 33)

    assert one == "t" * 31 + "_" + "r" * 22 + "_0221e010"
    assert len(one) == len(other) == MAX_NAME_BYTES
    assert one != other
    assert sql_name(one) == one


def test_letters_are_never_cut_in_the_middle() -> None:
    """The limit counts bytes, and a letter of several stays whole or goes."""
    assert sql_name("t" * 51, "ß" * 20) == "t" * 51 + "_ß_" + sql_name("t" * 51, "ß" * 20)[-8:]
    assert sql_name("t" * 52, "ß" * 20) == "t" * 52 + "__" + sql_name("t" * 52, "ß" * 20)[-8:]
