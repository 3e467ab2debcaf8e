import re
from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dpsctl.errors import UsageError
from dpsctl.options.checks import (
    duration_rule,
    etag_rule,
    id_rule,
    key_rule,
    top_rule,
)
from dpsctl.options.durations import SecondsRule

ID_LETTERS = "abcXYZ019-._:"
check_id = id_rule("--enrollment-id", "group id")
check_key = key_rule("--primary-key")


@given(st.text(ID_LETTERS, max_size=127), st.sampled_from("aZ9-"))
def test_id_of_the_documented_form_is_accepted(start, end):
    assert check_id(start + end) == start + end


@given(st.text(ID_LETTERS, max_size=20), st.sampled_from("._:"))
def test_id_with_another_last_letter_is_refused(start, end):
    with pytest.raises(UsageError, match=r"^--enrollment-id: "):
        check_id(start + end)


@given(st.text(ID_LETTERS, max_size=9), st.sampled_from(" /\\@#?%=+,;'\"!~\n\0\u00e9\u0130\u0661"))
def test_id_with_any_other_letter_is_refused(text, letter):
    with pytest.raises(UsageError, match="cannot be in a group id"):
        check_id(f"{text}{letter}a")


@given(st.binary(min_size=16, max_size=64).map(lambda data: b64encode(data).decode()))
def test_key_the_service_takes_is_accepted(key):
    assert check_key(key) == key


@pytest.mark.parametrize("size", [0, 1, 15, 65, 128])
def test_key_of_another_length_is_refused(size):
    with pytest.raises(UsageError, match=r"^--primary-key: "):
        check_key(b64encode(b"k" * size).decode())


@pytest.mark.parametrize(
    "key", ["=", "a", "====", "YWJjZGVmZ2hpamtsbW5vcA", "YWJj-GVmZ2hpamtsbW5vcA=="]
)
def test_key_that_is_no_base64_is_refused_and_not_repeated(key):
    with pytest.raises(UsageError, match=r"^--primary-key: ") as refused:
        check_key(key)

    assert len(key) < 5 or key not in f"{refused.value.message}{refused.value.hint}"


@pytest.mark.parametrize("check", [check_id, check_key, etag_rule])
def test_option_that_is_not_given_is_not_judged(check):
    assert check(None) is None


@pytest.mark.parametrize("etag", ["*", '"IjAwIg=="', "IjAwIg=="])
def test_etag_in_any_spelling_is_accepted(etag):
    assert etag_rule(etag) == etag


@pytest.mark.parametrize("top", [-1, 1, 10**20])
def test_number_of_records_is_accepted(top):
    assert top_rule(top) == top


@pytest.mark.parametrize("top", [0, -2])
def test_no_number_of_records_is_refused(top):
    with pytest.raises(UsageError, match=f"^--top {top}: "):
        top_rule(top)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("500ms", 0.5), ("0.1", 0.1), ("30s", 30), ("1.5m", 90), ("5m", 300), ("24h", 86_400)],
)
def test_time_to_wait_is_read(text, seconds):
    assert SecondsRule(0.1)(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "text",
    [
        *[
            "0",
            "-1",
            "99ms",
            "86401",
            "2d",
            "nan",
            "inf",
            "1e3",
            "s",
            ".",
            "1.2.3",
            "5sm",
            "٣",
            "1_000",
            "5M",
        ],
        "",
        "5 s",
    ],
)
def test_no_time_to_wait_is_refused(text):
    with pytest.raises(ValueError, match=rf"^{re.escape(text)}$"):
        SecondsRule(0.1)(text)


def test_time_may_be_none_where_nothing_need_be_waited_for():
    assert SecondsRule(0)("0") == 0


@pytest.mark.parametrize("text", ["0", "500ms", "0.9s", "soon"])
def test_lifetime_of_less_than_a_second_is_refused(text):
    with pytest.raises(UsageError, match=r"^--expires-in .*: no such time"):
        duration_rule("--expires-in")(text)
