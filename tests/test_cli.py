"""The whole tree: what every command owes its users."""

import inspect
import platform
import shlex
import ssl
from importlib import import_module
from pkgutil import walk_packages
from typing import Annotated, get_args, get_origin

import pytest
import requests

from dpsctl import commands
from dpsctl.cli import COMMANDS, tree
from dpsctl.frame.verbs import Verb


def verbs_below(group, path=()):
    for name in group.commands:
        command = group.commands.get(name)
        if hasattr(command, "commands"):
            yield from verbs_below(command, (*path, name))
        else:
            yield (*path, name), command


VERBS = {" ".join(path): command for path, command in verbs_below(tree())}
EVERY_VERB = pytest.mark.parametrize("path", sorted(VERBS))


@EVERY_VERB
def test_help_line_is_short_and_a_sentence(path):
    line = (VERBS[path].help or "").partition("\n")[0]

    assert line.endswith(".")
    assert len(line) <= 60


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_table_of_commands_says_what_the_noun_says(name):
    command = tree().commands.get(name)

    assert COMMANDS[name] == (command.help or "").partition("\n")[0]
    assert len(COMMANDS[name]) <= 60


@pytest.mark.parametrize("path", sorted(path for path in VERBS if not path.startswith("__")))
def test_command_has_two_examples_that_can_be_read(path):
    examples = VERBS[path].examples

    assert len(examples) >= 2
    for line in examples:
        words = shlex.split(line, comments=True)
        assert words[0] == "dpsctl"
        assert " ".join(words[1:]).startswith(path)
        parsed = known_options(VERBS[path])
        options = {word.partition("=")[0] for word in own_words(words) if word[:2] == "--"} - {"--"}
        assert options <= parsed, line


def own_words(words):
    """Leave out what stands after `--`, and after a pipe."""
    for stop in ("--", "|"):
        words = words[: words.index(stop)] if stop in words else words
    return words


def known_options(command):
    with command.make_context("x", [], resilient_parsing=True) as ctx:
        return {name for param in command.get_params(ctx) for name in param.opts}


@EVERY_VERB
def test_every_option_has_help_and_takes_the_global_ones(path):
    command = VERBS[path]
    with command.make_context("x", [], resilient_parsing=True) as ctx:
        without = [param.name for param in command.get_params(ctx) if not param.help]
        names = {name for param in command.get_params(ctx) for name in param.opts}

    assert set(without) <= {"help", "help_all"}
    assert {"--output", "-o", "--query", "--debug", "--verbose", "--only-show-errors"} <= names


@EVERY_VERB
def test_no_option_is_declared_twice(path):
    command = VERBS[path]
    with command.make_context("x", [], resilient_parsing=True) as ctx:
        names = [name for param in command.get_params(ctx) for name in param.opts]

    assert len(names) == len(set(names))


def command_named(name):
    return import_module(f"dpsctl.commands.{name.strip('_').replace('-', '_')}").command


def declared_verbs():
    for name in COMMANDS:
        yield from verbs_of(command_named(name))


def verbs_of(command):
    if isinstance(command, Verb):
        yield command
        return
    for member in command.members:
        yield from verbs_of(member)


@pytest.mark.parametrize(
    "verb", list(declared_verbs()), ids=lambda verb: verb.function.__qualname__
)
def test_parameters_are_annotated_and_their_defaults_fit(verb):
    hints = inspect.get_annotations(verb.function, eval_str=True)
    for name, parameter in inspect.signature(verb.function).parameters.items():
        hint = hints[name]
        hint = get_args(hint)[0] if get_origin(hint) is Annotated else hint
        if parameter.default is not inspect.Parameter.empty:
            allowed = get_args(hint) if not isinstance(hint, type) else (hint,)
            allowed = {get_origin(kind) or kind for kind in allowed}
            allowed |= {int} if float in allowed else set()
            assert isinstance(parameter.default, tuple(allowed)), name
    assert "return" in hints


def test_every_verb_that_is_declared_is_listed_by_its_noun():
    listed = set(declared_verbs())
    for module in walk_packages(commands.__path__, "dpsctl.commands."):
        for value in vars(import_module(module.name)).values():
            assert not isinstance(value, Verb) or value in listed, f"{module.name}: {value.name}"


def test_noun_has_the_summary_that_the_tree_shows_before_it_is_loaded():
    for name, summary in COMMANDS.items():
        assert command_named(name).summary == summary


def test_root_lists_every_command_but_those_of_scripts(run_offline):
    shown = run_offline("--help").out

    for name, summary in COMMANDS.items():
        assert (f"  {name} " in shown) == (not name.startswith("_"))
        assert (summary.split()[0] in shown) or name.startswith("_")


def test_version_is_shown_alone(run_offline):
    version = run_offline("version -o tsv --query dpsctl").out.strip()

    assert run_offline("--version").out == f"dpsctl {version}\n"


def test_version_names_what_is_asked_of_each_service_and_by_what(run_offline):
    told = run_offline("version -o json").json

    assert told["apiVersions"] == {
        "service": ["2021-10-01", "2026-11-01"],
        "device": ["2021-10-01", "2026-11-01"],
        "central": ["2022-07-31", "2022-10-31-preview"],
        "resourceManager": ["2022-12-12", "2026-08-31"],
    }
    assert told["libraries"]["requests"] == requests.__version__
    assert told["libraries"]["openssl"] == ssl.OPENSSL_VERSION
    assert {"azure-identity", "werkzeug"} <= told["libraries"].keys()
    assert not {"pytest", "dpsctl"} & told["libraries"].keys()
    assert told["platform"] == platform.platform()


def test_version_asks_for_what_it_names(run, emulator):
    run("enrollment-group list")
    asked = emulator.requests()[-1]["query"]["api-version"]

    assert asked == run("version").json["apiVersions"]["service"][0]
