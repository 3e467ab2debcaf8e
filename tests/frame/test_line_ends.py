"""Scripts with Windows line ends: no carriage return ever becomes part of a value."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dpsctl.frame.line_ends import clean_variables, unix_words

KEY = "bXktdmVyeS1vd24tZ3JvdXAta2V5LWZvci10ZXN0cw=="
CREATE = "enrollment-group create --gid g1"
INDIVIDUAL = "enrollment create --eid e1 --at symmetricKey"


@pytest.mark.parametrize(
    ("line", "field", "value"),
    [
        pytest.param(f"{CREATE} --tags site=eu\r", "initialTwin.tags.site", "eu", id="tags"),
        pytest.param(f"{CREATE} --tags a=1\r --ps enabled", "initialTwin.tags.a", "1", id="amid"),
        pytest.param(f"{CREATE} --set notes.a=b\r", "notes.a", "b", id="set"),
        pytest.param(f"{CREATE} --ps enabled\r", "provisioningStatus", "enabled", id="word"),
        pytest.param(f"{CREATE} --edge-enabled\r", "capabilities.iotEdge", True, id="flag"),
        pytest.param(f"{CREATE}\r", "enrollmentGroupId", "g1", id="id"),
        pytest.param(
            f"{CREATE} --ca-name=root\r",
            "attestation.x509.caReferences.primary",
            "root",
            id="equals",
        ),
        pytest.param(
            f"{CREATE} --ap hashed --ih a.example\r b.example\r",
            "iotHubs",
            ["a.example", "b.example"],
            id="several",
        ),
        pytest.param(f"{INDIVIDUAL} --device-id dev-1\r", "deviceId", "dev-1", id="device-id"),
        pytest.param(
            f"{INDIVIDUAL} --pk {KEY}\r", "attestation.symmetricKey.primaryKey", KEY, id="secret"
        ),
        pytest.param(f"{CREATE} --ps enabled \r", "provisioningStatus", "enabled", id="blank"),
    ],
)
def test_carriage_return_ends_no_value(run, line, field, value):
    ran = run(["--query", field, *line.split(" ")])

    assert ran.json == value


def test_carriage_return_at_the_end_of_a_file_is_no_part_of_the_key(run_offline, tmp_path):
    (tmp_path / "key").write_bytes(KEY.encode() + b"\r")
    line = "enrollment-group compute-device-key --rid device-1 --key"

    ran = run_offline(f"{line} @{tmp_path / 'key'}")

    assert ran.out == run_offline(f"{line} {KEY}").out


def test_carriage_return_of_a_variable_is_no_part_of_it(run, monkeypatch, signed_in):
    monkeypatch.setenv("DPSCTL_LOGIN", signed_in.connection_string + "\r")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", f"{signed_in.ca_file}\r")
    monkeypatch.setenv("DPSCTL_OUTPUT", "tsv\r")

    assert run([*CREATE.split(), "--query", "enrollmentGroupId"]).out == "g1\n"


def test_value_that_was_nothing_but_a_carriage_return_is_empty(run_offline):
    ran = run_offline(["enrollment-group", "show", "--gid", "\r", "-o", "tsv"], expect=2)

    assert ran.err.startswith("dpsctl: --gid: the value is empty")


@given(st.lists(st.text("a\r-=")))
def test_words_of_another_program_stay_as_they_are(words):
    assert unix_words(["emulator", "exec", "--", *words]) == ["emulator", "exec", "--", *words]


@given(st.lists(st.text("ab\r")))
def test_no_word_ends_in_a_carriage_return(words):
    assert not any(word.endswith("\r") for word in unix_words(words))


def test_variables_of_others_stay_as_they_are():
    environ = {"PS1": "a\r", "DPSCTL_LOGIN": "b\r", "HTTPS_PROXY": "c"}

    clean_variables(environ)

    assert environ == {"PS1": "a\r", "DPSCTL_LOGIN": "b", "HTTPS_PROXY": "c"}
