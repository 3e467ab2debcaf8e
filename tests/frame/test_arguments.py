import json
import os
from pathlib import Path

import pytest

from dpsctl.cli import tree
from dpsctl.frame.arguments import Command

KEY = "bXktdmVyeS1vd24tZ3JvdXAta2V5LWZvci10ZXN0cw=="
SHOW = "enrollment-group show --gid g1"
LOGIN = f"HostName=dps.example;SharedAccessKeyName=owner;SharedAccessKey={KEY}"


@pytest.fixture
def group(run):
    return run("enrollment-group create --gid g1").json


@pytest.mark.parametrize(
    ("flags", "edge"),
    [
        pytest.param("--edge-enabled", True, id="bare"),
        pytest.param("--ee", True, id="bare-alias"),
        pytest.param("--ee true", True, id="word"),
        pytest.param("--ee=FALSE", False, id="equals-in-capitals"),
        pytest.param("--ee False", False, id="az-spelling"),
        pytest.param("--ee -o json", True, id="option-follows"),
        pytest.param("--ee false --ee", True, id="last-wins"),
        pytest.param("--ee --ee=false", False, id="last-wins-off"),
    ],
)
def test_flag_takes_an_optional_value(run, flags, edge):
    ran = run(f"enrollment-group create --gid g1 {flags}")

    assert ran.json["capabilities"] == {"iotEdge": edge}


@pytest.mark.parametrize(
    ("words", "hubs"),
    [
        pytest.param(["--iot-hubs", "a", "b"], ["a", "b"], id="several-words"),
        pytest.param(["--ih", "a", "--ih", "b"], ["a", "b"], id="repeated-adds-up"),
        pytest.param(["--ih", "a b"], ["a", "b"], id="quoted-list"),
        pytest.param(["--ih=a,b"], ["a", "b"], id="commas"),
        pytest.param(["--ih=a", "--ih", "b", "c"], ["a", "b", "c"], id="mixed"),
    ],
)
def test_hubs_come_in_every_shape_az_takes(run, words, hubs):
    line = ["enrollment-group", "create", "--gid", "g1", *words, "--ap", "hashed"]

    assert run(line).json["iotHubs"] == hubs


@pytest.mark.parametrize("word", ["geolatency", "GEOLATENCY", "geoLatency"])
def test_words_of_an_enum_are_read_in_any_case(run, word):
    ran = run(f"enrollment-group create --gid g1 --allocation-policy {word}")

    assert ran.json["allocationPolicy"] == "geoLatency"


def test_last_of_a_repeated_option_wins(run):
    ran = run("enrollment-group create --gid g0 --gid g1 --ps enabled --ps disabled")

    assert ran.json["enrollmentGroupId"] == "g1"
    assert ran.json["provisioningStatus"] == "disabled"


@pytest.mark.parametrize(
    ("flags", "tags"),
    [
        pytest.param(["--tags", "a=1", "--tags", "b:=2"], {"a": "1", "b": 2}, id="one-by-one"),
        pytest.param(
            ["--tags", "a=1", "b=2", "--initial-twin-tags", "c.d=3"],
            {"a": "1", "b": "2", "c": {"d": "3"}},
            id="several-under-another-name",
        ),
    ],
)
def test_words_of_a_repeated_object_add_up(run, flags, tags):
    ran = run(["enrollment-group", "create", "--gid", "g1", *flags])

    assert ran.json["initialTwin"]["tags"] == tags
    assert ran.err == ""


def test_second_whole_object_replaces_the_first_and_says_so(run):
    ran = run("""enrollment-group create --gid g1 --props '{"a":1}' --props '{"b":2}'""")

    assert ran.json["initialTwin"]["properties"] == {"desired": {"b": 2}}
    assert ran.err == "warning: --props is given twice: the second object replaces the first\n"


@pytest.mark.parametrize(
    ("flags", "problem"),
    [
        pytest.param("--tags a=1 --tags a=2", "--initial-twin-tags: a is given twice", id="tags"),
        pytest.param("--props a=1 --props a.b=2", "a and a.b exclude each other", id="props"),
        pytest.param("--tags a=1 --tags '{}'", "words and a whole object exclude", id="mixed"),
        pytest.param("--tags '{}' --tags a=1", "words and a whole object exclude", id="mixed-too"),
        pytest.param("--set a.b=1 --set c=2 a.b=3", "--set: a.b is given twice", id="set"),
    ],
)
def test_key_that_is_given_twice_is_refused(run, flags, problem):
    ran = run(f"enrollment-group create --gid g1 {flags}", expect=2)

    assert problem in ran.err


@pytest.mark.parametrize("flag", ["--set", "--tags", "--remove"])
def test_json_where_a_path_is_meant_is_no_path(run_offline, signed_in, tmp_path, flag):
    file = tmp_path / "group.json"
    keys = {"primaryKey": KEY, "secondaryKey": KEY}
    attestation = {"type": "symmetricKey", "symmetricKey": keys}
    file.write_text(json.dumps({"attestation": attestation}, indent=2) + " x=1")

    line = f"enrollment-group create --gid g1 {flag} @{file} b=2"
    ran = run_offline(line, expect=2)

    assert "{" in ran.err
    assert KEY not in ran.err
    assert signed_in.requests() == []


@pytest.mark.parametrize(
    ("path", "strange"),
    [("a b=1", "' '"), ('"a"=1', "'\"'"), ("a\nb=1", "'\\n'"), ("a'=1", '"\'"')],
)
def test_path_has_no_quotes_blanks_or_line_breaks(run_offline, path, strange):
    line = ["enrollment-group", "update", "--gid", "g1", "--set", path, "--login", LOGIN]

    assert f"--set: {strange} is in no path" in run_offline(line, expect=2).err


def test_backslash_keeps_a_blank_in_a_path(run):
    ran = run(["enrollment-group", "create", "--gid", "g1", "--set", r"notes.a\ b=1"])

    assert ran.json["notes"] == {"a b": "1"}


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(f"-o tsv {SHOW} --query enrollmentGroupId", id="before-the-noun"),
        pytest.param(
            "enrollment-group -o tsv show --gid g1 --query enrollmentGroupId", id="before-the-verb"
        ),
        pytest.param(
            "--query=enrollmentGroupId enrollment-group --output=tsv show --gid g1",
            id="in-two-places",
        ),
        pytest.param(f"-o table {SHOW} -o tsv --query enrollmentGroupId", id="later-one-wins"),
        pytest.param(f"{SHOW} -otsv --query enrollmentGroupId", id="glued"),
        pytest.param(f"{SHOW} -o=tsv --query enrollmentGroupId", id="short-with-equals"),
    ],
)
@pytest.mark.usefixtures("group")
def test_global_options_stand_before_and_after_the_command(run, line):
    assert run(line).out == "g1\n"


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        pytest.param("--enrollment", "--enrollment-id", id="prefix-of-one"),
        pytest.param("--show", "--show-keys", id="prefix"),
        pytest.param("--subs=x", "--subscription", id="with-a-value"),
        pytest.param("--enrolment-id", "--enrollment-id", id="misspelt"),
    ],
)
def test_abbreviated_flag_is_refused_with_a_suggestion(run_offline, word, meant):
    ran = run_offline(f"enrollment-group show {word}", expect=2)

    assert f"No such option: {word.partition('=')[0]}" in ran.err
    assert meant in ran.err.splitlines()[0]


def test_misspelt_command_is_refused_with_a_suggestion(run_offline):
    problem = run_offline("enrollment-group shwo", expect=2).err

    assert "No such command" in problem
    assert "Did you mean" in problem
    assert "show" in problem


@pytest.mark.parametrize(
    ("words", "flag"),
    [
        pytest.param("--gid", "--gid", id="end-of-line"),
        pytest.param("--gid --etag x", "--gid", id="long-option-follows"),
        pytest.param("--gid -o json", "--gid", id="short-option-follows"),
        pytest.param("--gid -otsv", "--gid", id="glued-option-follows"),
        pytest.param("--cn --unknown", "--cn", id="unknown-option-follows"),
        pytest.param("--gid g1 --etag -x", "--etag", id="value-with-a-dash"),
        pytest.param("--gid g1 --ih --ee", "--ih", id="several-values-but-none"),
    ],
)
def test_option_without_its_value_is_named(run_offline, words, flag):
    ran = run_offline(f"enrollment-group update {words}", expect=2)

    assert ran.err.startswith(f"dpsctl: {flag} needs a value")


def test_value_that_starts_with_a_dash_is_written_with_equals(run):
    ran = run("enrollment-group create --gid g1 --tags=--x=1 --props=-y=2")

    assert ran.json["initialTwin"] == {"tags": {"--x": "1"}, "properties": {"desired": {"-y": "2"}}}


@pytest.mark.parametrize("odd", ["\x1f", "\x00", '"', "\\"])
def test_no_character_of_a_word_ends_it(run, odd):
    ran = run(["enrollment-group", "create", "--gid", "g1", "--tags", f"a=x{odd}y", "b=2"])

    assert ran.json["initialTwin"]["tags"] == {"a": f"x{odd}y", "b": "2"}


@pytest.mark.usefixtures("group")
def test_negative_number_is_a_value(run):
    assert len(run("enrollment-group list --top -1").json) == 1


def test_file_stands_for_a_value(run, tmp_path):
    (tmp_path / "id").write_text("g-of-a-file\n")
    (tmp_path / "tags").write_bytes(b'\xef\xbb\xbf{"site": "eu"}')

    ran = run(f"enrollment-group create --gid @{tmp_path}/id --tags @{tmp_path}/tags")

    assert ran.json["enrollmentGroupId"] == "g-of-a-file"
    assert ran.json["initialTwin"]["tags"] == {"site": "eu"}


def test_standard_input_stands_for_one_value(run):
    created = run("enrollment-group create --gid g1 --tags @-", stdin='{"site": "eu"}')
    twice = run("enrollment-group update --gid g1 --tags @- --props @-", stdin="{}", expect=2)

    assert created.json["initialTwin"]["tags"] == {"site": "eu"}
    assert "--tags" in twice.err
    assert "--props" in twice.err


def test_short_option_takes_a_file_glued_to_it(run, emulator, monkeypatch, tmp_path):
    monkeypatch.delenv("DPSCTL_LOGIN")
    (tmp_path / "login").write_text(emulator.connection_string)

    assert run(["enrollment-group", "list", f"-l@{tmp_path}/login"]).json == []


def test_two_at_signs_stand_for_one(run_offline):
    ran = run_offline("enrollment-group show --gid @@g1", expect=2)

    assert "'@' cannot be in a group id" in ran.err


@pytest.mark.parametrize("value", ["@", "@/nonexistent/file"])
def test_file_that_cannot_be_read_is_an_error(run_offline, value):
    ran = run_offline(f"enrollment-group show --gid {value}", expect=2)

    assert f"--gid {value}" in ran.err


def test_words_after_two_dashes_are_no_options(run_offline):
    ran = run_offline("enrollment-group show --gid g1 -- --query x", expect=2)

    assert "--query" in ran.err
    assert "nothing is expected there" in ran.err


def test_value_that_is_not_utf_8_is_refused(run_offline):
    ran = run_offline(["enrollment-group", "create", "--gid=g1", "--cn=\udcff"], expect=2)

    assert ran.err.startswith("dpsctl: --cn: the value is not UTF-8 text")


def options_of(command, ctx):
    return {param.name: param for param in command.get_params(ctx) if not param.is_flag}


def every_option_of(*path):
    """Name an option that takes a value, for each that the command at *path* has."""
    command = tree()
    for name in path:
        command = command.commands.get(name)
    with command.make_context(path[-1], [], resilient_parsing=True) as ctx:
        return [param.opts[0] for param in options_of(command, ctx).values()]


@pytest.mark.parametrize("value", ["", " "], ids=["empty", "blank"])
@pytest.mark.parametrize("verb", ["create", "update"])
def test_empty_value_is_refused_where_it_clears_nothing(odd_service, run_offline, verb, value):
    clearing = ("--initial-twin", "--adr-")
    flags = [
        flag for flag in every_option_of("enrollment-group", verb) if not flag.startswith(clearing)
    ]

    for flag in flags:
        words = ["enrollment-group", verb, *(["--gid=g1"] if "-id" not in flag else [])]
        ran = run_offline([*words, f"{flag}={value}"], expect=2)
        assert flag in ran.err

    assert len(flags) > 20
    assert odd_service.log == []


@pytest.mark.parametrize("verb", ["show", "list", "create", "update", "delete"])
def test_help_is_shown_for_either_spelling(run_offline, verb):
    short = run_offline(f"enrollment-group {verb} -h").out

    assert short == run_offline(f"enrollment-group {verb} --help").out
    assert f"Usage: dpsctl enrollment-group {verb}" in short
    assert isinstance(tree().commands.get("enrollment-group").commands.get(verb), Command)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        pytest.param("DPSCTL_OUTPUT", "pdf", id="enum"),
        pytest.param("DPSCTL_RETRIES", "many", id="number"),
        pytest.param("DPSCTL_TIMEOUT", "soon", id="seconds"),
        pytest.param("DPSCTL_ERROR_FORMAT", "xml", id="error-format"),
        pytest.param("DPSCTL_LOGIN", "HostName=h", id="connection-string"),
        pytest.param("DPSCTL_ENDPOINT_URL", "nowhere", id="endpoint"),
    ],
)
def test_bad_value_in_the_environment_names_the_variable(run, monkeypatch, variable, value):
    monkeypatch.setenv(variable, value)

    assert variable in run("enrollment-group list", expect=2).err


def test_flag_beats_the_environment(run, monkeypatch):
    monkeypatch.setenv("DPSCTL_OUTPUT", "table")
    monkeypatch.setenv("DPSCTL_TIMEOUT", "soon")

    assert run("enrollment-group list -o json --timeout 5").json == []


@pytest.mark.parametrize(
    "variable",
    ["DPSCTL_ENROLLMENT_ID", "DPSCTL_ETAG", "DPSCTL_PRIMARY_KEY", "DPSCTL_TOP", "DPSCTL_IF_EXISTS"],
)
@pytest.mark.usefixtures("group")
def test_environment_does_not_change_what_is_written(run, monkeypatch, variable):
    monkeypatch.setenv(variable, "nonsense!")

    run("enrollment-group update --gid g1 --ee")
    run("enrollment-group show", expect=2)


@pytest.mark.parametrize("query", ["@[0].enrollmentGroupId", "@[*].enrollmentGroupId | [0]"])
def test_query_may_begin_with_the_current_node(run, group, query):
    ran = run(["enrollment-group", "list", "--query", query, "-o", "tsv"])

    assert ran.out == f"{group['enrollmentGroupId']}\n"


@pytest.mark.parametrize(
    "flags",
    [
        pytest.param(["--ca-name", "root\x07"], id="name"),
        pytest.param(["--dps-name", "a\x1bb"], id="service"),
        pytest.param(["--resource-group", "a\nb"], id="resource-group"),
        pytest.param(["--webhook-url", "https://x.example/\ta"], id="url"),
        pytest.param(["--api-version", "2021-10-01\x00"], id="version"),
        pytest.param(["--iot-hubs", "a\x08.example"], id="hub"),
        pytest.param(["--ca-name", "ro\rot"], id="carriage-return-inside"),
        pytest.param(["--ca-name", "root\x85"], id="c1"),
    ],
)
def test_control_character_in_a_name_is_refused(run_offline, flags):
    line = ["enrollment-group", "create", "--gid", "g1", "--login", LOGIN, *flags]

    ran = run_offline(line, expect=2)

    assert ": a control character in '" in ran.err
    assert all(letter.isprintable() or letter == "\n" for letter in ran.err)


def test_control_character_of_a_variable_is_refused(run_offline, monkeypatch):
    monkeypatch.setenv("DPSCTL_SUBSCRIPTION", "a\x1b]0;title\x07")

    ran = run_offline("enrollment-group list", expect=2)

    assert ran.err.startswith("dpsctl: --subscription: a control character in")


def test_text_and_queries_may_have_several_lines(run):
    query = "initialTwin\n .tags"
    line = ["enrollment-group", "create", "--gid", "g1", "--tags", "note=a\nb", "--query", query]
    ran = run(line)

    assert ran.json == {"note": "a\nb"}


PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----"


@pytest.mark.parametrize(
    ("words", "what"),
    [
        pytest.param(["--cp", PEM], "the text of a file", id="pem"),
        pytest.param([f"--cp={PEM}"], "the text of a file", id="pem-behind-equals"),
        pytest.param(["--cp", "MIIB" * 20 + "=="], "base64", id="base64"),
        pytest.param(["--scp", "@" + "MIIB" * 20], "base64", id="base64-behind-at"),
    ],
)
def test_content_where_a_path_is_meant_is_not_repeated(run_offline, words, what):
    ran = run_offline(["enrollment-group", "create", "--gid", "g", *words], expect=2)

    assert f": that is {what}, and no path\nhint: Name the file; - reads it" in ran.err
    assert "MIIB" not in ran.err


def test_path_that_looks_like_base64_is_a_path(run, certificate_file, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    certificate_file("M" * 64)

    assert run(["enrollment-group", "create", "--gid", "g1", "--cp", "M" * 64]).err == ""


@pytest.mark.parametrize("flag", ["--primary-key", "--tags", "--login"])
def test_bare_dash_is_answered_with_what_reads_standard_input(run_offline, flag):
    ran = run_offline(f"enrollment-group create --gid g1 {flag} -", expect=2)

    assert ran.err == f"dpsctl: {flag} -: that is no value\nhint: {flag} @- reads standard input.\n"


@pytest.mark.parametrize("word", ["--yes", "-y", "--no-input"])
@pytest.mark.parametrize(
    "line", ["enrollment-group delete --gid g1", "enrollment-group update --gid g1 --ps disabled"]
)
def test_script_may_say_that_nothing_is_to_be_asked(run, group, line, word):
    del group

    assert run(f"{line} {word}").err == ""


@pytest.mark.parametrize(
    ("mode", "name", "said"),
    [
        pytest.param(0o644, "login", "chmod 600 login", id="all"),
        pytest.param(0o640, "my login", "chmod 600 'my login'", id="group-and-a-blank"),
        pytest.param(0o600, "login", "", id="owner"),
    ],
)
def test_secret_in_a_file_that_others_can_read_is_warned_of(
    run, signed_in, monkeypatch, mode, name, said
):
    monkeypatch.chdir(os.environ["HOME"])
    Path(name).write_text(signed_in.connection_string)
    Path(name).chmod(mode)

    ran = run(["enrollment-group", "list", "-l", f"@{name}"])

    warning = f"warning: --login @{name}: others can read it; {said}\n"
    assert ran.err == (warning if said else "")


def test_what_is_no_secret_may_be_read_by_others(run, tmp_path):
    (tmp_path / "tags.json").write_text('{"site": "eu"}')
    (tmp_path / "tags.json").chmod(0o644)

    ran = run(f"enrollment-group create --gid g1 --tags @{tmp_path}/tags.json")

    assert ran.err == ""
