import pytest
from hypothesis import given
from hypothesis import strategies as st

from dpsctl.errors import UsageError
from dpsctl.fleet import registration_ids
from dpsctl.fleet.registration_ids import read_ids, without_duplicates


def read(text, id_field=None):
    """Return ids and problems, each with its line number."""
    chunks = list(read_ids(text.splitlines(keepends=True), id_field))
    found = [pair for chunk in chunks for pair in zip(chunk.numbers, chunk.ids, strict=True)]
    return found, [problem for chunk in chunks for problem in chunk.problems]


@pytest.mark.parametrize(
    ("text", "id_field"),
    [
        pytest.param("d1\nd2\n", None, id="lines"),
        pytest.param("d1\nd2", None, id="no-last-line-break"),
        pytest.param("\ufeffd1\r\nd2\r\n", None, id="windows"),
        pytest.param('{"id":"d1"}\n{"id": "d2", "x": {}}\n', "id", id="json-lines"),
    ],
)
def test_ids_are_read_with_the_numbers_of_their_lines(text, id_field):
    assert read(text, id_field) == ([(1, "d1"), (2, "d2")], [])


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("id,place\nd1,a\nd2,b\n", id="first-column"),
        pytest.param("\ufeffplace,id\r\na,d1\r\nb,d2\r\n", id="windows"),
        pytest.param('"place","id"\n"a, b","d1"\n"","d2"\n', id="quoted"),
    ],
)
def test_ids_are_read_from_the_named_column(text):
    assert read(text, "id") == ([(2, "d1"), (3, "d2")], [])


def test_blank_lines_are_passed_over_and_counted():
    assert read("\nd1\n \n\nd2\n") == ([(2, "d1"), (5, "d2")], [])


def test_lines_that_hold_no_id_are_problems_of_a_csv_file():
    found, problems = read('place,id\na\n\n"b\n",d2\n', "id")

    assert found == [(5, "d2")]
    assert problems == [(2, "has no column 'id'")]


def test_csv_goes_on_after_a_field_that_never_ends():
    text = 'id\nd1\n"' + "x" * 140_000 + "\nd3\n"

    found, problems = read(text, "id")

    assert found[0] == (2, "d1")
    assert problems[0] == (3, "is not CSV: field larger than field limit (131072)")


def test_lines_that_hold_no_id_are_problems_of_a_json_file():
    found, problems = read('{"id":"d1"}\n{"id":4}\n[]\n{}\n{"id"\n\n{"id":"d7"}\n', "id")

    assert found == [(1, "d1"), (7, "d7")]
    assert [number for number, _ in problems] == [2, 3, 4, 5]


def test_json_that_nests_too_deeply_is_a_problem():
    assert read('{"id":"d1"}\n' + "[" * 100_000, "id")[1] == [(2, "is not JSON")]


@pytest.mark.parametrize("text", ["place\na\n", ""], ids=["other-column", "empty"])
def test_missing_column_names_the_option(text):
    with pytest.raises(UsageError, match=r"^--id-field id: "):
        read(text, "id")


def test_duplicates_are_found_as_the_service_sees_them():
    chunks = [
        registration_ids.Chunk([1, 2], ["d1", "D2"]),
        registration_ids.Chunk([3, 4, 5], ["d2", "d3", "d1"], [(6, "bad")]),
    ]

    first, second = without_duplicates(chunks)

    assert (first.ids, first.problems) == (["d1", "D2"], [])
    assert (second.numbers, second.ids) == ([4], ["d3"])
    assert sorted(second.problems) == [
        (3, "'d2' is the id of line 2 to the service"),
        (5, "'d1' is the id of line 1 to the service"),
        (6, "bad"),
    ]


@given(st.lists(st.sampled_from(["d1", "", "d2"]), max_size=20))
def test_every_line_keeps_its_number_across_chunks(lines):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registration_ids, "CHUNK_SIZE", 3)
        found, _ = read("".join(f"{line}\n" for line in lines))

    assert found == [(number, line) for number, line in enumerate(lines, 1) if line]
