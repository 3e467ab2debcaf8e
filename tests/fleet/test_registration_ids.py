import pytest
from hypothesis import given
from hypothesis import strategies as st

from dpsctl.errors import UsageError
from dpsctl.fleet import registration_ids
from dpsctl.fleet.id_rules import IdRule
from dpsctl.fleet.registration_ids import Chunk, read_ids, with_rows, without_duplicates
from dpsctl.fleet.tables import Row


def read(text, id_field=None):
    """Return ids and problems, each with its line number."""
    chunks = list(read_ids([text], "f", IdRule(id_field)).chunks)
    found = [
        (chunk.line(place), text)
        for chunk in chunks
        for place, text in zip(chunk.places, chunk.ids, strict=True)
    ]
    problems = [(chunk.line(place), told) for chunk in chunks for place, told in chunk.problems]
    return found, problems


@pytest.mark.parametrize(
    ("text", "id_field"),
    [
        pytest.param("d1\nd2\n", None, id="lines"),
        pytest.param("d1\nd2", None, id="no last line end"),
        pytest.param('["d1",\n"d2"]', None, id="array of texts"),
        pytest.param('{"id":"d1"}\n{"id": "d2", "x": {}}\n', "id", id="json lines"),
        pytest.param('[{"id":"d1"},\n{"id": "d2"}]', "id", id="array of objects"),
    ],
)
def test_ids_are_read_with_the_numbers_of_their_lines(text, id_field):
    assert read(text, id_field) == ([(1, "d1"), (2, "d2")], [])


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("id,place\nd1,a\nd2,b\n", id="first column"),
        pytest.param("place;id\na;d1\nb;d2\n", id="semicolons"),
        pytest.param('"place","id"\n"a, b","d1"\n"","d2"\n', id="quoted"),
        pytest.param("id\nd1\nd2\n", id="only column"),
    ],
)
def test_ids_are_read_from_the_named_column(text):
    assert read(text, "id") == ([(2, "d1"), (3, "d2")], [])


def test_blank_lines_are_passed_over_and_counted():
    assert read("\nd1\n \n\nd2\n") == ([(2, "d1"), (5, "d2")], [])
    assert read("d1\n \t\nd2\n") == ([(1, "d1"), (3, "d2")], [])


def test_lines_that_hold_no_id_are_problems_of_a_csv_file():
    found, problems = read('place,id\na\n\n"b\n",d2\nc,\n', "id")

    assert found == [(4, "d2")]
    assert problems == [(2, "has 1 cells, the header has 2"), (6, "has no 'id'")]


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
    assert read('{"id":"d1"}\n' + "[" * 100_000, "id")[1][0][0] == 2


def test_elements_that_are_no_texts_are_problems_of_an_array_of_ids():
    assert read('["d1",\n7,\nnull]') == (
        [(1, "d1")],
        [(2, "'registrationId' is no text"), (3, "has no 'registrationId'")],
    )


def test_missing_column_names_the_option_and_the_columns():
    with pytest.raises(UsageError, match=r"^--id-field id: f has no such column") as caught:
        read("place;serial\na;d1\n", "id")

    assert caught.value.hint == "It has: place, serial."


@pytest.mark.parametrize("text", ["", "\n \n", "[]"])
@pytest.mark.parametrize("id_field", [None, "id"])
def test_nothing_holds_no_ids(text, id_field):
    assert read(text, id_field) == ([], [])


@pytest.mark.parametrize(
    ("text", "place", "hint"),
    [
        pytest.param("serial,id\nd1,x\n", "f:1: ", "--id-field serial | id", id="commas"),
        pytest.param("\nserial;id\nd1;x\n", "f:2: ", "--id-field serial | id", id="semicolons"),
        pytest.param("serial\tid\nd1\tx\n", "f:1: ", "--id-field serial | id", id="tabs"),
        pytest.param("sep=,\nserial,id\n", "f:1: ", "--id-field NAME", id="separator said"),
        pytest.param(f"d1,{'k' * 44}\n", "f:1: ", "--id-field d1 | ...", id="no header but keys"),
        pytest.param('{"id":"d1","x":1}\n', "f:1: ", "--id-field id | x", id="json lines"),
        pytest.param('[\n{"id":"d1"}]\n', "f:2: ", "--id-field id", id="json array"),
    ],
)
def test_table_among_lists_is_noticed_before_anything_is_derived(text, place, hint):
    with pytest.raises(UsageError) as caught:
        read(text)

    assert caught.value.message.startswith(place)
    assert caught.value.hint.endswith(f"{hint}")


@pytest.mark.parametrize(
    "header",
    [
        "registration-id",
        "registrationId",
        "device_id",
        '"Device ID"',
        "ID",
        "serial",
        "enrollmentId",
    ],
)
def test_header_among_ids_is_noticed(header):
    with pytest.raises(UsageError, match=r"^f:1: .* is the name of a column, not an id$"):
        read(f"{header}\nd1\n")


def test_name_of_a_column_further_down_is_an_id():
    assert read("d1\nserial\n")[0] == [(1, "d1"), (2, "serial")]


def test_duplicates_are_found_as_the_service_sees_them():
    chunks = [
        Chunk([1, 2], ["d1", "D2"]),
        Chunk([3, 4, 5], ["d2", "d3", "d1"], [(6, "bad")]),
    ]

    first, second = without_duplicates(chunks, {})

    assert (first.ids, first.problems) == (["d1", "D2"], [])
    assert (second.places, second.ids) == ([4], ["d3"])
    assert sorted(second.problems) == [
        (3, "'d2' is the id of line 2 to the service"),
        (5, "'d1' is the id of line 1 to the service"),
        (6, "bad"),
    ]


def test_duplicates_in_one_line_are_found():
    (chunk,) = without_duplicates(read_ids(['["d1","d2","D1"]'], "f").chunks, {})

    assert chunk.ids == ["d1", "d2"]
    assert chunk.problems == [(2, "'D1' is the id of line 1 to the service")]


def test_ids_of_a_list_become_rows():
    (chunk,) = map(with_rows, read_ids(["\nd1\n\nd2\n"], "f").chunks)

    assert chunk.rows == [Row(2, {"registrationId": "d1"}), Row(4, {"registrationId": "d2"})]
    assert [chunk.line(place) for place in chunk.places] == [2, 4]


@given(
    st.lists(st.sampled_from(["d1", "", "d2"]), max_size=20),
    st.sampled_from([None, "serial-number"]),
    st.integers(1, 5),
)
def test_every_line_keeps_its_number_across_chunks(lines, id_field, size):
    text = "".join(f"{line}\n" for line in ([id_field] if id_field else []) + lines)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registration_ids, "CHUNK_SIZE", 3)
        pieces = [text[at : at + size] for at in range(0, len(text), size)]
        chunks = list(read_ids(pieces, "f", IdRule(id_field)).chunks)

    found = [chunk.line(place) for chunk in chunks for place in chunk.places]
    first = 2 if id_field else 1
    assert found == [number for number, line in enumerate(lines, first) if line]
