import csv
import io
import json
import re
import subprocess

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from dpsctl.errors import DpsctlError
from dpsctl.options.words import OutputFormat
from dpsctl.output import formats as output
from dpsctl.output.formats import Style, show, wants_colour
from dpsctl.output.query import compile_query

GROUP = {
    "enrollmentGroupId": "g1",
    "attestation": {"type": "symmetricKey"},
    "capabilities": {"iotEdge": False},
    "etag": '"00000001-0000-0700-0000-6650aaaa0000"',
    "provisioningStatus": "enabled",
    "reprovisionPolicy": {"updateHubAssignment": True, "migrateDeviceData": True},
    "createdDateTimeUtc": "2024-01-02T03:04:05.6789012Z",
    "lastUpdatedDateTimeUtc": "2024-01-02T03:04:05.6789012Z",
}
TWIN = {"properties": {"desired": {"rate": 5}}, "tags": {"env": "prod", "nested": {"a": [1, 2]}}}

# Recorded from azure-cli 2.65 with azure-iot 0.25, for the records above.
YAML_OF_AZ = """\
attestation:
  type: symmetricKey
capabilities:
  iotEdge: false
createdDateTimeUtc: '2024-01-02T03:04:05.6789012Z'
enrollmentGroupId: g1
etag: '"00000001-0000-0700-0000-6650aaaa0000"'
initialTwin:
  properties:
    desired:
      rate: 5
  tags:
    env: prod
    nested:
      a:
      - 1
      - 2
lastUpdatedDateTimeUtc: '2024-01-02T03:04:05.6789012Z'
provisioningStatus: enabled
reprovisionPolicy:
  migrateDeviceData: true
  updateHubAssignment: true
"""
TSV_OF_AZ = (
    '\t\t2024-01-02T03:04:05.6789012Z\tg1\t"00000001-0000-0700-0000-6650aaaa0000"'
    "\t2024-01-02T03:04:05.6789012Z\tenabled\t\n"
)


def shown(data, format_name, query=None, **style):
    out = io.StringIO()
    compiled = compile_query(query) if query else None
    show(data, Style(OutputFormat(format_name), compiled, **style), out)
    return out.getvalue()


def without_colour(text):
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def test_json_is_sorted_indented_and_keeps_unicode():
    assert shown({"b": "é", "a": [1, None, {}]}, "json") == (
        '{\n  "a": [\n    1,\n    null,\n    {}\n  ],\n  "b": "é"\n}\n'
    )


@pytest.mark.parametrize("name", ["yaml", "yamlc"])
def test_yaml_is_what_az_prints(name):
    assert shown({**GROUP, "initialTwin": TWIN}, name) == YAML_OF_AZ


def test_tsv_of_a_list_is_what_az_prints():
    assert shown([GROUP, GROUP], "tsv") == TSV_OF_AZ * 2


@pytest.mark.parametrize(
    ("data", "query", "expected"),
    [
        pytest.param("g1", None, "g1\n", id="text"),
        pytest.param(True, None, "true\n", id="truth"),
        pytest.param(1.5, None, "1.5\n", id="number"),
        pytest.param(["a", True, None], None, "a\ntrue\nNone\n", id="list"),
        pytest.param({"b": None, "a": [1, 2], "c": True}, None, "2\tNone\tTrue\n", id="object"),
        pytest.param([["a", {"x": 1}, [1]]], None, "a\t\t1\n", id="nested"),
        pytest.param(GROUP, "enrollmentGroupId", "g1\n", id="query of a text"),
        pytest.param([GROUP], "[].{b: etag, a: missing}", GROUP["etag"] + "\tNone\n", id="order"),
        pytest.param(GROUP, "missing", "", id="query of nothing"),
        pytest.param([], None, "", id="empty"),
    ],
)
def test_tsv_has_one_line_per_item_in_the_order_of_az(data, query, expected):
    assert shown(data, "tsv", query) == expected


def test_jsonl_is_one_object_a_line():
    assert shown([{"b": 1, "a": "é"}, "x"], "jsonl") == '{"a":"é","b":1}\n"x"\n'


@pytest.mark.parametrize(
    ("name", "first", "second"),
    [("jsonl", '{"a":1}\n', '{"a":2}\n'), ("tsv", "1\n", "2\n")],
)
def test_each_row_is_written_as_it_comes(name, first, second):
    out = io.StringIO()

    def items():
        yield {"a": 1}
        assert out.getvalue() == first
        yield {"a": 2}

    show(items(), Style(OutputFormat(name)), out)

    assert out.getvalue() == first + second


def test_csv_is_written_as_it_comes_once_its_columns_are_known(monkeypatch):
    monkeypatch.setattr(output, "_HEADER_ROWS", 2)
    out = io.StringIO()

    def items():
        yield {"a": 1}
        yield {"b": 2}
        assert out.getvalue() == "a,b\n1,\n,2\n"
        yield {"a": 3}

    show(items(), Style(OutputFormat.csv), out)

    assert out.getvalue() == "a,b\n1,\n,2\n3,\n"


def test_csv_refuses_a_field_that_its_header_lacks(monkeypatch):
    monkeypatch.setattr(output, "_HEADER_ROWS", 1)
    out = io.StringIO()

    with pytest.raises(DpsctlError, match="the field b"):
        show(iter([{"a": 1}, {"a": 2, "b": 3}]), Style(OutputFormat.csv), out)

    assert out.getvalue() == "a\n1\n"


@pytest.mark.parametrize("query", ["[].a", "[?a == `2`]", "length(@)", "[0].a", "@"])
def test_jsonl_answers_a_query_as_json_does(query):
    items = [{"a": 1}, {"a": 2}]

    lines = shown(iter(items), "jsonl", query).splitlines()

    whole = json.loads(shown(items, "json", query))
    assert [json.loads(line) for line in lines] == (whole if isinstance(whole, list) else [whole])


@pytest.mark.parametrize(
    "name", [name for name in OutputFormat if name not in ("jsonl", "tsv", "csv", "name")]
)
def test_stream_that_fails_leaves_nothing_on_stdout(name):
    def pages():
        yield GROUP
        raise ConnectionError

    out = io.StringIO()

    with pytest.raises(ConnectionError):
        show(pages(), Style(name), out)

    assert out.getvalue() == ""


@pytest.mark.parametrize("name", OutputFormat)
def test_every_format_but_none_writes_something(name):
    assert bool(shown(GROUP, name)) == (name is not OutputFormat.none)


@pytest.mark.parametrize("name", OutputFormat)
def test_stream_is_shown_like_a_list(name):
    items = [GROUP] if name == "env" else [GROUP, GROUP]  # which is of one record

    assert shown(iter(items), name) == shown(items, name)


def test_names_are_ids_alone_and_texts_as_they_are():
    registration = {"registrationId": "d1", "enrollmentGroupId": "g1"}

    assert shown(iter([GROUP, registration, "x"]), "name") == "g1\nd1\nx\n"
    with pytest.raises(DpsctlError, match="no record with an id"):
        shown([{"a": 1}], "name")


def test_variables_say_in_sh_what_the_record_says(program):
    record = {"a": "it's $HOME\n`x`", "b": True, "c": None, "d": 7, "e": {"f": ["g"]}, "h": ""}

    script = shown(record, "env") + 'printf \'%s|\' "$a" "$b" "$c" "$d" "$e" "$h"'

    told = subprocess.run([program("sh"), "-c", script], capture_output=True, text=True, check=True)
    assert told.stdout == 'it\'s $HOME\n`x`|true||7|{"f": ["g"]}||'


@pytest.mark.parametrize("data", [[GROUP, GROUP], [], "text", {"a-b": 1}, {"a=b;c": 1}])
def test_what_is_no_flat_record_has_no_variables(data):
    with pytest.raises(DpsctlError, match="-o env: "):
        shown(data, "env")


@pytest.mark.parametrize("name", OutputFormat)
def test_no_result_prints_nothing(name):
    assert shown(None, name) == ""


def test_none_reads_the_stream_to_its_end():
    seen = []
    items = (seen.append(number) for number in range(3))

    assert shown(items, "none") == ""
    assert seen == [0, 1, 2]


def test_query_is_applied_to_the_whole_list():
    assert shown(iter([GROUP, GROUP]), "json", "length(@)") == "2\n"


def test_table_uses_the_columns_unless_there_is_a_query():
    columns = {"Group": "enrollmentGroupId"}

    assert shown(GROUP, "table", columns=columns).startswith("Group")
    assert shown(GROUP, "table", "{x: enrollmentGroupId}", columns=columns).startswith("X")


def test_csv_reads_back_with_every_field():
    data = [{"a": 'say "x",\ny', "n": None, "l": [1, {"b": 2}], "t": True}, {"a": "é", "z": 1.5}]

    text = shown(data, "csv")

    assert text.startswith("a,l,n,t,z\n")
    assert list(csv.DictReader(io.StringIO(text, newline=""))) == [
        {"a": 'say "x",\ny', "l": '[1, {"b": 2}]', "n": "", "t": "true", "z": ""},
        {"a": "é", "l": "", "n": "", "t": "", "z": "1.5"},
    ]


def test_csv_of_nothing_is_empty():
    assert shown([], "csv") == ""


@pytest.mark.parametrize("name", ["json", "yaml"])
def test_coloured_form_says_the_same_with_escapes(name):
    data = {"a": "x\u2028y", "b": [1, None, "z" * 300], "c": "-----\nPEM\n-----\n"}

    coloured = shown(data, f"{name}c", colour=True, width=20)

    assert "\x1b[" in coloured
    assert without_colour(coloured) == shown(data, name)


@pytest.mark.parametrize("name", ["json", "yaml", "jsonl"])
def test_plain_form_is_never_coloured(name):
    assert "\x1b" not in shown(GROUP, name, colour=True)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8", "cp1252"])
@pytest.mark.parametrize("name", [name for name in OutputFormat if name != "name"])
def test_text_that_the_stream_cannot_hold_is_escaped(name, encoding):
    out = io.TextIOWrapper(io.BytesIO(), encoding=encoding, newline="")

    show([{"a": "漢 😀 é \udc80"}], Style(name), out)

    out.flush()
    written = out.buffer.getvalue().decode(encoding)
    if name in ("json", "jsonc", "jsonl"):
        assert json.loads(written) in ([{"a": "漢 😀 é \udc80"}], {"a": "漢 😀 é \udc80"})
    elif name != "none":
        assert r"\udc80" in written.lower()


def test_yaml_for_an_ascii_stream_means_the_same():
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii")

    show({"ville": "Orléans 😀"}, Style(OutputFormat.yaml), out)

    out.flush()
    assert yaml.safe_load(out.buffer.getvalue()) == {"ville": "Orléans 😀"}


def test_reader_that_went_away_is_left_to_the_caller():
    class Closed(io.StringIO):
        def write(self, _text):
            raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        show(GROUP, Style(), Closed())


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists))
def test_every_format_shows_any_json(data):
    for name in OutputFormat:
        assert isinstance(shown({"id": "g1", "field": data}, name), str)


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("choice", "environ", "expected"),
    [
        pytest.param("auto", {}, True, id="terminal"),
        pytest.param("never", {"FORCE_COLOR": "1"}, False, id="never"),
        pytest.param("always", {"NO_COLOR": "1", "TERM": "dumb"}, True, id="always"),
        pytest.param("auto", {"NO_COLOR": "1", "FORCE_COLOR": "1"}, False, id="NO_COLOR"),
        pytest.param("auto", {"NO_COLOR": ""}, True, id="empty NO_COLOR"),
        pytest.param("auto", {"TERM": "dumb"}, False, id="dumb"),
        pytest.param("auto", {"TERM": "dumb", "CLICOLOR_FORCE": "1"}, True, id="forced"),
    ],
)
def test_colour_is_decided_by_the_first_that_says_something(choice, environ, expected):
    assert wants_colour(choice, environ, Terminal()) is expected


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        pytest.param({}, False, id="pipe"),
        pytest.param({"CI": "true", "GITHUB_ACTIONS": "true"}, False, id="CI"),
        pytest.param({"FORCE_COLOR": "1"}, True, id="FORCE_COLOR"),
        pytest.param({"FORCE_COLOR": "0", "CLICOLOR_FORCE": "0"}, False, id="forced off"),
    ],
)
def test_pipe_is_coloured_only_on_request(environ, expected):
    assert wants_colour("auto", environ, io.StringIO()) is expected


@pytest.mark.parametrize("form", [*OutputFormat])
def test_no_record_rules_the_terminal(form):
    out = Terminal()

    said = "\x1b[2J\x9b31m\x7f.\u202a\u202e\u2066\u2069\u200f\U000e0001"

    show([{"id": said, "more": [said]}], Style(form), out)

    assert re.sub(r"[\r\n\t]", "", out.getvalue()).isprintable()


@pytest.mark.parametrize("form", sorted(set(OutputFormat) - {OutputFormat.env}))
def test_no_name_of_a_field_rules_the_terminal(form):
    out = Terminal()

    show([{"id": "a", "tags\u202e\x9b31m": "b"}], Style(form), out)

    assert re.sub(r"[\r\n\t]", "", out.getvalue()).isprintable()
