"""What people see: the tables of every noun on a terminal of 80 columns, at a fixed time."""

import io
import json
import re
import shlex
import time
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

import jmespath
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from dpsctl.commands.config import SETTING_COLUMNS
from dpsctl.commands.enrollment_group.registrations import GROUP_COLUMN
from dpsctl.commands.many import result_columns
from dpsctl.commands.records import FAILED_COLUMNS, REGISTRATION_COLUMNS, SUMMARY_COLUMNS
from dpsctl.options.words import OutputFormat
from dpsctl.output.formats import Style, show
from dpsctl.output.query import compile_query
from dpsctl.selection.choosing import GROUPS

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
RED_OR_YELLOW = re.compile("\x1b\\[3[13]m")
SCREENS = Path(__file__).parent.parent / "data" / "screens"
RECORDS = json.loads((SCREENS / "records.json").read_text(encoding="utf-8"))
# Columns that a command has with some options only.
COLUMNS = {
    "enrollment-group registration list --all-groups": GROUP_COLUMN | REGISTRATION_COLUMNS,
    "enrollment-group registration list --all-groups --failed": GROUP_COLUMN | FAILED_COLUMNS,
    "enrollment-group registration list --summary": SUMMARY_COLUMNS,
    "enrollment-group update --all": result_columns(GROUPS),
    "config view": SETTING_COLUMNS,
}


@pytest.fixture(autouse=True)
def _in_vienna(monkeypatch):
    monkeypatch.setenv("TZ", "Europe/Vienna")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def columns_of(line):
    """The columns that the command tree declares for a command."""
    if line in COLUMNS:
        return COLUMNS[line]
    noun, *words = shlex.split(line)
    found = import_module(f"dpsctl.commands.{noun.replace('-', '_')}").command
    for word in words:
        found = next(member for member in found.members if member.name == word)
    return found.columns


def screen(line, records, width=80, **style):
    out = io.StringIO()
    given = {"format": OutputFormat.table, "columns": columns_of(line), "now": NOW, **style}
    show(records, Style(width=width, **given), out)
    return out.getvalue()


def golden(name):
    """The screens of a file, by the command line in front of each."""
    text = (SCREENS / name).read_text(encoding="utf-8")
    parts = re.split(r"^\$ dpsctl (.*) -o (?:table|wide)\n", text, flags=re.MULTILINE)[1:]
    return {line: shown.removesuffix("\n") for line, shown in zip(*[iter(parts)] * 2, strict=True)}


@pytest.mark.parametrize("line", RECORDS)
def test_table_of_80_columns_is_as_it_was_drawn(line):
    assert screen(line, RECORDS[line]) == golden("80.txt")[line]


@pytest.mark.parametrize("line", golden("wide.txt"))
def test_wide_table_has_every_column_and_cuts_nothing(line):
    assert screen(line, RECORDS[line], 120, format=OutputFormat.wide) == golden("wide.txt")[line]


ANYTHING = st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.text(), max_size=3)


def with_any_values(data, record):
    """The record with anything in its fields."""
    if isinstance(record, dict):
        return {name: with_any_values(data, value) for name, value in record.items()}
    return data.draw(ANYTHING) if data.draw(st.booleans()) else record


@pytest.mark.parametrize("line", [line for line in RECORDS if not line.endswith("--summary")])
@given(data=st.data(), width=st.integers(16, 250))
@settings(max_examples=25)
def test_no_line_is_wider_than_the_terminal_whatever_is_in_the_records(line, data, width):
    records = with_any_values(data, RECORDS[line][0])

    for shown in screen(line, [records], width).splitlines():
        assert cell_len(shown) <= width


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1"])
def test_what_a_terminal_cannot_show_does_not_make_lines_longer(encoding):
    out = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    record = {"registrationId": "漢字" * 30, "status": "failed", "errorMessage": "é" * 90}

    columns = REGISTRATION_COLUMNS
    show([record], Style(OutputFormat.table, columns=columns, width=80, now=NOW), out)

    out.flush()
    shown = out.buffer.getvalue().decode(encoding).splitlines()
    assert max(cell_len(line) for line in shown) <= 80
    assert ("…" in shown[2]) == (encoding == "utf-8")
    assert ("~" in shown[2]) == (encoding != "utf-8")


def test_bars_of_a_terminal_without_blocks_are_of_ascii():
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    counted = RECORDS["enrollment-group registration list --summary"]

    show(counted, Style(OutputFormat.table, columns=SUMMARY_COLUMNS, width=80), out)

    out.flush()
    assert out.buffer.getvalue().decode().splitlines()[3].endswith(f"1280   {'#' * 24}")


def test_a_default_that_the_service_leaves_out_is_dim_and_in_parentheses():
    shown = screen("enrollment-group list", RECORDS["enrollment-group list"], colour=True)

    row = shown.splitlines()[3]
    assert "\x1b[2m(enabled)\x1b[0m" in row
    assert "\x1b[2m(hashed)\x1b[0m" in row
    assert "\x1b[2m(all linked)\x1b[0m" in row
    assert "\x1b[32menabled\x1b[0m" in shown
    assert "\x1b[31mdisabled\x1b[0m" in shown


@pytest.mark.parametrize(
    ("days", "colour"),
    [(-8, "\x1b[31m"), (6, "\x1b[31m"), (7, "\x1b[33m"), (29, "\x1b[33m"), (30, ""), (None, "")],
)
def test_days_left_are_yellow_and_then_red(days, colour):
    [record, *_] = RECORDS["enrollment-group audit"]

    shown = screen("enrollment-group audit", [{**record, "daysLeft": days}], colour=True)

    cell = "" if days is None else f"{colour}{days}" + ("\x1b[0m" if colour else "")
    assert f"primary  {cell}" in shown
    assert (RED_OR_YELLOW.search(shown.splitlines()[2]) is not None) == bool(colour)


def test_end_of_a_certificate_is_coloured_by_how_near_it_is():
    shown = screen("certificate list", RECORDS["certificate list"], colour=True).splitlines()

    assert "\x1b[33m2026-12-12 11:00:00\x1b[0m" in shown[2]
    assert "\x1b[31m2026-11-30 11:00:00\x1b[0m" in shown[3]


def test_nothing_is_coloured_where_colours_are_off():
    for line, records in RECORDS.items():
        assert "\x1b" not in screen(line, records)


@pytest.mark.parametrize("line", RECORDS)
def test_pipe_gets_every_column_and_each_value_as_it_is(line):
    lines = screen(line, RECORDS[line], None).splitlines()

    columns = columns_of(line)
    assert re.split(r"  +", lines[0].strip()) == [title for title in columns if title]
    for record, shown in zip(RECORDS[line], lines[2:], strict=True):
        for path in columns.values():
            value = jmespath.search(path, record)
            if isinstance(value, str):
                assert value in shown


def test_pipe_gets_no_ages_defaults_or_cuts():
    shown = screen("enrollment-group list", RECORDS["enrollment-group list"], None)

    assert "2026-11-28T11:59:15.7035183Z" in shown
    assert "assembly-hall-12-production-line-with-a-long-name" in shown
    assert "(" not in shown


def test_colours_in_a_pipe_change_nothing_else():
    for line, records in RECORDS.items():
        coloured = screen(line, records, None, colour=True)
        assert re.sub(r"\x1b\[[0-9]+m", "", coloured) == screen(line, records, None)


@pytest.mark.parametrize("query", ["@", "[?attestation.type=='x509']", "[1]", "reverse(@)", "[:2]"])
@pytest.mark.parametrize("width", [80, None])
def test_query_that_keeps_whole_records_keeps_the_columns(query, width):
    records = RECORDS["enrollment-group list"]

    shown = screen("enrollment-group list", records, width, query=compile_query(query))

    kept = jmespath.search(query, records)
    assert shown == screen("enrollment-group list", kept, width)
    assert shown.startswith("Group")


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("[].{x: etag}", "X"),
        ("[].enrollmentGroupId", "Result"),
        ("[].capabilities", "IotEdge"),
        ("[[0].etag]", "Result"),
        ("length(@)", "Result"),
    ],
)
def test_query_that_makes_something_else_has_columns_of_its_own(query, title):
    records = RECORDS["enrollment-group list"]

    shown = screen("enrollment-group list", records, query=compile_query(query))

    assert shown.split(maxsplit=1)[0] == title


def test_query_keeps_the_columns_of_rows_that_stand_for_the_result():
    rows = RECORDS["certificate list"]
    style = {"rows": rows, "query": compile_query("value[?name=='old-root']")}

    assert screen("certificate list", {"value": rows}, **style) == screen(
        "certificate list", rows[1:]
    )


def test_no_records_leave_the_titles_on_a_terminal_and_nothing_in_a_pipe():
    assert screen("enrollment-group list", []).splitlines()[0].split()[0] == "Group"
    assert screen("enrollment-group list", [], None) == ""


def test_what_is_no_record_has_no_defaults():
    planned = {"method": "PUT", "url": "https://dps.example/enrollmentGroups/g", "body": {}}

    shown = screen("enrollment-group create", planned)

    assert shown.splitlines()[0].split() == ["Method", "Url"]
    assert "enabled" not in shown


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("2026-11-28T11:59:15.7035183Z", "44s"),
        ("2026-11-28T11:59:15", "45s"),
        ("2026-11-28T12:03:00Z", "0s"),
        ("2026-11-28T12:06:00Z", "2026-11-28 13:06:00"),
        ("2026-11-28T11:58:00Z", "2m"),
        ("2026-11-28T13:30:00+02:30", "1h"),
        ("2026-11-26T12:00:00Z", "2d"),
        ("2024-11-30T12:00:00Z", "728d"),
        ("2024-11-28T12:00:00Z", "2y"),
        ("0001-01-01T00:00:00Z", "2027y"),
        ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"),
        ("yesterday", "yesterday"),
        ("", ""),
        (None, ""),
        (17, "17"),
    ],
)
def test_age_is_told_in_the_largest_unit(written, shown):
    record = {"registrationId": "d", "status": "assigned", "lastUpdatedDateTimeUtc": written}

    row = screen("enrollment-group registration list", [record]).splitlines()[2]

    assert row == f"d             assigned  {shown}".rstrip()


@pytest.mark.parametrize(
    ("zone", "shown"), [("UTC", "10:00:00"), ("America/St_Johns", "06:30:00"), ("", "10:00:00")]
)
def test_time_is_that_of_the_terminals_zone(zone, shown, monkeypatch):
    monkeypatch.setenv("TZ", zone)
    time.tzset()

    assert f"2026-12-12 {shown}" in screen("certificate list", RECORDS["certificate list"])
