"""What is said of a command line that is wrong, and what was meant."""

import json

import pytest

from dpsctl.cli import tree
from dpsctl.frame.complaints import did_you_mean
from dpsctl.reference.tree import pages

COMMANDS = [" ".join(page.path[1:]) for page in pages(tree()) if not page.members]
REQUIRED = {
    " ".join(page.path[1:]): {frozenset(option.names) for option in page.options if option.required}
    for page in pages(tree())
    if any(option.required for option in page.options)
}


@pytest.mark.parametrize(
    ("line", "asked"),
    [
        ("enrollment-grup list", "enrollment-group"),
        ("enrollment-group craete", "create"),
        ("enrollment-group registration lst", "list"),
        ("enrollment-group create --gid a --alocation-policy hashed", "--allocation-policy"),
        ("enrollment-group create --gid a --allocation", "--allocation-policy"),
        ("enrollment-group create --gid a --ap geolatncy", "geoLatency"),
        ("enrollment-group create --gid a --allocation-policy=statc", "static"),
        ("enrollment create --eid a --at symetrickey", "symmetricKey"),
        ("-o jsno version", "json"),
        ("version --output tabel", "table"),
        ("completion bahs", "bash"),
        ("help enviroment", "environment"),
        ("help enrollment-group udpate", "update"),
        ("group list", "enrollment-group"),
        ("emulator start", "run"),
        ("enrollment-group rm", "delete"),
        ("enrollment-group create --gid a --policy static", "--allocation-policy"),
    ],
)
def test_mistyped_word_is_answered_with_what_was_meant(run_offline, line, asked):
    ran = run_offline(line, expect=2)

    assert "Did you mean" in ran.err
    assert asked in ran.err.partition("Did you mean")[2]


@pytest.mark.parametrize(
    "line",
    [
        "enrollment-group create --gid a --payload b",
        "enrollment registration show --gid a",
        "enrollment-group registration show --gid a",
        "login",
        "enrollment-group create --gid a --zebra",
        "xyzzy",
    ],
)
def test_word_that_resembles_nothing_is_answered_with_no_guess(run_offline, line):
    ran = run_offline(line, expect=2)

    assert ran.err.startswith("dpsctl: No such ")
    assert "Did you mean" not in ran.err


def test_option_that_begins_like_a_secret_one_is_no_glued_value(run_offline):
    ran = run_offline("enrollment-group compute-device-key --key-file f --rid d", expect=2)

    assert ran.err.startswith("dpsctl: No such option: --key-file\nhint: --key @FILE reads it from")


@pytest.mark.parametrize(
    "line", ["--context x enrollment-group list", "enrollment-group -n x list"]
)
def test_option_in_front_of_its_command_is_sent_behind_it(run_offline, line):
    assert "hint: Options of a command stand behind its name." in run_offline(line, expect=2).err


def test_sign_in_ahead_is_answered_with_what_there_is_instead(run_offline):
    assert "Every command says itself whom it asks: --login" in run_offline("login", expect=2).err


@pytest.mark.parametrize(
    ("line", "same"),
    [
        ("enrollment-group help create", "enrollment-group create --help"),
        ("enrollment help", "enrollment --help"),
        ("-V", "--version"),
    ],
)
def test_help_and_version_are_found_where_they_are_looked_for(run_offline, line, same):
    assert run_offline(line).out == run_offline(same).out


def test_value_that_is_none_is_told_with_its_option_and_all_that_it_takes(run_offline):
    ran = run_offline("enrollment-group list --auth-type token", expect=2)

    assert ran.err == ("dpsctl: --auth-type token: no such value\nhint: It takes key, login.\n")


def test_value_of_the_environment_is_told_with_its_variable(run_offline, monkeypatch):
    monkeypatch.setenv("DPSCTL_OUTPUT", "xml")

    ran = run_offline("version", expect=2)

    assert ran.err.startswith("dpsctl: DPSCTL_OUTPUT xml: no such value\n")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("enrollment-group list --top many", "--top many: no such number\nhint: Give a whole"),
        ("enrollment-group list --retries 1.5", "--retries 1.5: no such number"),
        ("enrollment-group list --retries -1", "Give a whole number of 0 or more."),
        (
            "enrollment-group list --timeout soon",
            "--timeout soon: no such time\nhint: Give sec",
        ),
        ("emulator run --port 70000", "--port 70000: no such number"),
        ("emulator run --port http", "Give a whole number from 0 to 65535."),
        ("""enrollment-group list --top "it's not 7" """, "--top it's not 7: no such number"),
    ],
)
def test_number_that_is_none_is_told_with_its_option_and_bounds(run_offline, line, said):
    assert said in run_offline(line, expect=2).err


def test_number_of_the_environment_is_told_with_its_variable(run_offline, monkeypatch):
    monkeypatch.setenv("DPSCTL_RETRIES", "often")

    ran = run_offline("enrollment-group list", expect=2)

    assert ran.err.startswith("dpsctl: DPSCTL_RETRIES often: no such number\n")


def test_words_too_many_are_told_and_quotes_are_asked_for(run_offline):
    ran = run_offline("enrollment-group show --gid line 4", expect=2)

    assert ran.err.startswith("dpsctl: '4': nothing is expected there\nhint: A value with spaces")


def test_value_with_quotes_is_told_as_it_was_typed(run_offline):
    ran = run_offline(["version", "-o", """is 'not' one of "these" """], expect=2)

    assert """--output is 'not' one of "these" : no such value""" in ran.err


@pytest.mark.parametrize("path", REQUIRED)
def test_option_that_is_missing_is_named(run_offline, path):
    ran = run_offline(path, expect=2)

    named = ran.err.splitlines()[0].removeprefix("dpsctl: ").removesuffix(" is missing")
    assert frozenset(named.split(" / ")) in REQUIRED[path]


def test_nothing_is_asked_where_nothing_is_near():
    assert did_you_mean("xyzzy", ["create", "delete"]) == ""


@pytest.mark.parametrize("path", COMMANDS)
@pytest.mark.parametrize("place", ["before", "after"])
def test_unknown_option_is_one_json_object_where_that_is_asked(run_offline, path, place):
    asked = ["--error-format", "json"]
    words = path.split()
    if place == "before":
        line = [*asked, *words, "--no-such-thing"]
    else:
        line = [*words, "--no-such-thing", *asked]

    ran = run_offline(line, expect=2)

    error = json.loads(ran.err)["error"]
    assert (error["kind"], error["exitCode"]) == ("usage", 2)
    assert error["message"].startswith("No such option: --no-such-thing")
    assert error["hint"] == f"'dpsctl {path} --help' lists what it takes."


@pytest.mark.parametrize("path", REQUIRED)
def test_missing_option_is_one_json_object_where_that_is_asked(run_offline, monkeypatch, path):
    monkeypatch.setenv("DPSCTL_ERROR_FORMAT", "json")

    ran = run_offline(path, expect=2)

    error = json.loads(ran.err)["error"]
    assert (error["kind"], error["exitCode"]) == ("usage", 2)
    assert error["message"]
    assert error["hint"]


def test_flag_that_was_given_a_value_is_named(run_offline):
    ran = run_offline("enrollment-group list --only-show-errors=yes", expect=2)

    assert "'--only-show-errors' does not take a value" in ran.err
