import io
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dpsctl.errors import UsageError
from dpsctl.text.values import StandardInput, expand_file_reference, parse_list, parse_object


def expand(text, stdin=b""):
    return expand_file_reference(text, "--tags", StandardInput(io.BytesIO(stdin)))


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        pytest.param("plain", "plain", id="plain"),
        pytest.param("a@b", "a@b", id="at in the middle"),
        pytest.param("@@x", "@x", id="escaped"),
        pytest.param("@@", "@", id="escaped alone"),
        pytest.param("", "", id="empty"),
        pytest.param("@-", "from stdin", id="stdin"),
    ],
)
def test_value_stands_for_itself_or_for_standard_input(text, meant):
    assert expand(text, b"from stdin\n") == meant


@pytest.mark.parametrize(
    "data",
    [
        pytest.param("é{}\n".encode(), id="utf-8"),
        pytest.param("é{}".encode(), id="no newline"),
        pytest.param("é{}\r\n".encode(), id="windows newline"),
        pytest.param("é{}\n".encode("utf-8-sig"), id="utf-8 mark"),
        pytest.param("é{}\n".encode("utf-16"), id="utf-16"),
        pytest.param(b"\xfe\xff" + "é{}\n".encode("utf-16-be"), id="utf-16 big end"),
        pytest.param("é{}\n".encode("utf-32"), id="utf-32"),
    ],
)
def test_file_is_read_in_any_unicode_without_mark_and_last_newline(tmp_path, data):
    path = tmp_path / "tags.json"
    path.write_bytes(data)

    assert expand(f"@{path}") == "é{}"


def test_file_keeps_all_but_one_newline(tmp_path):
    path = tmp_path / "two"
    path.write_text("a\n\n")

    assert expand(f"@{path}") == "a\n"


def test_file_may_be_in_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "tags").write_text("x")

    assert expand("@~/tags") == "x"


@pytest.mark.parametrize("name", ["missing.json", ".", "nul\0l"])
def test_unreadable_file_is_refused_by_option_and_path(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)

    with pytest.raises(UsageError) as failure:
        expand(f"@{name}")

    assert f"--tags @{name}: cannot read the file" in failure.value.message


def test_file_that_is_not_text_is_refused(tmp_path):
    path = tmp_path / "binary"
    path.write_bytes(b"ab\xff")

    with pytest.raises(UsageError, match=r"--tags @.*binary: not UTF-8 text \(byte 3\)"):
        expand(f"@{path}")


def test_reference_to_no_file_is_refused():
    with pytest.raises(UsageError, match="no file named"):
        expand("@")


def test_standard_input_is_read_by_one_option_only():
    stdin = StandardInput(io.BytesIO(b"x"))
    expand_file_reference("@-", "--tags", stdin)

    with pytest.raises(UsageError, match=r"--props @-: standard input was already read by --tags"):
        expand_file_reference("@-", "--props", stdin)


def test_closed_standard_input_is_refused(monkeypatch):
    monkeypatch.setattr("sys.stdin", None)

    with pytest.raises(UsageError, match="standard input is closed"):
        StandardInput().read("--tags")


def test_standard_input_that_cannot_be_read_is_refused():
    reader, writer = os.pipe()
    stream = io.FileIO(reader, closefd=False)
    os.close(reader)
    os.close(writer)

    with pytest.raises(UsageError, match="--tags @-: cannot read standard input: Bad file desc"):
        StandardInput(stream).read("--tags")


def test_standard_input_that_was_closed_meanwhile_is_refused():
    stream = io.BytesIO()
    stream.close()

    with pytest.raises(UsageError, match=r"--tags @-: .*standard input: .* closed"):
        StandardInput(stream).read("--tags")


@pytest.mark.parametrize(
    ("words", "body"),
    [
        pytest.param([""], {}, id="empty"),
        pytest.param(["{}"], {}, id="empty object"),
        pytest.param(['{"a": {"b": [1, null, true]}}'], {"a": {"b": [1, None, True]}}, id="json"),
        pytest.param(["{'a': True, 'b': None}"], {"a": True, "b": None}, id="python"),
        pytest.param(["{'a': -1, 'd': '\\d'}"], {"a": -1, "d": "\\d"}, id="python escapes"),
        pytest.param(['{"a": True}'], {"a": True}, id="mixed"),
        pytest.param(['{"b": 12345678901234567890}'], {"b": 12345678901234567890}, id="big"),
        pytest.param(['{"e": "\\ud83d\\ude00"}'], {"e": "😀"}, id="surrogate pair"),
        pytest.param(['{"a": [0.10, 1E2, -0.0, 1.5e-7]}'], {"a": [0.1, 100, 0, 1.5e-7]}, id="same"),
        pytest.param(["{'a': [0.10, 1_0.5, 1E2]}"], {"a": [0.1, 10.5, 100]}, id="same in python"),
        pytest.param(['{"a.b": 1, "$version": 3}'], {"a.b": 1, "$version": 3}, id="odd keys"),
        pytest.param(["env=prod"], {"env": "prod"}, id="shorthand"),
        pytest.param(
            ["site=eu", "rack:=7", "a.b=x", "a.c:=[1]"],
            {"site": "eu", "rack": 7, "a": {"b": "x", "c": [1]}},
            id="shorthand words",
        ),
        pytest.param([r"a\.b=1", r"c\==2", "u=a=b"], {"a.b": "1", "c=": "2", "u": "a=b"}, id="\\"),
        pytest.param(["n=hello world", "e="], {"n": "hello world", "e": ""}, id="spaces"),
    ],
)
def test_object_is_read_from_json_python_and_shorthand(words, body):
    assert parse_object(words, "--tags") == body


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        pytest.param(['{"a": NaN}'], "NaN is not JSON at column 7", id="nan"),
        pytest.param(['{"NaN": -Infinity}'], "-Infinity is not JSON at column 9", id="infinity"),
        pytest.param(['{"a": 1e400}'], "1e400 is too big a number at column 7", id="overflow"),
        pytest.param(["{'a': 1e400}"], "inf is no number", id="python overflow"),
        pytest.param(['{"a": ' + "9" * 5000 + "}"], "too many digits", id="digits"),
        pytest.param(
            ['{"a": 0.12345678901234567890}'], "0.12345678901234567890 has more", id="decimals"
        ),
        pytest.param(
            [" {'é': -0.12345678901234567890}"],
            "0.12345678901234567890 has more digits than a number can keep at column 9",
            id="python decimals",
        ),
        pytest.param(['{"a": 1e-400}'], "1e-400 has more digits", id="underflow"),
        pytest.param(['{"a": 1, "a": 2}'], "'a' is given twice", id="twice"),
        pytest.param(["{'a': 1, 'a': 2}"], "'a' is given twice at column 10", id="python twice"),
        pytest.param(['{"a": '], "Expecting value at column 7", id="cut"),
        pytest.param(['{\n "a": 1\n "b"}'], "at line 3 column 2", id="lines"),
        pytest.param(["{'a': 1+1}"], "at column 7", id="expression"),
        pytest.param(["{'é': 1, 'b': f()}"], "at column 15", id="call"),
        pytest.param(["{**{}, **{}}"], "at column 2", id="unpacking"),
        pytest.param(["{'a': {1, 2}}"], "at column 7", id="set"),
        pytest.param(["{'a': b'x'}"], "bytes is no JSON type", id="bytes"),
        pytest.param(["{'a': " + "-" * 99999 + "1}"], "Python literal", id="long expression"),
        pytest.param(["{1: 2}"], "the key 1 is not text", id="number as key"),
        pytest.param(["[1, 2]"], "not an array", id="array"),
        pytest.param(['"a=b"'], "not a text", id="text"),
        pytest.param(["5"], "not a number", id="number"),
        pytest.param(["null"], "not null", id="null"),
        pytest.param(["tags.json"], "Expecting value", id="file without at"),
        pytest.param(["__import__('os').getcwd()"], "Expecting value", id="code"),
        pytest.param(["[" * 100_000], "nested more than", id="deep"),
        pytest.param(['{"a":' * 101 + "1" + "}" * 101], "nested more than", id="a little deep"),
        pytest.param(["{'a':" * 300], "too many nested", id="deep python"),
        pytest.param(['{"a": "\\ud800"}'], "half a character", id="lone surrogate"),
        pytest.param(["a=\udcff"], "half a character", id="bytes that are not utf-8"),
        pytest.param(["a=1", "a.b=2"], "a and a.b exclude each other", id="conflict"),
        pytest.param(["a.b=1", "a:={}"], "a.b and a exclude each other", id="conflict turned"),
        pytest.param(["a=1", "a=2"], "a is given twice", id="same key"),
        pytest.param(["a=1", "b"], "'b' has no value", id="word without value"),
        pytest.param(["=1"], "an empty name", id="no key"),
        pytest.param(["x:=NaN"], "x: NaN is not JSON at column 1", id="shorthand nan"),
        pytest.param(["{a:", "1}"], "the shell cut the JSON into 2 words", id="cut by the shell"),
    ],
)
def test_object_that_cannot_be_meant_is_refused_by_option_and_place(words, problem):
    with pytest.raises(UsageError) as failure:
        parse_object(words, "--tags")

    assert failure.value.message.startswith("--tags: ")
    assert problem in failure.value.message


@pytest.mark.parametrize("text", ["{env: prod}", "{ a.b:1}", r"{\"env\": 1}"])
def test_quotes_taken_by_a_shell_are_recognised(text):
    with pytest.raises(UsageError) as failure:
        parse_object([text], "--tags")

    assert failure.value.hint is not None
    assert "The shell took or changed the quotes" in failure.value.hint


@given(st.text(), st.lists(st.text(), max_size=3))
def test_any_words_are_an_object_or_a_usage_error(word, words):
    for given_words in ([word], [f"{{{word}"], [f"{{'{word}"], words):
        try:
            assert isinstance(parse_object(given_words, "--tags"), dict)
        except UsageError as error:
            assert error.message.startswith("--tags: ")  # noqa: PT017 - either outcome is right


@pytest.mark.parametrize(
    ("words", "names"),
    [
        pytest.param(["a"], ["a"], id="one"),
        pytest.param(["a", "b"], ["a", "b"], id="words"),
        pytest.param(["a b"], ["a", "b"], id="spaces"),
        pytest.param(["a,b", "c"], ["a", "b", "c"], id="commas"),
        pytest.param([" a,  b "], ["a", "b"], id="both"),
    ],
)
def test_list_takes_words_spaces_and_commas(words, names):
    assert parse_list(words, "--iot-hubs") == names


@pytest.mark.parametrize("words", [[], [""], [" "], ["a", ""], ["a,"], ["a,,b"]])
def test_list_refuses_an_empty_name(words):
    with pytest.raises(UsageError, match="--iot-hubs: an empty value"):
        parse_list(words, "--iot-hubs")
