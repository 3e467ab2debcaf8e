"""Records of a file, whichever way they were printed, each with its line."""

import json

import pytest

from dpsctl.errors import UsageError
from dpsctl.text.json_lines import records_in

RECORDS = [{"id": "a", "n": [1, 2]}, {"id": "b"}]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("\n".join(map(json.dumps, RECORDS)), [1, 2]),
        ("\ufeff\n" + "\r\n\r\n".join(map(json.dumps, RECORDS)) + "\n", [2, 4]),
        (json.dumps(RECORDS, indent=2), [2, 9]),
        ("- {id: a, n: [1, 2]}\n- id: b\n", [1, 2]),
        ("id: a\nn: [1, 2]\n---\nid: b\n", [1, 4]),
    ],
    ids=["JSON lines", "lines of Windows", "JSON", "YAML", "YAML documents"],
)
def test_records_are_the_same_in_every_form(text, lines):
    assert list(records_in(text, "f")) == list(zip(lines, RECORDS, strict=True))


def test_document_that_is_one_object_stays_whole():
    assert list(records_in(json.dumps({"enrollmentGroups": RECORDS}, indent=1), "f")) == [
        (1, {"enrollmentGroups": RECORDS})
    ]


def test_line_that_is_no_record_is_named():
    with pytest.raises(UsageError, match=r"^f:2:\d+: "):
        list(records_in('{"id": "a"}\n{"id": \n', "f"))


def test_file_without_text_has_no_records():
    assert list(records_in("\n", "f")) == []
