from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sinks.phrases import LANGUAGES, PHRASES, render

anything = st.none() | st.integers() | st.text() | st.just("{0}{x}")


@given(st.sampled_from([*PHRASES, "unheard_of"]), st.lists(anything, max_size=4))
def test_a_reason_is_never_an_error(code: str, args: list[object]):
    for language in LANGUAGES:
        assert render(code, args, language)


def test_each_code_takes_the_same_arguments_in_both_languages():
    for zh, en in PHRASES.values():
        assert zh.count("{0}") == en.count("{0}") <= 1
        assert zh != en


def test_an_unknown_code_is_its_own_sentence():
    assert render("phase_of_moon", ["full"], "zh") == "phase_of_moon"
