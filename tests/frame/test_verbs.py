import io
import json
from collections.abc import Iterator
from typing import Annotated

import pytest
from typer import Option

from dpsctl.errors import UsageError
from dpsctl.frame.verbs import Noun, verb
from dpsctl.run import Outcome, Run


@verb(examples=["dpsctl thing greet --name x"], columns={"Said": "said"})
def greet(run: Run, name: Annotated[str, Option("--name", help="Whom.")] = "you") -> dict[str, str]:
    """Greet somebody."""
    run.warn("it is late")
    return {"said": f"hello {name}"}


@verb("count", default_output="jsonl", writes=True)
def count_things(dry_run_seen: Annotated[bool, Option("--seen")] = False) -> Iterator[int]:
    """Count to three."""
    yield from (1, 2, 3)
    del dry_run_seen


@verb()
def fail_softly() -> Outcome:
    """End with a code of its own."""
    return Outcome([1], 9)


@verb()
def nothing() -> None:
    """Return nothing."""


@verb()
def refuse() -> None:
    """Refuse."""
    raise UsageError("no", "yes")


inner = Noun("part", "Manage parts of things.", [nothing, refuse])
noun = Noun("thing", "Manage things.", [greet, count_things, fail_softly, inner])


@pytest.fixture
def call():
    """Run a line of the little tree above; return code, stdout and stderr."""

    def run(*words):
        out, err = io.StringIO(), io.StringIO()
        world = Run({}, stdout=out, stderr=err)
        code = noun.build().main(
            args=list(words), prog_name="thing", standalone_mode=False, obj=world
        )
        return code, out.getvalue(), err.getvalue()

    return run


def test_command_returns_and_the_frame_prints(call):
    code, out, err = call("greet", "--name", "Ada")

    assert (code, json.loads(out), err) == (0, {"said": "hello Ada"}, "warning: it is late\n")


def test_warnings_are_left_out_when_only_errors_are_wanted(call):
    assert call("greet", "--only-show-errors")[2] == ""


def test_columns_of_the_command_make_its_table(call):
    assert call("greet", "-o", "table")[1].split()[0] == "Said"


def test_query_is_judged_before_the_command_runs(call):
    with pytest.raises(UsageError, match="--query"):
        call("part", "refuse", "--query", "[")


def test_command_may_print_in_a_form_of_its_own(call):
    assert call("count")[1] == "1\n2\n3\n"
    assert json.loads(call("count", "-o", "json")[1]) == [1, 2, 3]


def test_outcome_prints_its_data_and_ends_with_its_code(call):
    code, out, _ = call("fail_softly", "-o", "jsonl")

    assert (code, out) == (9, "1\n")


@pytest.mark.parametrize("form", ["json", "yaml", "table", "tsv", "csv", "jsonl", "none"])
def test_no_result_prints_nothing(call, form):
    assert call("part", "nothing", "-o", form)[:2] == (0, "")


def test_only_commands_that_write_can_be_tried(call):
    assert call("count", "--dry-run")[0] == 0
    with pytest.raises(UsageError, match="No such option: --dry-run"):
        call("greet", "--dry-run")


def test_error_of_a_command_passes_through(call):
    with pytest.raises(UsageError, match=r"^no$"):
        call("part", "refuse")


def test_nouns_hold_nouns_and_build_them_when_asked():
    group = noun.build()

    assert set(group.commands) == {"part", "greet", "count", "fail_softly"}
    assert group.commands.summary("part") == "Manage parts of things."
    assert group.commands.get("part").commands.summary("refuse") == "Refuse."
    assert group.commands.get("missing") is None
