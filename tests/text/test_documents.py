import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from dpsctl.errors import UsageError
from dpsctl.text.documents import dump, read_document, read_records
from dpsctl.text.places import mark_in, place_of

TEXTS = st.text(st.characters(exclude_categories=["Cs"])) | st.sampled_from(
    [
        "no",
        "y",
        "0123",
        "089",
        "0o7",
        "1e3",
        "1_000",
        "12:34:56",
        "2024-01-01",
        "~",
        "NaN",
        "<<",
        "=",
    ]
)
NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda part: st.lists(part) | st.dictionaries(TEXTS, part),
)


@pytest.fixture(params=["libyaml", "pure"])
def parser(request, monkeypatch):
    if request.param == "pure":
        monkeypatch.delattr(yaml, "CSafeLoader")
        monkeypatch.delattr(yaml, "CSafeDumper")


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize(
    ("text", "value"),
    [
        *[
            pytest.param(text, text, id=text)
            for text in ("0123", "no", "on", "y", "1_000", "12:34:56", "190:20:30", "2024-01-01")
        ],
        *[pytest.param(text, text, id=text) for text in ("0b1", "+0x1", "1.2.3", "e3", "=")],
        *[pytest.param(text, True, id=text) for text in ("true", "True", "TRUE")],
        *[pytest.param(text, None, id=text) for text in ("null", "~", "# x")],
        pytest.param("-7", -7, id="integer"),
        pytest.param("0x1f", 31, id="hexadecimal"),
        pytest.param("0o17", 15, id="octal"),
        pytest.param("12345678901234567890", 12345678901234567890, id="big"),
        pytest.param("1.50", 1.5, id="float"),
        pytest.param("-.5", -0.5, id="float without zero"),
        pytest.param("1e3", 1000.0, id="exponent"),
        pytest.param('"7"', "7", id="quoted"),
        pytest.param("!!str 7", "7", id="tagged as text"),
        pytest.param("! 7", "7", id="not specific"),
    ],
)
def test_scalar_is_what_was_typed(text, value):
    read = read_document(f"a: {text}", "f.yaml")["a"]

    assert read == value
    assert type(read) is type(value)


@pytest.mark.usefixtures("parser")
def test_keys_are_texts_as_typed():
    assert read_document("no: 1\n010: 2\n~: 3\ntrue: 4\n", "f") == {
        "no": 1,
        "010": 2,
        "~": 3,
        "true": 4,
    }


@pytest.mark.usefixtures("parser")
def test_block_text_keeps_its_lines():
    assert read_document("pem: |\n  a\n  b\nfolded: >-\n  c\n  d\n", "f") == {
        "pem": "a\nb\n",
        "folded": "c d",
    }


@pytest.mark.usefixtures("parser")
def test_aliases_are_copies_and_merges_give_way_to_own_keys():
    text = """
    base: &base {region: eu, rack: 1}
    more: &more {rack: 2, row: 3}
    one: *base
    two: {<<: *base, rack: 9}
    three:
      <<: [*more, *base]
      "<<": kept
    """

    read = read_document(text, "f")

    assert read["one"] == read["base"]
    assert read["one"] is not read["base"]
    assert read["two"] == {"region": "eu", "rack": 9}
    assert read["three"] == {"region": "eu", "rack": 2, "row": 3, "<<": "kept"}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param('{"a": "\\ud83d\\ude00", "b": "\\/", "c": 1e3}', "😀", id="escapes"),
        pytest.param('\ufeff{"a":\t"😀"}\n', "😀", id="mark and tab"),
        pytest.param('{"a": "\x7f"}', "\x7f", id="delete character"),
    ],
)
def test_json_is_read(text, value):
    assert read_document(text, "f.json")["a"] == value


@pytest.mark.usefixtures("parser")
def test_anchor_on_a_key_stands_for_its_text():
    assert read_document("&name 010: *name", "f") == {"010": "010"}


@pytest.mark.parametrize("text", ["", "# only a comment\n", "---\n", "\n\n"])
def test_empty_document_is_nothing(text):
    assert read_document(text, "f") is None


@pytest.mark.usefixtures("parser")
def test_several_documents_are_read_in_order():
    records = read_records("a: &x 1\n---\nb: 2\n...\n---\n- c\n- d: e\n--- ~\n", "f")

    assert [(one.value, one.mark.line, one.mark.column) for one in records] == [
        ({"a": 1}, 0, 0),
        ({"b": 2}, 2, 0),
        ("c", 5, 2),
        ({"d": "e"}, 6, 2),
    ]


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize(
    ("text", "place", "problem"),
    [
        pytest.param("a: 1\nb: 2\na: 3", "3:1", "the key 'a' is given twice", id="twice"),
        pytest.param('{"a": 1, "a": 2}', "1:10", "the key 'a' is given twice", id="json twice"),
        pytest.param("1: a\n'1': b", "2:1", "the key '1' is given twice", id="same text"),
        pytest.param("a: b: c", "1:5", "mapping values are not allowed", id="two colons"),
        pytest.param("a:\n\t- b", "2:1", "cannot start any token", id="tab"),
        pytest.param("a: [1", "", "expected ',' or ']'", id="open list"),
        pytest.param('a: "\\q"', "1:", "escape", id="escape"),
        pytest.param("a: *x", "1:4", "there is no anchor &x", id="unknown alias"),
        pytest.param("a: &a [*a]", "1:8", "there is no anchor &a", id="alias of itself"),
        pytest.param("a: &x 1\n---\nb: *x", "3:4", "no anchor &x", id="anchor of another"),
        pytest.param("a: .nan", "1:4", ".nan is no number", id="nan"),
        pytest.param('{"a": NaN}', "1:7", "NaN is no number", id="json nan"),
        pytest.param("- -.Inf", "1:3", "-.Inf is no number", id="infinity"),
        pytest.param("a: 1e999", "1:4", "too big a number", id="overflow"),
        pytest.param("a: " + "9" * 5000, "1:4", "too big a number", id="digits"),
        pytest.param("a: 0.12345678901234567890", "1:4", "more digits", id="decimals"),
        pytest.param("a: !!python/object:os.system x", "1:4", "the tag", id="tag"),
        pytest.param("a: !!set {b}", "1:4", "the tag", id="set"),
        pytest.param("? [a]\n: 1", "1:3", "a key must be a text", id="list as key"),
        pytest.param("{? : 1}", "1:", "a key is missing", id="no key"),
        pytest.param("<<: 3", "1:5", "<< takes a mapping", id="merge of a number"),
        pytest.param("a: \x01", "1:4", "is no text", id="control character"),
        pytest.param("a: b\nc: \ud800", "2:4", "is no text", id="surrogate"),
        pytest.param("[" * 5000, "1:", "nested more than 100", id="deep"),
        pytest.param("{a: " * 200 + "1" + "}" * 200, "1:", "nested more than 100", id="deep maps"),
    ],
)
def test_error_names_file_line_and_column_and_says_what_to_do(text, place, problem):
    with pytest.raises(UsageError) as failure:
        list(read_records(text, "groups/f.yaml"))

    assert failure.value.message.startswith(f"groups/f.yaml:{place}")
    assert problem in failure.value.message
    assert failure.value.hint


def test_second_document_is_refused_where_one_is_wanted():
    with pytest.raises(UsageError, match=r"f:3:1: a second document"):
        read_document("a: 1\n---\nb: 2", "f")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(
            "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
            + "".join(
                f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]\n"
                for before, name in zip("abcdefgh", "bcdefghi", strict=True)
            ),
            id="billion laughs",
        ),
        pytest.param(
            "a: &a {x: 1}\n" + "".join(f"b{n}: &a\n  deeper: *a\n" for n in range(200)),
            id="deeper with each line",
        ),
        pytest.param(
            "a: &a {x: 1}\nb: {<<: [" + ", ".join(["*a"] * 60_000) + "]}", id="merged many times"
        ),
    ],
)
def test_aliases_that_expand_to_too_much_are_refused(text):
    with pytest.raises(UsageError, match="the aliases expand to too much"):
        read_document(text, "f")


def test_file_beyond_all_measure_is_refused():
    with pytest.raises(UsageError, match="f: larger than"):
        read_document("#" * (32 * 1024 * 1024 + 1), "f")


@given(JSON)
def test_dump_reads_back_the_same(data):
    text = dump(data)

    assert read_document(text, "f") == data
    assert json.dumps(read_document(text, "f")) == json.dumps(data, sort_keys=True)


@given(JSON)
def test_ascii_dump_reads_back_the_same(data):
    text = dump(data, ascii_only=True)

    assert text.isascii()
    assert read_document(text, "f") == data


@given(JSON)
def test_dump_means_the_same_to_a_yaml_1_1_reader(data):
    assert yaml.safe_load(dump(data)) == data


def test_dump_writes_pem_as_it_is():
    pem = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"

    assert dump({"certificate": pem}) == (
        "certificate: |\n  -----BEGIN CERTIFICATE-----\n  MIIB\n  -----END CERTIFICATE-----\n"
    )


@pytest.mark.parametrize(
    "text", ["no", "y", "N", "0123", "089", "0o7", "1e3", "1_000", "12:34:56", "2024-01-01", "~"]
)
def test_dump_quotes_what_some_yaml_reader_would_misread(text):
    assert dump([text]) == f"- '{text}'\n"


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize(
    "text",
    [
        *("\x85", "a\u2028b", "\n", " \n", "a\n ", "\ta\n", "\ufeff", "a\r\nb", "a\xa0b\n"),
        *("user\u202etxt.exe", "\u2066a\n\u2069\\", "\U000e0001", "\u200d\t'\"", "\x9b31m", "\x00"),
    ],
)
def test_dump_of_odd_space_reads_back_with_every_version(text):
    data = {text: [text]}

    written = dump(data)

    assert read_document(written, "f") == yaml.safe_load(written) == data
    assert written.replace("\n", "").replace("\t", "").isprintable()


def test_dump_never_folds_nor_shares():
    part = {"text": "word " * 100 + "end"}

    assert dump([part, part]) == f"- text: {part['text']}\n" * 2


@pytest.mark.usefixtures("parser")
def test_dump_writes_a_lone_surrogate_as_an_escape():
    assert dump({"a": "x\ud800"}) == 'a: "x\\uD800"\n'


@pytest.mark.parametrize(
    ("text", "keys", "place"),
    [
        pytest.param("a:\n  b:\n    c: 1\n", ["a", "b", "c"], "3:5", id="block style"),
        pytest.param("\ufeffx: 1\na: {b: 1}\n", ["a", "b"], "2:5", id="flow style after a BOM"),
        pytest.param("m: &m {c: 1}\na:\n  <<: *m\n", ["a", "c"], "2:1", id="as far as it leads"),
        pytest.param("- a\n", ["a"], "1:1", id="no mapping"),
        pytest.param('{"a": "\\ud83d\\ude00"}', ["a"], None, id="JSON that libyaml refuses"),
    ],
)
def test_place_is_that_of_the_key(text, keys, place):
    assert place_of(text, keys) == place


JSON_LIST = '[ {"a": 1},\n\n  {"b": "x, ]\\ud83d\\ude00",\n   "c": [1, {"d": 2}]}, 3 ]'


def test_items_of_a_json_list_are_records_with_their_places():
    records = list(read_records("\ufeff" + JSON_LIST, "f"))

    assert [one.value for one in records] == json.loads(JSON_LIST)
    assert [(one.mark.line, one.mark.column) for one in records] == [(0, 2), (2, 2), (3, 24)]
    assert [json.loads(JSON_LIST[one.mark.index : one.end]) for one in records] == json.loads(
        JSON_LIST
    )


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize(
    ("text", "number", "keys", "place"),
    [
        pytest.param("a: 1\n---\n\nb:\n  c: [1, 2]\n", 1, ["b", "c", "1"], (4, 9), id="document"),
        pytest.param("- a: 1\n- b:\n    c: 2\n# x\n- d: 3\n", 1, ["b", "c"], (2, 4), id="item"),
        pytest.param("[{a: 1}, {b: 2, c: 3}]\n", 1, ["c"], (0, 16), id="flow style"),
        pytest.param('[{"a": 1},\n {"b": {"c": 3}}]', 1, ["b", "c"], (1, 8), id="json"),
        pytest.param("- &x {a: 1}\n- b: *x\n  c: 1\n", 1, ["c"], (1, 2), id="alias from before"),
        pytest.param("- a: 1\n", 0, ["b"], (0, 2), id="no such key"),
    ],
)
def test_place_in_a_record_is_found_by_reading_that_record_alone(text, number, keys, place):
    record = list(read_records(text, "f"))[number]

    mark = mark_in(text, record, keys)

    assert (mark.line, mark.column) == place
    assert text.split("\n")[mark.line][mark.column :] == text[mark.index :].split("\n")[0]
