import os
import subprocess
import sys
import time
from pathlib import Path
from threading import Event

import pytest
import requests
from werkzeug import Response

FRESH = 3600


@pytest.fixture
def cached():
    """The files in which values are kept."""
    return lambda: list(Path(os.environ["XDG_CACHE_HOME"]).glob("dpsctl/group-ids-*"))


def age(path):
    """Make a file an hour old."""
    os.utime(path, (time.time() - FRESH, time.time() - FRESH))


def test_known_lists_the_ids_of_groups(run):
    for name in ("line-4", "lab-1"):
        run(f"enrollment-group create --gid {name}")

    assert sorted(run("__known group-ids").out.split()) == ["lab-1", "line-4"]


def test_known_lists_contexts(run_offline):
    run_offline("config set --context factory dps_name=my-dps")
    run_offline("config set --context lab dps_name=lab-dps")

    assert run_offline("__known contexts").out == "factory\nlab\n"


def test_known_answers_from_its_cache_for_a_minute(run, cached):
    run("enrollment-group create --gid line-4")
    run("__known group-ids")
    run("enrollment-group create --gid lab-1")

    assert run("__known group-ids").out == "line-4\n"
    age(cached()[0])
    assert sorted(run("__known group-ids").out.split()) == ["lab-1", "line-4"]


def test_known_keeps_services_apart(run, monkeypatch):
    run("enrollment-group create --gid line-4")
    run("__known group-ids")
    monkeypatch.delenv("DPSCTL_LOGIN")
    monkeypatch.setenv("DPSCTL_DPS_NAME", "other")
    monkeypatch.setenv("DPSCTL_ENDPOINT_URL", "http://127.0.0.1:9")

    assert run("__known group-ids").out == ""


@pytest.mark.parametrize(
    "environment",
    [
        pytest.param({}, id="no-service-named"),
        pytest.param({"DPSCTL_LOGIN": "nonsense"}, id="login-that-is-none"),
        pytest.param({"DPSCTL_CONTEXT": "missing"}, id="context-that-is-missing"),
    ],
)
def test_known_is_silent_where_nothing_can_be_asked(run_offline, monkeypatch, environment):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    ran = run_offline("__known group-ids")

    assert (ran.out, ran.err) == ("", "")


@pytest.fixture
def refused(emulator, monkeypatch):
    """Make the service refuse what is asked from now on."""

    def refuse():
        wrong = emulator.connection_string.rpartition("SharedAccessKey=")[0]
        monkeypatch.setenv("DPSCTL_LOGIN", f"{wrong}SharedAccessKey=AAAA")

    return refuse


def test_known_is_silent_when_refused(run, refused):
    refused()

    ran = run("__known group-ids")

    assert (ran.out, ran.err) == ("", "")


@pytest.mark.usefixtures("signed_in")
def test_known_gives_up_on_a_service_that_does_not_answer(httpserver, monkeypatch):
    released = Event()
    httpserver.expect_request("/enrollmentGroups/query").respond_with_handler(
        lambda _: Response(str(released.wait(20)))
    )
    monkeypatch.setenv("DPSCTL_ENDPOINT_URL", httpserver.url_for("").rstrip("/"))
    started = time.monotonic()

    asked = subprocess.run(
        [sys.executable, "-m", "dpsctl", "__known", "group-ids"],
        capture_output=True,
        text=True,
        check=True,
    )
    released.set()
    requests.get(httpserver.url_for("/"))  # answered once the server is done with the other

    assert (asked.stdout, asked.stderr) == ("", "")
    assert time.monotonic() - started < 20  # as long as the service would have kept it waiting


def test_known_answers_from_an_old_cache_when_refused(run, cached, refused):
    run("enrollment-group create --gid line-4")
    run("__known group-ids")
    age(cached()[0])
    refused()

    assert run("__known group-ids").out == "line-4\n"
