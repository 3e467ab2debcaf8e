"""A dry run of what reads nothing asks nobody: no service has to be named, nobody is signed in."""

import pytest

NOTHING_READ = [
    "enrollment-group create --gid g1",
    "enrollment-group delete --gid g1",
    "enrollment-group registration delete --rid d1",
    "enrollment create --eid g1 --at symmetricKey",
    "enrollment delete --eid g1",
    "enrollment registration delete --eid d1",
]
HOST = "my-dps.azure-devices-provisioning.net"


@pytest.fixture
def nobody_signed_in(monkeypatch):
    """Leave no way to sign in, and no network to ask."""
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")


@pytest.mark.parametrize("line", NOTHING_READ)
@pytest.mark.parametrize(
    ("connection", "base"),
    [
        pytest.param("", "", id="nothing-named"),
        pytest.param("--dps-name my-dps -g my-rg", f"https://{HOST}", id="name"),
        pytest.param(f"-n {HOST} --auth-type login", f"https://{HOST}", id="host"),
        pytest.param(
            "-n my-dps --cloud china",
            "https://my-dps.azure-devices-provisioning.cn",
            id="another-cloud",
        ),
    ],
)
@pytest.mark.usefixtures("nobody_signed_in")
def test_request_that_reads_nothing_is_shown_to_anybody(run_offline, line, connection, base):
    planned = run_offline(f"{line} {connection} --dry-run").json

    assert planned["url"].startswith(f"{base}/")
    assert planned["url"].endswith("1?api-version=2021-10-01")
    assert planned["method"] in {"PUT", "DELETE"}


@pytest.mark.usefixtures("nobody_signed_in")
def test_rows_of_a_file_are_shown_to_anybody(run_offline, tmp_path):
    rows = tmp_path / "devices.csv"
    rows.write_text("enrollment-id\nd1\n")

    (planned,) = run_offline(f"enrollment create --from {rows} --at symmetricKey --dry-run").json

    assert planned["url"] == "/enrollments?api-version=2021-10-01"


@pytest.mark.usefixtures("nobody_signed_in")
@pytest.mark.parametrize(
    ("line", "code", "problem"),
    [
        ("enrollment-group update --gid g1 --ps disabled", 2, "No provisioning service is named"),
        ("enrollment-group create --gid g1 --if-exists update", 2, "No provisioning service"),
        ("enrollment-group update --gid g1 -n my-dps --ps disabled", 4, "Nobody is signed in"),
        ("enrollment-group create --gid g1 --dps-name a=b", 2, "--dps-name: that is no name"),
        ("enrollment-group create --gid g1 --login x", 2, "--login is not a connection string"),
    ],
)
def test_dry_run_that_reads_or_is_misspelled_says_what_is_missing(run_offline, line, code, problem):
    assert problem in run_offline(f"{line} --dry-run", expect=code).err
