import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dpsctl.errors import UsageError
from dpsctl.text.paths import parse_assignment, parse_path, remove_path, set_path, show_path

BODY = {"etag": "x", "iotHubs": ["a", "b"], "initialTwin": {"tags": {"a.b": 1}}, "none": None}


@pytest.mark.parametrize(
    ("text", "path", "value"),
    [
        pytest.param("a=1", ("a",), "1", id="text"),
        pytest.param("a:=1", ("a",), 1, id="json"),
        pytest.param('a.b.0:={"c": null}', ("a", "b", "0"), {"c": None}, id="nested"),
        pytest.param(r"a\.b=", ("a.b",), "", id="dot in a name"),
        pytest.param(r"a\:=x", ("a:",), "x", id="colon in a name"),
        pytest.param(r"a\b\\=x", ("a\\b\\",), "x", id="backslash"),
        pytest.param("a=b=c:=d", ("a",), "b=c:=d", id="first equals sign counts"),
    ],
)
def test_assignment_is_a_path_and_a_text_or_json(text, path, value):
    assert parse_assignment(text) == (path, value)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param("a", "'a' has no value", id="no value"),
        pytest.param("a..b=1", "an empty name in the path 'a..b'", id="empty name"),
        pytest.param("=1", "an empty name", id="no name"),
        pytest.param("a:=", "Expecting value at column 1", id="empty json"),
        pytest.param("a:=1e999", "1e999 is too big", id="overflow"),
        pytest.param("a." * 200 + "a=1", "more than 100 names long", id="long"),
        pytest.param("a\udcff=1", "half a character", id="not utf-8"),
    ],
)
def test_assignment_that_cannot_be_read_is_refused(text, problem):
    with pytest.raises(UsageError) as failure:
        parse_assignment(text)

    assert failure.value.message.startswith("--set: ")
    assert problem in failure.value.message


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        pytest.param(
            "a",
            "--var: 'a' has no value",
            "Write KEY=TEXT, or KEY:=JSON for anything else.",
            id="no-value",
        ),
        pytest.param(
            "a.b:=[1 2]",
            "--var: a.b: Expecting ',' delimiter at column 4 of '[1 2]'",
            "After := comes JSON; for a text write a.b=TEXT.",
            id="no-json",
        ),
        pytest.param(
            "a:=" + "9" * 5000,
            f"--var: a: a number has too many digits of '{'9' * 5000}'",
            "After := comes JSON; for a text write a=TEXT.",
            id="no-place",
        ),
        pytest.param("a=\udcff", "--var: a: '\\udcff' is half a character", None, id="no-text"),
    ],
)
def test_assignment_that_cannot_be_read_says_what_can(text, message, hint):
    with pytest.raises(UsageError) as failure:
        parse_assignment(text, "--var")

    assert failure.value.message.startswith(message)
    assert failure.value.hint == hint


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a..b", "column 'x': an empty name in the path 'a..b'"),
        ("a b", "column 'x': ' ' is in no path"),
        ("a." * 100 + "a", "column 'x': the path is more than 100 names long"),
        ("a\udcff", "column 'x': the path 'a\\udcff': '\\udcff' is half a character"),
    ],
)
def test_path_that_is_none_is_said_to_be_none(text, message):
    with pytest.raises(UsageError) as failure:
        parse_path(text, "column 'x'")

    assert failure.value.message.startswith(message)


def test_path_alone_may_have_an_equals_sign_in_a_name():
    assert parse_path("tags.a=b") == ("tags", "a=b")
    assert parse_path("tags.a:=b") == ("tags", "a:=b")


def test_path_of_a_hundred_names_is_taken():
    assert len(parse_path("a." * 99 + "a")) == 100


@given(st.lists(st.text(st.characters(codec="utf-8"), min_size=1), min_size=1, max_size=5))
def test_any_path_reads_back_as_shown(names):
    shown = show_path(tuple(names))

    assert parse_path(shown) == tuple(names)
    assert parse_assignment(f"{shown}=x") == (tuple(names), "x")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("etag=y", {"etag": "y"}, id="replaces"),
        pytest.param("new.deep.key:=1", {"new": {"deep": {"key": 1}}}, id="makes objects"),
        pytest.param("iotHubs.0=c", {"iotHubs": ["c", "b"]}, id="index"),
        pytest.param("iotHubs.2=c", {"iotHubs": ["a", "b", "c"]}, id="appends"),
        pytest.param("none.a=1", {"none": {"a": "1"}}, id="null is absent"),
        pytest.param("0=x", {"0": "x"}, id="number as a key"),
        pytest.param(
            r"initialTwin.tags.a\.b:=null", {"initialTwin": {"tags": {"a.b": None}}}, id="dot"
        ),
    ],
)
def test_set_changes_one_place_and_not_the_given_body(text, expected):
    before = copy.deepcopy(BODY)

    changed = set_path(BODY, *parse_assignment(text))

    assert changed == {**BODY, **expected}
    assert before == BODY


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param("iotHubs.3=x", "iotHubs is a list of 2, it has no '3'", id="beyond"),
        pytest.param("iotHubs.first=x", "it has no 'first'", id="name in a list"),
        pytest.param("iotHubs.-1=x", "it has no '-1'", id="negative"),
        pytest.param("iotHubs.²=x", "it has no '²'", id="superscript"),
        pytest.param("etag.a=x", "etag is neither an object nor a list", id="through a text"),
        pytest.param("new.0=x", "new is not there, so 0 may mean", id="list or key"),
    ],
)
def test_set_refuses_a_path_that_leads_nowhere(text, problem):
    with pytest.raises(UsageError) as failure:
        set_path(BODY, *parse_assignment(text))

    assert failure.value.message.startswith("--set: ")
    assert problem in failure.value.message


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("none", {k: v for k, v in BODY.items() if k != "none"}, id="key"),
        pytest.param("iotHubs.0", {**BODY, "iotHubs": ["b"]}, id="index"),
        pytest.param(r"initialTwin.tags.a\.b", {**BODY, "initialTwin": {"tags": {}}}, id="nested"),
    ],
)
def test_remove_takes_one_place_and_leaves_the_given_body(text, expected):
    before = copy.deepcopy(BODY)

    assert remove_path(BODY, parse_path(text)) == expected
    assert before == BODY


def test_set_reaches_into_a_list_of_objects_and_keeps_what_is_beside():
    body = {"hubs": [{"a": 1, "b": [2, 3]}, {}]}

    changed = set_path(body, ("hubs", "0", "b", "1"), 4)

    assert changed == {"hubs": [{"a": 1, "b": [2, 4]}, {}]}
    assert set_path(body, ("hubs", "2", "c"), 5)["hubs"] == [*body["hubs"], {"c": 5}]


@pytest.mark.parametrize(
    ("path", "message", "hint"),
    [
        ("iotHubs.0.a", "--var: iotHubs.0 is neither an object nor a list", None),
        (
            "new.0",
            "--var: new is not there, so 0 may mean a list or a key",
            "Give it whole: new:=JSON.",
        ),
        (
            "iotHubs.x",
            "--var: iotHubs is a list of 2, it has no 'x'",
            "Write a number from 0 to 2.",
        ),
    ],
)
def test_path_that_leads_nowhere_says_where_it_could(path, message, hint):
    with pytest.raises(UsageError) as failure:
        set_path(BODY, parse_path(path), "x", "--var")

    assert failure.value.message.startswith(message)
    assert failure.value.hint == hint


def test_nothing_can_be_taken_out_of_an_empty_list():
    with pytest.raises(UsageError) as failure:
        remove_path({"hubs": []}, ("hubs", "0"), "--var")

    assert failure.value.message == "--var: hubs is a list of 0, it has no '0'"
    assert failure.value.hint is None


def test_remove_reaches_into_a_list_of_objects():
    body = {"hubs": [{"a": 1, "b": 2}, {}]}

    assert remove_path(body, ("hubs", "0", "a")) == {"hubs": [{"b": 2}, {}]}


@pytest.mark.parametrize("index", range(4))
def test_remove_takes_one_of_a_list_and_leaves_the_others_in_order(index):
    items = [{"n": 0}, {"n": 1}, {"n": 2}, {"n": 3}]
    left = [item for item in items if item["n"] != index]
    emptied = [item if item["n"] != index else {} for item in items]

    assert remove_path({"a": {"b": items}}, ("a", "b", str(index))) == {"a": {"b": left}}
    assert remove_path({"a": {"b": items}}, ("a", "b", str(index), "n")) == {"a": {"b": emptied}}


@pytest.mark.parametrize(
    ("path", "message", "hint"),
    [
        ("a.b.2", "a.b is a list of 2, it has no '2'", "Write a number from 0 to 1."),
        ("a.b.0.1", "a.b.0 is a list of 1, it has no '1'", "Write a number from 0 to 0."),
        ("a.b.1.c", "a.b.1 is neither an object nor a list, so there is no a.b.1.c", None),
        ("a.b.1.c.d", "a.b.1 is neither an object nor a list, so there is no a.b.1.c", None),
        ("a.c.d", "there is no a.c", "See `show` for what there is."),
        ("c", "there is no c", "See `show` for what there is."),
    ],
)
def test_remove_says_how_far_a_path_leads(path, message, hint):
    with pytest.raises(UsageError) as failure:
        remove_path({"a": {"b": [["x"], "y"]}}, parse_path(path), "--without")

    assert (failure.value.message, failure.value.hint) == (f"--without: {message}", hint)


def test_index_of_six_digits_is_one():
    items = list(range(123_457))

    assert set_path({"a": items}, ("a", "123456"), "x")["a"][-1] == "x"
    with pytest.raises(UsageError):
        set_path({"a": items}, ("a", "0123456"), "x")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param("missing", "there is no missing", id="absent"),
        pytest.param("initialTwin.a.b", "there is no initialTwin.a", id="absent parent"),
        pytest.param("none.a", "there is no none.a", id="inside null"),
        pytest.param("iotHubs.2", "iotHubs is a list of 2, it has no '2'", id="beyond"),
        pytest.param("etag.a", "etag is neither", id="through a text"),
    ],
)
def test_remove_refuses_what_is_not_there(text, problem):
    with pytest.raises(UsageError) as failure:
        remove_path(BODY, parse_path(text))

    assert failure.value.message.startswith("--remove: ")
    assert problem in failure.value.message
