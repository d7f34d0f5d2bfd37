from __future__ import annotations

import pytest

from flows import faults
from flows.faults import noted


def test_the_first_error_of_a_run_is_kept():
    @noted
    def fails(what: str) -> None:
        raise LookupError(what)

    faults.forget()
    for what in ("first", "second"):
        with pytest.raises(LookupError, match=what):
            fails(what)
    assert str(faults.first()) == "first"
    faults.forget()
    assert faults.first() is None


def test_the_end_of_an_input_is_no_error():
    @noted
    def ends() -> None:
        raise StopIteration

    faults.forget()
    with pytest.raises(StopIteration):
        ends()
    assert faults.first() is None


def test_an_error_at_the_end_waits_for_all_to_be_closed():
    def fails() -> None:
        raise LookupError("second")

    faults.forget()
    assert faults.at_close() is None
    faults.held_back(fails)()
    faults.held_back(lambda: None)()
    assert str(faults.at_close()) == "second"
    faults.forget()
    assert faults.at_close() is None
