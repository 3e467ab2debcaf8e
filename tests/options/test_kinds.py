"""Kinds of values: what is declared of an option is what parser, help and masking go by."""

import io
import os
from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer import Option

from dpsctl.cli import tree
from dpsctl.errors import UsageError
from dpsctl.frame.descriptions import options_of
from dpsctl.frame.verbs import Verb
from dpsctl.options import kinds
from dpsctl.options.kinds import Kind, Words, kind_of
from dpsctl.options.words import Toggle
from dpsctl.run import Run

MARKED_BY = {"FILE": Kind.FILE, "FOLDER": Kind.FOLDER, "[true|false]": Kind.MAY_STAND_ALONE}
SECRET_ENDINGS = ("key", "token", "passphrase", "password", "secret", "login")
GIVEN = {}


def probe(
    *,
    path: Annotated[str | None, kinds.file(Option, "--path", metavar="PATH")] = None,
    place: Annotated[str | None, kinds.folder(Option, "--place", metavar="PLACE")] = None,
    api_key: Annotated[str | None, kinds.secret(Option, "--api-key", metavar="TEXT")] = None,
    on: Annotated[Toggle | None, kinds.toggle(Option, "--on")] = None,
    tags: Annotated[Words | None, kinds.words(Option, "--tags", metavar="TAGS")] = None,
    names: Annotated[list[str] | None, kinds.several(Option, "--names", metavar="NAMES")] = None,
    note: Annotated[str | None, kinds.clearable(Option, "--note", metavar="NOTE")] = None,
    search: Annotated[str | None, kinds.jmespath(Option, "--search")] = None,
) -> None:
    """Take an option of every kind, each named in a way of its own."""
    GIVEN.update(locals())


PROBE = Verb("probe", probe)


@pytest.fixture
def given_by():
    """Parse a command line; return what the function was given, and the run."""

    def parse(*words):
        run = Run({}, stdout=io.StringIO(), stderr=io.StringIO())
        PROBE.build().main(args=list(words), prog_name="probe", standalone_mode=False, obj=run)
        return {name: value for name, value in GIVEN.items() if value is not None}, run

    return parse


@pytest.mark.parametrize(
    ("words", "given"),
    [
        pytest.param(["--path", "@a"], {"path": "a"}, id="file"),
        pytest.param(["--on"], {"on": Toggle.true}, id="toggle"),
        pytest.param(["--on", "FALSE"], {"on": Toggle.false}, id="toggle-with-a-value"),
        pytest.param(["--tags", "a", "b"], {"tags": ("a", "b")}, id="words"),
        pytest.param(["--tags="], {"tags": ("",)}, id="no-words"),
        pytest.param(
            ["--tags", "a=1", "--tags", "b=2", "c=3"],
            {"tags": ("a=1", "b=2", "c=3")},
            id="words-add-up",
        ),
        pytest.param(["--search", "@[0]"], {"search": "@[0]"}, id="jmespath"),
        pytest.param(["--names", "a", "b"], {"names": ["a", "b"]}, id="several"),
        pytest.param(["--names", "a", "--names", "b"], {"names": ["a", "b"]}, id="several-add-up"),
        pytest.param(["--note="], {"note": ""}, id="clearable"),
    ],
)
def test_value_is_read_by_its_kind_whatever_help_calls_it(given_by, words, given):
    assert given_by(*words)[0] == given


def test_words_reach_the_command_as_words(given_by):
    assert isinstance(given_by("--tags", "a", "b")[0]["tags"], Words)


@pytest.mark.parametrize("flag", ["--path", "--api-key", "--place", "--names"])
def test_empty_value_is_refused_unless_the_kind_allows_it(given_by, flag):
    with pytest.raises(UsageError, match=f"{flag}: the value is empty"):
        given_by(f"{flag}=")


def test_file_may_have_any_name_that_the_system_has(given_by):
    name = os.fsdecode(b"\xff.pem")

    assert given_by("--path", name)[0] == {"path": name}


def test_secret_is_masked_and_remembered_as_typed(given_by):
    given, run = given_by("--api-key", "unguessable")

    assert given == {"api_key": "unguessable"}
    assert run.typed_secrets == ["--api-key"]
    assert run.masker.mask("it was unguessable") == "it was ***"


def test_secret_that_sticks_to_its_option_is_not_repeated(given_by):
    with pytest.raises(UsageError) as caught:
        given_by("--api-keyunguessable")

    assert "unguessable" not in str(caught.value)


def test_completions_and_man_pages_learn_the_kind():
    pages = {page.name: page for page in options_of(PROBE.build())}

    assert [name for name, page in pages.items() if page.takes_file] == ["--path"]
    assert [name for name, page in pages.items() if page.takes_folder] == ["--place"]
    assert [name for name, page in pages.items() if page.may_stand_alone] == ["--on"]
    assert [name for name, page in pages.items() if page.several] == ["--tags", "--names"]
    assert pages["--path"].value == "PATH"


@given(st.lists(st.text(), min_size=1))
def test_words_come_through_as_they_were_said(words):
    assert Words.parse(Words(words).spelled) == tuple(words)


def options_in(group):
    """Yield every option of every command."""
    for name in group.commands:
        member = group.commands.get(name)
        if hasattr(member, "commands"):
            yield from options_in(member)
        else:
            yield from (option for option in member.params if option.param_type_name == "option")


def looks_of_its_kind(option):
    metavar, kind = option.metavar or "", kind_of(option)
    looks_secret = any(name.rpartition("-")[2] in SECRET_ENDINGS for name in option.opts)
    return (
        MARKED_BY.get(metavar, Kind.PLAIN) in kind
        and (Kind.SEVERAL in kind) == metavar.endswith("...")
        and (not looks_secret or kind & (Kind.SECRET | Kind.FILE | Kind.MAY_STAND_ALONE))
    )


def test_option_that_looks_of_a_kind_is_of_it():
    options = list(options_in(tree()))

    assert len(options) > 500
    assert [option.opts for option in options if not looks_of_its_kind(option)] == []
