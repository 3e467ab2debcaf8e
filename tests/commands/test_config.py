"""`dpsctl config` as a user runs it: real processes, a real home folder."""

import json
import os
import stat
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from dpsctl.config.secret_commands import output_of
from dpsctl.errors import UsageError
from dpsctl.run import Run

KEY = "ZmFrZS1wb2xpY3kta2V5LW9mLXRoZS10ZXN0cyE="
LOGIN = f"HostName=dps.example;SharedAccessKeyName=owner;SharedAccessKey={KEY}"


@pytest.fixture
def config_file():
    """Where the configuration belongs; its folder is there already."""
    path = Path(os.environ["XDG_CONFIG_HOME"], "dpsctl", "config.yaml")
    path.parent.mkdir(parents=True)
    return path


@pytest.fixture
def write(config_file):
    """Write the configuration, for its owner's eyes."""

    def write(text, mode=0o600):
        config_file.write_text(textwrap.dedent(text))
        config_file.chmod(mode)
        return config_file

    return write


@pytest.fixture
def two_contexts(write):
    return write(
        """\
        current_context: factory
        contexts:
          factory: {dps_name: factory-dps, resource_group: plant, auth_type: login}
          lab: {dps_name: lab-dps, output: yaml, service_api_version: 2025-07-01-preview}
        """
    )


def origin(run_process, setting, *words, **environ):
    """Return a setting and where it is from, as a process of its own says."""
    done = run_process(
        "config", "view", "--show-origin", "-o", "json", *words, env={**os.environ, **environ}
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)["settings"].get(setting, {})
    return found.get("value"), found.get("origin")


def test_a_context_is_made_chosen_and_removed(run_process):
    run_process("config", "set", "--context", "lab", "dps_name=lab-dps", "auth_type=LOGIN")
    run_process("config", "use-context", "lab")

    made = json.loads(run_process("config", "view").stdout)
    run_process("config", "delete-context", "lab")

    assert made["currentContext"] == "lab"
    assert made["contexts"] == {"lab": {"dps_name": "lab-dps", "auth_type": "login"}}
    assert json.loads(run_process("config", "view").stdout)["contexts"] == {}


@pytest.mark.usefixtures("two_contexts")
def test_people_get_a_table_of_settings_and_where_they_come_from(run_offline):
    lines = run_offline("config view --show-origin -o table").out.splitlines()
    short = run_offline("config view -o table").out.splitlines()

    assert lines[0].split() == ["Setting", "Value", "Origin"]
    assert lines[2].split(maxsplit=2) == ["dps_name", "factory-dps", "context factory"]
    assert short[2].split() == ["dps_name", "factory-dps"]
    assert len(lines) == len(short)


@pytest.mark.usefixtures("two_contexts")
def test_a_query_of_the_configuration_makes_its_own_table(run_offline):
    out = run_offline("config view -o table --query contexts.lab").out

    assert "lab-dps" in out
    assert "factory-dps" not in out


def test_the_file_is_for_its_owner_only_and_leaves_no_other_behind(run_offline):
    run_offline("config set --context lab dps_name=lab-dps")

    path = Path(run_offline("config view --query file -o tsv").out.strip())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [entry.name for entry in path.parent.iterdir()] == ["config.yaml"]


def test_the_file_lies_under_the_home_folder_without_xdg(run_process, tmp_path):
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}

    run_process("config", "set", "--context", "lab", "dps_name=lab-dps", env=environ)

    assert (tmp_path / ".config" / "dpsctl" / "config.yaml").is_file()


@pytest.mark.parametrize(
    ("words", "environ", "value", "source"),
    [
        pytest.param(
            ["-n", "typed", "--context", "lab"],
            {"DPSCTL_DPS_NAME": "exported"},
            "typed",
            "--dps-name",
            id="a flag first",
        ),
        pytest.param(
            [], {"DPSCTL_DPS_NAME": "exported"}, "exported", "DPSCTL_DPS_NAME", id="environment"
        ),
        pytest.param([], {}, "factory-dps", "context factory", id="the current context"),
        pytest.param(
            [], {"DPSCTL_CONTEXT": "lab"}, "lab-dps", "context lab", id="a context exported"
        ),
        pytest.param(
            ["--context", "lab"],
            {"DPSCTL_CONTEXT": "factory"},
            "lab-dps",
            "context lab",
            id="a context typed",
        ),
        pytest.param(
            ["--context", "lab"],
            {"DPSCTL_DPS_NAME": "exported", "DPSCTL_LOGIN": LOGIN},
            "lab-dps",
            "context lab",
            id="a context typed beats the environment",
        ),
    ],
)
def test_the_service_is_named_by_the_first_that_says_it(
    words, environ, value, source, two_contexts, run_process
):
    assert two_contexts.exists()

    assert origin(run_process, "dps_name", *words, **environ) == (value, source)


@pytest.mark.parametrize(
    ("setting", "words", "environ", "expected"),
    [
        pytest.param("auth_type", [], {}, ("login", "context factory"), id="context"),
        pytest.param("auth_type", ["--context", "lab"], {}, ("key", "default"), id="default"),
        pytest.param(
            "subscription",
            [],
            {"AZURE_SUBSCRIPTION_ID": "s"},
            ("s", "AZURE_SUBSCRIPTION_ID"),
            id="az's variable",
        ),
        pytest.param(
            "subscription",
            [],
            {"AZURE_SUBSCRIPTION_ID": "s", "DPSCTL_SUBSCRIPTION": "own"},
            ("own", "DPSCTL_SUBSCRIPTION"),
            id="the own variable before az's",
        ),
        pytest.param(
            "cloud",
            ["-n", "x.azure-devices-provisioning.us"],
            {},
            ("usgov", "the host name"),
            id="the host says the cloud",
        ),
        pytest.param(
            "cloud",
            ["-n", "x.azure-devices-provisioning.us", "--cloud", "china"],
            {},
            ("china", "--cloud"),
            id="unless a flag does",
        ),
        pytest.param("timeout", ["--timeout", "3"], {}, (3.0, "--timeout"), id="a number"),
        pytest.param("login", [], {"DPSCTL_LOGIN": LOGIN}, ("***", "DPSCTL_LOGIN"), id="a secret"),
    ],
)
def test_every_setting_says_its_origin(
    setting, words, environ, expected, two_contexts, run_process
):
    assert two_contexts.exists()

    assert origin(run_process, setting, *words, **environ) == expected


def test_what_az_was_told_holds_where_nothing_else_does(run_process, two_contexts):
    azure = Path(os.environ["HOME"], ".azure")
    azure.mkdir()
    (azure / "config").write_text(
        "[defaults]\ngroup = az-group\niotdps-data-auth-type = login\n"
        "[cloud]\nname = AzureUSGovernment\n"
    )
    source = str(azure / "config")

    assert two_contexts.exists()
    assert origin(run_process, "resource_group") == ("plant", "context factory")
    assert origin(run_process, "resource_group", "--context", "lab") == ("az-group", source)
    assert origin(run_process, "auth_type", "--context", "lab") == ("login", source)
    assert origin(run_process, "cloud") == ("usgov", source)


def test_azs_variable_beats_azs_file(run_process):
    azure = Path(os.environ["HOME"], "elsewhere")
    azure.mkdir()
    (azure / "config").write_text("[defaults]\ngroup = of-the-file\n")

    value, _ = origin(
        run_process,
        "resource_group",
        AZURE_CONFIG_DIR=str(azure),
        AZURE_DEFAULTS_GROUP="of-the-variable",
    )

    assert value == "of-the-variable"


def test_a_file_of_az_that_cannot_be_read_is_a_warning(run_offline):
    azure = Path(os.environ["HOME"], ".azure")
    azure.mkdir()
    (azure / "config").write_text("not an ini file")

    ran = run_offline("config view")

    assert f"warning: {azure / 'config'} is not used" in ran.err


def test_the_output_of_a_context_is_the_form_of_results(signed_in, write, run_offline):
    assert signed_in
    write("{current_context: a, contexts: {a: {output: yaml}}}")

    assert run_offline("enrollment-group list").out == "[]\n"
    assert run_offline("enrollment-group create --gid g").out.startswith("attestation:\n")
    assert run_offline("enrollment-group list -o json --query length(@)").out == "1\n"


@pytest.mark.parametrize("reference", ["login_env", "login_file", "login_command"])
def test_a_context_signs_in_with_the_secret_it_names(
    reference, signed_in, run_offline, monkeypatch, tmp_path
):
    secret = tmp_path / "secret"
    secret.write_text(f"{signed_in.connection_string}\n")
    secret.chmod(0o600)
    monkeypatch.delenv("DPSCTL_LOGIN")
    monkeypatch.setenv("THE_SECRET", signed_in.connection_string)
    named = {
        "login_env": "THE_SECRET",
        "login_file": secret,
        "login_command": f"cat '{secret}'",
    }
    run_offline(["config", "set", "--context", "a", f"{reference}={named[reference]}"])

    ran = run_offline("enrollment-group create --gid g --context a --debug")

    assert ran.json["enrollmentGroupId"] == "g"
    assert signed_in.policy_key not in ran.err
    assert signed_in.policy_key not in run_offline("config view --show-origin --context a").out


def test_a_secret_file_that_others_can_read_is_a_warning(write, run_offline, tmp_path):
    (tmp_path / "secret").write_text(LOGIN)
    (tmp_path / "secret").chmod(0o644)
    write(f"{{current_context: a, contexts: {{a: {{login_file: {tmp_path / 'secret'}}}}}}}")

    ran = run_offline("enrollment-group create --gid g --dry-run")

    assert f"others can read it; chmod 600 {tmp_path / 'secret'}" in ran.err


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        pytest.param("login_env: NOT_SET", "login_env NOT_SET: the variable is not set", id="env"),
        pytest.param("login_file: missing", "missing: cannot read the file", id="file"),
        pytest.param("login_command: 'false'", "login_command false: exit 1", id="refused"),
        pytest.param("login_command: no-such", "no such program on PATH", id="no command"),
        pytest.param("login_command: 'true'", "login_command true: holds nothing", id="silent"),
        pytest.param('login_command: "a \'b"', "No closing quotation", id="quotes"),
        pytest.param("login_command: [printf, '\\377']", "is not text", id="no text"),
        pytest.param("login_command: [echo, hm]", "echo is not a connection string", id="other"),
        pytest.param("{login_env: A, login_file: b}", "login_env and login_file", id="two of them"),
        pytest.param("{}", "No provisioning service is named", id="nothing"),
    ],
)
def test_a_context_that_does_not_sign_in_says_why(settings, problem, write, run_offline):
    inner = settings if settings.startswith("{") else f"{{{settings}}}"
    write(f"current_context: a\ncontexts:\n  a: {inner}\n")

    ran = run_offline("enrollment-group list", expect=2)

    assert problem in ran.err


def test_a_command_that_does_not_end_is_stopped(write, run_offline, monkeypatch):
    monkeypatch.setattr("dpsctl.config.secret_commands._PATIENCE", 0.1)
    write("{current_context: a, contexts: {a: {login_command: sleep 5}}}")

    ran = run_offline("enrollment-group list", expect=2)

    assert "login_command sleep 5: no answer within" in ran.err


BROKEN = [
    pytest.param("contexts:\n  a: {dps_name: x", "config.yaml:3:1:", id="a bracket open"),
    pytest.param("contexts:\n\ta: x\n", "config.yaml:2:1:", id="a tab"),
    pytest.param("a: 1\na: 2\n", "config.yaml:2:1: the key 'a' is given twice", id="twice"),
    pytest.param("- a\n", "config.yaml:1:1: wanted 'contexts:'", id="a list"),
    pytest.param("contexts: {a: x}\n", "config.yaml:1:12: wanted 'contexts:'", id="no mapping"),
    pytest.param("context: {}\n", "config.yaml:1:1: 'context' has no meaning here", id="misspelt"),
    pytest.param(
        "current_context: a\ncontexts:\n  a:\n    dps-name: x\n",
        "config.yaml:4:5: contexts.a.dps-name: there is no such setting",
        id="unknown setting",
    ),
    pytest.param(
        "{current_context: a, contexts: {a: {auth_type: certificate}}}",
        "config.yaml:1:37: contexts.a.auth_type: 'certificate' is none of key, login",
        id="unknown word",
    ),
    pytest.param(
        "{current_context: a, contexts: {a: {dps_name: [x]}}}",
        "config.yaml:1:37: contexts.a.dps_name: wanted a text",
        id="no text",
    ),
    pytest.param(
        "current_context: a\ncontexts:\n  a: {login_env: A, login_file: b}\n",
        "config.yaml:3:3: login_env and login_file: a context names one connection string",
        id="two logins",
    ),
    pytest.param(
        '{"current_context": "a", "contexts": {"a": {"dps_name": "x", "more": "\\ud83d\\ude00"}}}',
        "config.yaml: contexts.a.more: there is no such setting",
        id="JSON that YAML cannot hold",
    ),
    pytest.param(
        "{current_context: b, contexts: {a: {}}}",
        "config.yaml:1:2: there is no context 'b'",
        id="no such context",
    ),
]


@pytest.mark.parametrize(("text", "problem"), BROKEN)
def test_a_broken_file_is_named_with_the_place(text, problem, write, run_offline):
    write(text)

    ran = run_offline("enrollment-group list", expect=2)

    assert problem in ran.err
    assert "hint: " in ran.err


@pytest.mark.parametrize(
    "line",
    [
        "enrollment-group compute-device-key --key AAAAAAAAAAAAAAAAAAAAAA== --rid d -o tsv",
        "enrollment-group compute-device-key --key AAAAAAAAAAAAAAAAAAAAAA== --rid D --verbose",
        "version",
        "enrollment-group --help",
    ],
)
def test_a_broken_file_does_not_stop_what_needs_no_service(line, write, run_offline):
    write("contexts: [")

    assert run_offline(line).out


@pytest.mark.parametrize(
    ("text", "mode", "problem"),
    [
        pytest.param("contexts: {}\n", 0o620, "others can change it", id="writable"),
        pytest.param(
            f"contexts: {{a: {{login_command: echo {LOGIN}}}}}\n",
            0o640,
            "others can read the secret in it",
            id="a secret to read",
        ),
    ],
)
def test_a_file_that_is_open_to_others_is_refused(text, mode, problem, write, run_offline):
    path = write(text, mode)

    ran = run_offline("enrollment-group list", expect=2)

    assert f"{path}: {problem}" in ran.err
    assert f"chmod 600 {path}" in ran.err
    assert KEY not in ran.err


def test_a_file_that_is_no_text_is_named(config_file, run_offline):
    config_file.write_bytes(b"\xff\xfe\x00")

    ran = run_offline("enrollment-group list", expect=2)

    assert f"{config_file}: cannot read it" in ran.err


def test_an_empty_file_says_nothing(write, run_offline):
    write("")

    assert run_offline("config view").json["contexts"] == {}


def test_a_file_without_secrets_may_be_read_by_others(write, run_offline):
    write("contexts: {a: {dps_name: x}}\n", 0o644)

    assert run_offline("config view").json["contexts"] == {"a": {"dps_name": "x"}}


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        pytest.param(f"set --context a 'login={LOGIN}'", "login_env, login_file", id="a secret"),
        pytest.param("set --context a dps-name=x", "Did you mean dps_name?", id="a typo"),
        pytest.param("set --context a dps_name", "Wanted SETTING=VALUE", id="no value"),
        pytest.param("set dps_name=x", "No context is named", id="no context"),
        pytest.param("set --context a login_env=A login_file=b", "one connection", id="two logins"),
        pytest.param(
            "unset --context a dps_name", "there is no context 'a'", id="unset of nothing"
        ),
        pytest.param("unset dps_name", "No context is named", id="unset without context"),
        pytest.param("use-context a", "There are: none yet", id="use of nothing"),
        pytest.param("delete-context a", "context 'a'", id="delete of nothing"),
    ],
)
def test_a_change_that_cannot_be_right_changes_nothing(line, problem, run_offline, config_file):
    ran = run_offline(f"config {line}", expect=2)

    assert problem in ran.err
    assert KEY not in ran.err
    assert not config_file.exists()


def test_unset_removes_settings_and_names_those_that_are_left(two_contexts, run_offline):
    assert two_contexts.exists()

    ran = run_offline("config unset resource_group auth_type")
    missing = run_offline("config unset cloud", expect=2)

    assert ran.json == {"factory": {"dps_name": "factory-dps"}}
    assert "It says dps_name." in missing.err


def test_deleting_the_current_context_leaves_none(two_contexts, run_offline):
    assert two_contexts.exists()

    ran = run_offline("config delete-context factory")

    assert "warning: factory was the current context" in ran.err
    assert run_offline("config view").json["currentContext"] is None


def test_values_stay_what_was_typed(run_offline):
    run_offline("config set --context a dps_name=0123 resource_group=no subscription=1_000")

    assert run_offline("config view").json["contexts"]["a"] == {
        "dps_name": "0123",
        "resource_group": "no",
        "subscription": "1_000",
    }


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("set --context lab dps_name=two", id="set"),
        pytest.param("set --context new dps_name=three", id="a new one"),
        pytest.param("unset --context lab output", id="unset"),
        pytest.param("use-context factory", id="use-context"),
        pytest.param("delete-context lab", id="delete-context"),
    ],
)
def test_what_people_wrote_around_it_stays(line, write, run_offline):
    path = write(
        """\
        # ours
        current_context: lab   # for now
        contexts:
            # the plant in the north
            factory: {dps_name: factory-dps, resource_group: 'plant'}

            lab:
                dps_name: lab-dps
                # no colours
                output: yaml
        # the end
        """
    )
    before = path.read_text().splitlines()

    run_offline(f"config {line}")

    after = path.read_text().splitlines()
    gone = {*before} - {*after}
    assert len(gone) <= (5 if "delete" in line else 1)
    assert {"# ours", "    # the plant in the north", "# the end"} <= {*after}


def test_eight_at_once_lose_nothing(write, run_process):
    path = write("# ours\ncontexts:\n  lab: {dps_name: x}\n")
    start = [sys.executable, "-m", "dpsctl", "config", "set", "--context"]

    children = [subprocess.Popen([*start, f"c{n}", f"dps_name=dps-{n}"]) for n in range(8)]
    codes = [child.wait() for child in children]

    known = json.loads(run_process("config", "view", "--query", "contexts").stdout)
    assert codes == [0] * 8
    assert known == {"lab": {"dps_name": "x"}} | {
        f"c{n}": {"dps_name": f"dps-{n}"} for n in range(8)
    }
    assert path.read_text().startswith("# ours\n")


@pytest.mark.parametrize(
    "assignment",
    [
        pytest.param(f"login_env={LOGIN}", id="in a variable's place"),
        pytest.param(f"login_file={LOGIN}", id="in a file's place"),
        pytest.param(f"login_command=echo {LOGIN}", id="in a command"),
        pytest.param(f"dps_name={LOGIN}", id="in a name's place"),
        pytest.param(f"dps_name={KEY}", id="a key"),
        pytest.param("central_app=SharedAccessSignature sr=a&sig=abc%3D&se=1", id="a token"),
    ],
)
def test_a_secret_itself_is_not_kept(assignment, config_file, run_offline):
    ran = run_offline(["config", "set", "--context", "lab", assignment], expect=2)

    assert "looks like a secret" in ran.err
    assert KEY not in ran.err + ran.out
    assert not config_file.exists()


@pytest.mark.parametrize("name", ["$LAB", "LAB-LOGIN", "lab login", "1LAB"])
def test_a_variable_has_a_name(name, run_offline):
    ran = run_offline(["config", "set", "--context", "lab", f"login_env={name}"], expect=2)

    assert "login_env: that is no name of a variable" in ran.err


@pytest.mark.parametrize(
    "command", ["./secret", "bin/secret", "secret"], ids=["here", "below", "on PATH"]
)
def test_no_program_of_the_current_folder_is_asked(
    command, write, run_offline, tmp_path, monkeypatch
):
    for place in (tmp_path, tmp_path / "bin"):
        place.mkdir(exist_ok=True)
        (place / "secret").write_text("#!/bin/sh\ntouch ran\n")
        (place / "secret").chmod(0o700)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f":.:bin:{os.environ['PATH']}")
    write(f"current_context: lab\ncontexts: {{lab: {{login_command: {command}}}}}")

    ran = run_offline("enrollment-group list", expect=2)

    assert "no such program on PATH" in ran.err
    assert not (tmp_path / "ran").exists()


def test_a_relative_folder_of_settings_is_none(run_offline, tmp_path, monkeypatch):
    (tmp_path / "here" / "dpsctl").mkdir(parents=True)
    (tmp_path / "here" / "dpsctl" / "config.yaml").write_text("contexts: {lab: {dps_name: x}}")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", "here")

    assert run_offline("config view --query contexts").json == {}


def test_a_command_of_no_words_is_refused():
    with pytest.raises(UsageError, match="no such program"):
        output_of([], "$command", Run({}))
