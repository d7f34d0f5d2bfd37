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
