"""`dpsctl certificate device --from`: a file of ids in, a folder of certificates out."""

import os
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dpsctl.certificates.making import registration_id_problem


@pytest.fixture
def fleet(run_offline, tmp_path, monkeypatch):
    """Make the certificates of a file's devices in the folder `made`, signed by root.pem."""
    monkeypatch.chdir(tmp_path)
    run_offline("certificate root --cn root")

    def fleet(content, options="", **given):
        data = content if isinstance(content, bytes) else content.encode()
        (tmp_path / "ids.txt").write_bytes(data)
        line = f"certificate device --from ids.txt --folder made --issuer root.pem {options}"
        return run_offline(line, **given)

    return fleet


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


def test_every_device_gets_a_pair_that_openssl_verifies(fleet, openssl, tmp_path):
    rows = fleet("device-1\ndevice-2\n").json

    assert [(row["registrationId"], row["status"]) for row in rows] == [
        ("device-1", "made"),
        ("device-2", "made"),
    ]
    for row in rows:
        assert openssl(f"verify -CAfile root.pem {row['certificatePath']}")[0] == 0
        of_key = openssl(f"pkey -in {row['keyPath']} -pubout")
        assert of_key == openssl(f"x509 -in {row['certificatePath']} -noout -pubkey")
        assert (tmp_path / row["keyPath"]).stat().st_mode & 0o777 == 0o600


def test_bad_lines_are_reported_with_their_place_and_the_rest_is_made(fleet, tmp_path):
    content = f"d1\n\na/b\nD1\nd2.\n{'x' * 65}\n".encode() + b"\xff\nd3"

    ran = fleet(content, expect=9)

    assert [(row["status"], row.get("message", "").partition(": ")[0]) for row in ran.json] == [
        ("made", ""),
        ("failed", "ids.txt:3"),
        ("failed", "ids.txt:4"),
        ("failed", "ids.txt:5"),
        ("failed", "ids.txt:6"),
        ("failed", "ids.txt:7"),
        ("made", ""),
    ]
    assert "warning: ids.txt: 5 of 7 lines failed" in ran.err
    assert names_in(tmp_path / "made") == ["d1.key", "d1.pem", "d3.key", "d3.pem"]


def test_second_run_keeps_what_is_there_and_makes_the_rest(fleet, tmp_path):
    first = fleet("d1\n").json
    before = {path.name: path.read_bytes() for path in (tmp_path / "made").iterdir()}

    second = fleet("d1\nd2\n").json

    assert [row["status"] for row in second] == ["kept", "made"]
    assert second[0]["sha1Thumbprint"] == first[0]["sha1Thumbprint"]
    assert {name: (tmp_path / "made" / name).read_bytes() for name in before} == before


@pytest.mark.parametrize("lost", ["d1.key", "d1.pem"])
def test_half_a_pair_is_reported_and_left_alone(fleet, tmp_path, lost):
    fleet("d1\n")
    (tmp_path / "made" / lost).unlink()
    left = names_in(tmp_path / "made")

    ran = fleet("d1\nd2\n", expect=9)

    assert [row["status"] for row in ran.json] == ["failed", "made"]
    assert f"but not made/{lost}; --force" in ran.json[0]["message"]
    assert set(names_in(tmp_path / "made")) == {*left, "d2.key", "d2.pem"}


def test_file_that_is_no_certificate_is_not_kept_in_silence(fleet, tmp_path):
    fleet("d1\n")
    (tmp_path / "made" / "d1.pem").write_text("scribbled over")

    ran = fleet("d1\n", expect=9)

    assert ran.json[0]["message"].startswith("ids.txt:1: made/d1.pem: no certificate can be read")


def test_force_makes_all_anew(fleet):
    first = fleet("d1\n").json

    again = fleet("d1\n", "--force").json

    assert again[0]["status"] == "made"
    assert again[0]["sha1Thumbprint"] != first[0]["sha1Thumbprint"]


def test_ids_come_from_standard_input(fleet, run_offline):
    del fleet  # it makes the root
    line = "certificate device --from - --folder made --issuer root.pem"

    ran = run_offline(f"{line} -o jsonl", stdin="d1\nno/id\n", expect=9)

    assert '"status":"made"' in ran.out
    assert "standard input:2: " in ran.out


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("site,serial\neu,d1\nus,d2\n", id="csv"),
        pytest.param('{"serial": "d1"}\n{"serial": "d2"}\n', id="jsonl"),
        pytest.param('[{"serial": "d1"}, {"serial": "d2"}]', id="json"),
        pytest.param("site;serial\r\neu;d1\r\nus;d2\r\n".encode("utf-16"), id="spreadsheet"),
    ],
)
def test_ids_are_taken_from_a_field(fleet, content):
    rows = fleet(content, "--id-field serial").json

    assert [row["registrationId"] for row in rows] == ["d1", "d2"]


def test_field_that_is_not_there_exits_2(fleet, tmp_path):
    ran = fleet("a,b\n1,2\n", "--id-field serial", expect=2)

    assert "--id-field serial" in ran.err
    assert not (tmp_path / "made").exists()


def test_chains_and_pkcs12_are_made_for_each(fleet, openssl, tmp_path):
    (tmp_path / "secret").write_text("open sesame\n")

    fleet("d1\nd2\n", "--chain --pkcs12 --passphrase @secret")

    endings = ("chain.pem", "key", "p12", "pem")
    wanted = [f"{name}.{ending}" for name in ("d1", "d2") for ending in endings]
    assert names_in(tmp_path / "made") == wanted
    for name in ("d1", "d2"):
        assert openssl(f"pkcs12 -in made/{name}.p12 -passin file:secret -nokeys")[0] == 0
        assert openssl(f"pkey -in made/{name}.key -passin file:secret -check -noout")[0] == 0


def test_folder_that_cannot_be_made_exits_2(fleet, tmp_path):
    (tmp_path / "made").write_text("a file")

    ran = fleet("d1\n", expect=2)

    assert "--folder made: cannot be made" in ran.err


def test_file_of_no_ids_makes_nothing(fleet, tmp_path):
    ran = fleet("\n\n")

    assert ran.json == []
    assert ran.err == "warning: ids.txt has no ids: no certificate was made\n"
    assert names_in(tmp_path / "made") == []


def test_table_without_its_column_named_makes_nothing(fleet, tmp_path):
    ran = fleet("serial;site\nd1;eu\n", expect=2)

    assert "ids.txt:1: this is a table" in ran.err
    assert not (tmp_path / "made").exists()


def test_warning_that_the_issuer_ends_first_comes_once(fleet, run_offline):
    run_offline("certificate root --cn root --days 5 --force")

    ran = fleet("d1\nd2\nd3\n")

    assert ran.err.count("expires on") == 1


LINES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\ufeff"), max_size=8)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)
@given(st.lists(LINES | st.from_regex(r"[a-zA-Z]{1,2}", fullmatch=True), max_size=8))
def test_a_line_fails_just_when_its_id_is_bad_or_was_there_before(fleet, lines):
    ids = ["first", *(text for line in lines if (text := " ".join(line.splitlines())).strip())]

    rows = fleet("\n".join(ids), expect=None).json

    before = set()
    for text, row in zip(ids, rows, strict=True):
        is_good = registration_id_problem(text) is None and text.lower() not in before
        assert (row["status"] != "failed") == is_good
        before.add(text.lower())


def test_progress_is_shown_on_a_terminal_only(fleet, run_process, tmp_path):
    fleet("d1\n")
    files = ["--from", "ids.txt", "--folder", "made", "--issuer", "root.pem", "--force"]
    words = ["certificate", "device", *files]
    ours, theirs = os.openpty()

    with os.fdopen(ours, "rb", buffering=0) as screen:
        command = [sys.executable, "-m", "dpsctl", *words]
        done = subprocess.run(
            command, stderr=theirs, stdout=subprocess.PIPE, cwd=tmp_path, check=True, timeout=60
        )
        os.close(theirs)
        shown = screen.read(4096)

    assert b"making certificates" in shown
    assert b'"status": "made"' in done.stdout
    assert run_process(*words, cwd=tmp_path).stderr == ""
