"""`--append`: keys beside the rows that they belong to."""

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dpsctl.errors import UsageError
from dpsctl.fleet.derivation import FleetRequest, derive_fleet
from dpsctl.fleet.id_rules import IdRule
from dpsctl.fleet.registration_ids import read_ids
from dpsctl.keys import IdFormatError, check_registration_id, derive_device_key

# The key, the id and the answer that Microsoft's concepts-symmetric-key-attestation.md gives.
KEY = "8isrFI1sGsIlvvFSSFRiMfCNzv21fjbE/+ah/lSh3lF8e2YG1Te7w1KpZhJFFXJrqYKi9yegxkqIChbqOS9Egw=="
ID = "sn-007-888-abc-mac-a1-b2-c3-d4-e5-f6"
ANSWER = "Jsm0lyGpjaVYVP2g3FnmnmG9dI/9qU24wNoykUmermc="
PROBLEM = "line 3: a registration id ends with a letter, a digit or '-', not '.'"


def appended(text, id_field="id", output="csv", **options):
    written = []
    ids = read_ids([text], "f", IdRule(id_field))
    request = FleetRequest(KEY, output, append=True, **options)
    derive_fleet(request, ids, written.append, lambda *_: None)
    return "".join(written)


@pytest.mark.parametrize(
    ("output", "written"),
    [
        ("csv", f'mac,id,key,error\n1,{ID},{ANSWER},\n2,b.,,"{PROBLEM}"\n'),
        ("tsv", f"mac\tid\tkey\terror\n1\t{ID}\t{ANSWER}\t\n2\tb.\t\t{PROBLEM}\n"),
    ],
)
def test_table_gets_two_columns_more(output, written):
    assert appended(f"mac;id\n1;{ID}\n2;b.\n", output=output) == written


@pytest.mark.parametrize("output", ["json", "jsonl"])
@pytest.mark.parametrize(
    ("text", "kept"),
    [
        pytest.param(f"mac,id\n,{ID}\n", {"mac": "", "id": ID}, id="csv"),
        pytest.param(
            json.dumps({"n": 1, "id": ID, "deep": {"a": [None]}}),
            {"n": 1, "id": ID, "deep": {"a": [None]}},
            id="json",
        ),
    ],
)
def test_objects_get_a_field_more(output, text, kept):
    written = appended(text, output=output)

    items = json.loads(written) if output == "json" else [json.loads(written)]
    assert items == [{**kept, "key": ANSWER}]


def test_bad_object_keeps_its_place_without_a_key():
    text = f'[{{"id":"a b","n":1}},{{"id":"{ID}"}},7]'

    written = [json.loads(line) for line in appended(text, output="jsonl").splitlines()]

    assert written[0]["n"] == 1
    assert [item["key"] for item in written] == [None, ANSWER, None]
    assert written[2]["error"] == "line 1: is no JSON object"


@pytest.mark.parametrize(
    ("output", "written"),
    [
        ("csv", f"registrationId,key,error\n{ID},{ANSWER},\n"),
        ("tsv", f"{ID}\t{ANSWER}\t\n"),
        ("jsonl", f'{{"registrationId":"{ID}","key":"{ANSWER}"}}\n'),
    ],
)
def test_list_is_a_table_of_one_column(output, written):
    assert appended(f"{ID}\n", None, output) == written


CELLS = st.text("ab1- ,;\t\"'\né", max_size=4)


@given(st.lists(st.tuples(CELLS, CELLS), max_size=8), st.booleans(), st.integers(1, 2))
def test_every_row_keeps_its_place_and_gets_its_own_key(rows, check_duplicates, jobs):
    rows = [row for row in rows if any(row)]
    table = io.StringIO()
    csv.writer(table, lineterminator="\n").writerows([("id", "x,y;z"), *rows])

    written = appended(table.getvalue(), check_duplicates=check_duplicates, jobs=jobs)

    seen = set()
    found = list(csv.reader(io.StringIO(written)))[1:]
    assert [tuple(row[:2]) for row in found] == (rows if found else [])
    assert bool(found) == any(is_good(name) for name, _ in rows)
    for name, _, key, error in found:
        is_new = not (check_duplicates and name.lower() in seen)
        assert key == (derive_device_key(KEY, name) if is_good(name) and is_new else "")
        assert bool(error) == (key == "")
        seen.add(name.lower())


def is_good(name):
    try:
        check_registration_id(name)
    except IdFormatError:
        return False
    return True


def test_row_that_is_no_text_keeps_its_place():
    assert appended(f"id,x\n\udcff,1\n{ID},2\n").splitlines()[1:] == [
        "\ufffd,1,,line 2: is no text in UTF-8 (or UTF-16)",
        f"{ID},2,{ANSWER},",
    ]


def test_strict_run_writes_no_row_from_the_bad_one_on():
    assert appended(f"id\n{ID}\n a\nd\n", strict=True) == f"id,key,error\n{ID},{ANSWER},\n"


def test_what_is_appended_is_named_after_what_it_is():
    written = appended(f"id\n{ID}\n", hub="h.example")

    assert written == (
        "id,connectionString,error\n"
        f"{ID},HostName=h.example;DeviceId={ID};SharedAccessKey={ANSWER},\n"
    )


@pytest.mark.parametrize(
    ("text", "output", "said"),
    [
        pytest.param("id,key\nd,x\n", "csv", "--append: 'key' is there already", id="key"),
        pytest.param("id,error\nd,x\n", "csv", "--append: 'error' is there already", id="error"),
        pytest.param('{"id":"d","key":1}', "jsonl", "line 1: 'key' is there", id="json"),
        pytest.param('{"id":"d"}', "csv", "-o csv --append", id="json as a table"),
    ],
)
def test_what_could_not_be_written_as_it_was_is_refused(text, output, said):
    with pytest.raises(UsageError) as caught:
        appended(text, output=output)

    assert said in caught.value.message
