"""`--error-format json`, for each command that can be told that there is no such record."""

import io
import json

import pytest

from dpsctl.cli import tree
from dpsctl.reference.tree import pages
from dpsctl.run import Run

ASKING = [
    page
    for page in pages(tree())
    if page.path[-1] in {"show", "update", "delete"}
    and any(option.name in {"--login", "--app-id"} for option in page.options)
]


def command_line(page):
    """Fill in what the command has to be given, with ids of nothing that is there."""
    words = list(page.path[1:])
    for option in page.options:
        if option.required:
            words += [option.name, option.choices[0] if option.choices else "no-such-record"]
    may_name_several = [option.name for option in page.options if option.value == "ID..."]
    return [*words, may_name_several[0], "no-such-record"] if may_name_several else words


@pytest.mark.parametrize("page", ASKING, ids=lambda page: " ".join(page.path[1:]))
def test_missing_record_is_one_json_object(run, signed_in, monkeypatch, page):
    monkeypatch.setenv("DPSCTL_CENTRAL_APP", signed_in.endpoint)
    monkeypatch.setenv("DPSCTL_CENTRAL_TOKEN", signed_in.central_token)

    ran = run([*command_line(page), "--error-format", "json", "--only-show-errors"], expect=3)

    error = json.loads(ran.err)["error"]
    assert ran.out == ""
    assert (error["kind"], error["exitCode"], error["status"]) == ("not-found", 3, 404)
    assert error["errorCode"]
    assert error["trackingId"]
    assert error["hint"].endswith(".")


def test_whatever_is_told_besides_is_an_object_a_line_too():
    stderr = io.StringIO()
    run = Run({}, stderr=stderr, in_json=True)

    run.warn("late")
    run.note("done")
    run.report("one failed")
    run.tell_of_stop("stopped", "Run it again.")

    assert [json.loads(line) for line in stderr.getvalue().splitlines()] == [
        {"warning": {"message": "late"}},
        {"note": {"message": "done"}},
        {"error": {"message": "one failed"}},
        {"stopped": {"message": "stopped", "hint": "Run it again."}},
    ]


def test_whatever_is_told_besides_is_a_line_of_text_else():
    stderr = io.StringIO()
    run = Run({}, stderr=stderr)

    run.warn("late")
    run.note("done")
    run.report("one failed")
    run.tell_of_stop("stopped", "Run it again.")

    told = "warning: late\ndone\ndpsctl: one failed\nstopped\nhint: Run it again.\n"
    assert stderr.getvalue() == told


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "ascii"])
def test_whatever_an_object_tells_it_is_json_that_no_terminal_obeys(encoding):
    said = "ü 東 \x1b[2J \x9b31m \x7f \u202e \U000e0001 \udcff"
    written = io.BytesIO()
    stderr = io.TextIOWrapper(written, encoding)
    run = Run({}, stderr=stderr, in_json=True)

    run.report(said)

    line = written.getvalue().decode(encoding).removesuffix("\n")
    assert line.isprintable()
    assert json.loads(line)["error"]["message"] == said


def test_secret_in_an_object_is_masked_however_json_writes_it():
    stderr = io.StringIO()
    run = Run({}, stderr=stderr, in_json=True)
    run.masker.add('pa"ss\u202ewörd')

    run.report('it was pa"ss\u202ewörd')

    assert json.loads(stderr.getvalue())["error"]["message"] == "it was ***"
