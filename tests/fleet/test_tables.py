"""CSV and JSON as programs and people write them."""

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dpsctl.errors import UsageError
from dpsctl.fleet.tables import Row, read_table

NAMES = st.text("ab ,;\t\"'\n|=éX", min_size=1).filter(lambda text: text.strip())


def read(text):
    table = read_table([text], "f")
    return table.columns, [(row.line, row.values) for row in table.rows if not row.problem]


def problems(text):
    return [(row.line, row.problem) for row in read_table([text], "f").rows if row.problem]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a,b\n1,2\n", id="comma"),
        pytest.param("a;b\n1;2\n", id="semicolon"),
        pytest.param("a\tb\n1\t2", id="tab"),
        pytest.param(" a , b \n1,2\n\n", id="blanks in the header"),
        pytest.param("a;b;;\n1;2;;\n;;;\n", id="empty columns and rows of a spreadsheet"),
        pytest.param('"a";"b"\n"1";"2"\n', id="quoted"),
    ],
)
def test_separator_is_found_in_the_header(text):
    assert read(text) == (["a", "b"], [(2, {"a": "1", "b": "2"})])


@pytest.mark.parametrize("said", ["sep=|", "SEP=|", '"sep=|"'])
def test_separator_may_be_said_before_the_header(said):
    assert read(f"{said}\na,x|b\n1|2\n") == (["a,x", "b"], [(3, {"a,x": "1", "b": "2"})])


def test_separator_that_is_said_may_be_a_tab():
    assert read("sep=\t\na;b\tc\n1\t2\n")[0] == ["a;b", "c"]


@given(
    st.sampled_from(",;\t"),
    st.lists(NAMES, min_size=2, max_size=4, unique_by=str.strip),
    st.lists(st.lists(st.text("a,;\t\" \n'é", max_size=5), min_size=4, max_size=4), max_size=5),
    st.integers(1, 7),
)
def test_what_a_spreadsheet_writes_is_read(separator, names, rows, size):
    names = [name.strip() for name in names]
    written = io.StringIO()
    writer = csv.writer(written, delimiter=separator, lineterminator="\n")
    written.write(f"sep={separator}\n")
    writer.writerow(names)
    writer.writerows(row[: len(names)] for row in rows)
    text = written.getvalue()

    table = read_table([text[at : at + size] for at in range(0, len(text), size)], "f")

    cells = [[row.values.get(name, "") for name in names] for row in table.rows]
    assert table.columns == names
    assert cells == [row[: len(names)] for row in rows if any(row[: len(names)])]


def test_rows_of_csv_are_named_by_the_line_they_begin_in():
    assert read('a,b\n\n"1\n2",3\n4,5\n')[1] == [
        (3, {"a": "1\n2", "b": "3"}),
        (5, {"a": "4", "b": "5"}),
    ]


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        pytest.param("1", "has 1 cells, the header has 2", id="few"),
        pytest.param("1,2,3", "has 3 cells, the header has 2", id="many"),
        pytest.param("\udcff,2", "is no text in UTF-8 (or UTF-16)", id="no text"),
        pytest.param('"1"x,2', "is not CSV: ',' expected after '\"'", id="no csv"),
    ],
)
def test_row_that_cannot_be_read_is_named_and_spoils_no_other(row, problem):
    text = f"a,b\n{row}\n3,4\n"

    assert problems(text) == [(2, problem)]
    assert read(text)[1] == [(3, {"a": "3", "b": "4"})]


def test_quote_that_never_closes_says_how_far_it_reaches():
    assert problems('a\n1\n"2\n3\n4\n') == [
        (3, "is not CSV: unexpected end of data (a row up to line 5)")
    ]


def test_cell_below_no_name_is_not_lost_in_silence():
    assert problems("a,,b\n1,,2\n1,x,2\n") == [(3, "has a cell in a column without a name")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("a,b,a\n", "f:1: the column 'a' is there twice", id="twice"),
        pytest.param("\n\udcff\n", "f:2: the header is no text", id="no text"),
        pytest.param('a,"b\n', "f:1: the header is not CSV", id="no csv"),
        pytest.param("a" * 200_000, "f:1: the header is not CSV: field larger", id="too long"),
    ],
)
def test_header_that_cannot_be_read_ends_it(text, said):
    with pytest.raises(UsageError) as caught:
        read_table([text], "f")

    assert caught.value.message.startswith(said)


ROWS = [{"a": 'x[{"]}\\', "b": [1, {"c": "é,"}]}, {"a": None}, {}]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("\n".join(map(json.dumps, ROWS)), id="lines"),
        pytest.param(json.dumps(ROWS), id="array in a line"),
        pytest.param(json.dumps(ROWS, indent=2), id="array as az prints it"),
        pytest.param("\n" + ",\n".join(map(json.dumps, ROWS)).join("[]"), id="array of lines"),
        pytest.param("\n".join(json.dumps(row, indent=2) for row in ROWS[:2]) + "\n{}", id="jq"),
        pytest.param(json.dumps(ROWS[:1]) + json.dumps(ROWS[1:]), id="two arrays"),
    ],
)
@pytest.mark.parametrize("size", [1, 3, 1000])
def test_objects_of_json_are_rows(text, size):
    table = read_table([text[at : at + size] for at in range(0, len(text), size)], "f")

    rows = list(table.rows)
    assert (table.columns, [row.values for row in rows]) == (None, ROWS)
    assert not any(row.problem for row in rows)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text('a"\\[]{},:\n é'),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text('"a}', max_size=2), inner),
    max_leaves=8,
)


@given(
    st.lists(st.dictionaries(st.text('"{a', max_size=2), JSON, max_size=3)),
    st.sampled_from([None, 0, 2]),
    st.integers(1, 9),
)
def test_every_array_is_read_whatever_pieces_it_comes_in(rows, indent, size):
    text = json.dumps(rows, indent=indent, ensure_ascii=False)

    table = read_table([text[at : at + size] for at in range(0, len(text), size)], "f")

    assert [row.values for row in table.rows] == rows


def test_elements_of_an_array_are_named_by_their_lines():
    text = '[\n  {"a": 1},\n  {\n    "a": 2\n  }, {"a": 3}\n]\n'

    assert [line for line, _ in read(text)[1]] == [2, 3, 5]


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        pytest.param('{"a":1}\n{"a"}\n{"a":2}', 2, "is not JSON: Expecting ':'", id="line"),
        pytest.param('{"a":1}\n{"a":"\n{"a":2}', 2, "is not JSON", id="open quote"),
        pytest.param('[{"a":1},\n{"a"},{"a":2}]', 2, "is not JSON: Expecting ':'", id="element"),
        pytest.param('[{"a":1},\n7,{"a":2}]', 2, "is no JSON object", id="number"),
        pytest.param('{"a":1}\n{"a":NaN}\n{"a":2}', 2, "", id="NaN"),
        pytest.param('{"a":1}\n{"a":1,"a":2}\n{"a":2}', 2, "twice", id="twice"),
        pytest.param('{"a":1}\n{"a":"\udcff"}\n{"a":2}', 2, "is no text", id="no text"),
        pytest.param('[{"a":1},{"a":2}\n', 2, "the array does not end", id="cut off"),
        pytest.param('[{"a":1},{"a":2}]\nx', 2, "is not JSON", id="more behind the array"),
    ],
)
def test_json_that_cannot_be_read_is_named_and_spoils_no_other(text, line, problem):
    ((found_line, found),) = problems(text)

    assert (found_line, problem in found) == (line, True)
    assert [values for _, values in read(text)[1]] == [{"a": 1}, {"a": 2}]


def test_element_that_does_not_end_is_told_with_all_that_it_swallows():
    text = '[{"a":1},\n{"a":"},\n{"a":2}]\n'

    assert read(text)[1] == [(1, {"a": 1})]
    (line, problem), (_, end) = problems(text)
    assert (line, problem.endswith("(a value up to line 3)")) == (2, True)
    assert end == "the array does not end: was the file cut off?"


@pytest.mark.parametrize("text", ["", " \n\n", "[]", "[ ]\n"])
def test_nothing_has_no_rows(text):
    assert read(text) == (None, [])


def test_header_alone_has_no_rows():
    assert read("a;b\n") == (["a", "b"], [])


def test_rows_are_read_as_they_are_asked_for():
    pieces = iter(["a\n", "1\n", "2\n"])
    rows = read_table(pieces, "f").rows

    assert next(rows) == Row(2, {"a": "1"})
    assert list(pieces) == ["2\n"]
