import errno
import os
import signal
import stat
from pathlib import Path
from threading import Thread

import pytest

from dpsctl.errors import DpsctlError, UsageError
from dpsctl.machine.private_files import NewFile, private_file, write_together, written_ahead


def test_private_file_is_for_its_owner_alone(tmp_path):
    path = tmp_path / "keys.tsv"

    with private_file(str(path), "--out") as file:
        file.write("d1\tkéy\n")

    assert path.read_bytes() == "d1\tkéy\n".encode()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_private_file_appears_only_when_it_is_whole(tmp_path):
    path = tmp_path / "keys.tsv"

    with private_file(str(path), "--out") as file:
        file.write("half\n")
        file.flush()
        seen = path.exists()

    assert (seen, path.exists()) == (False, True)


def test_private_file_leaves_nothing_behind_when_the_work_fails(tmp_path):
    with pytest.raises(KeyboardInterrupt), private_file(str(tmp_path / "keys"), "--out"):
        os.kill(os.getpid(), signal.SIGINT)

    assert list(tmp_path.iterdir()) == []


def test_private_file_keeps_an_existing_file_when_the_work_fails(tmp_path):
    path = tmp_path / "keys.tsv"
    path.write_text("old\n")

    with pytest.raises(ZeroDivisionError), private_file(str(path), "--out", replace=True) as file:
        file.write(str(1 / 0))

    assert path.read_text() == "old\n"


def test_private_file_replaces_only_when_told_to(tmp_path):
    path = tmp_path / "keys.tsv"
    path.write_text("old\n")

    with (
        pytest.raises(UsageError, match=r"--out .*: exists already"),
        private_file(str(path), "--out"),
    ):
        pass
    before = path.read_text()
    with private_file(str(path), "--out", replace=True) as file:
        file.write("new\n")

    assert (before, path.read_text()) == ("old\n", "new\n")


def test_private_file_refuses_one_that_appeared_meanwhile(tmp_path):
    path = tmp_path / "keys.tsv"

    with pytest.raises(UsageError, match="exists already"), private_file(str(path), "--out"):
        path.write_text("other\n")

    assert [entry.read_text() for entry in tmp_path.iterdir()] == ["other\n"]


def test_private_file_goes_where_a_link_points(tmp_path):
    (tmp_path / "real").mkdir()
    link = tmp_path / "keys.tsv"
    link.symlink_to(tmp_path / "real" / "keys.tsv")

    with private_file(str(link), "--out") as file:
        file.write("new\n")

    assert link.is_symlink()
    assert (tmp_path / "real" / "keys.tsv").read_text() == "new\n"


@pytest.mark.parametrize("name", ["missing/keys.tsv", "."])
def test_private_file_names_the_flag_when_it_cannot_be_made(tmp_path, name):
    with pytest.raises(UsageError, match=r"^--out "), private_file(f"{tmp_path}/{name}", "--out"):
        pass


def test_private_file_reports_a_disk_that_fails(tmp_path):
    path = str(tmp_path / "keys.tsv")

    with (
        pytest.raises(DpsctlError, match=f"--out {path}: cannot be written"),
        private_file(path, "--out"),
    ):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_of_two_writers_of_one_new_file_the_other_is_told(tmp_path, monkeypatch):
    """Both have looked, and found nothing there."""
    path = tmp_path / "keys.tsv"
    monkeypatch.setattr("dpsctl.machine.private_files._check", lambda *_, **__: None)

    with (
        pytest.raises(UsageError, match=r"--out .*: exists already"),
        private_file(str(path), "--out"),
    ):
        path.write_text("the winner\n")

    assert [entry.read_text() for entry in tmp_path.iterdir()] == ["the winner\n"]


def pair(folder, key="new key", certificate="new certificate"):
    return [
        NewFile(f"{folder}/a.key", "--key-out", key.encode()),
        NewFile(f"{folder}/a.pem", "--out", certificate.encode(), is_private=False),
    ]


def contents_of(folder):
    return {path.name: path.read_text() for path in folder.iterdir() if path.is_file()}


def test_files_written_together_are_secret_or_not_as_each_was_meant(tmp_path):
    mask = os.umask(0o022)

    write_together(pair(tmp_path))

    os.umask(mask)
    assert contents_of(tmp_path) == {"a.key": "new key", "a.pem": "new certificate"}
    assert (tmp_path / "a.key").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "a.pem").stat().st_mode & 0o777 == 0o644


def test_files_written_together_replace_only_when_told_to(tmp_path):
    (tmp_path / "a.pem").write_text("old certificate")

    with pytest.raises(UsageError, match=r"^--out .*a.pem: exists already"):
        write_together(pair(tmp_path))
    assert contents_of(tmp_path) == {"a.pem": "old certificate"}

    write_together(pair(tmp_path), replace=True)
    assert contents_of(tmp_path) == {"a.key": "new key", "a.pem": "new certificate"}


def failing_at(name, error, move):
    """Move as ever, but nothing that is new to where *name* is."""

    def moved(source, target):
        if Path(target).name == name and Path(source).suffix != ".old":
            raise error
        return move(source, target)

    return moved


@pytest.mark.parametrize("failing", ["a.key", "a.pem"])
@pytest.mark.parametrize(
    "before", [{}, {"a.key": "old key", "a.pem": "old certificate"}], ids=["new", "replaced"]
)
@pytest.mark.parametrize(
    "error", [OSError(errno.ENOSPC, "full"), KeyboardInterrupt()], ids=["disk", "interrupt"]
)
def test_files_written_together_leave_all_as_it_was_when_one_fails(
    tmp_path, monkeypatch, failing, before, error
):
    for name, text in before.items():
        (tmp_path / name).write_text(text)
    for way in ("link", "rename", "replace"):
        monkeypatch.setattr(os, way, failing_at(failing, error, getattr(os, way)))
    with pytest.raises((DpsctlError, KeyboardInterrupt)):
        write_together(pair(tmp_path), replace=True)

    assert contents_of(tmp_path) == before


def test_two_files_of_one_name_are_refused(tmp_path):
    both = [NewFile(str(tmp_path / "a"), flag, b"x") for flag in ("--out", "--key-out")]

    with pytest.raises(UsageError, match="two files cannot have one name"):
        write_together(both, replace=True)

    assert contents_of(tmp_path) == {}


def test_new_file_does_not_show_what_it_holds():
    assert "new key" not in repr(pair("folder"))


def test_two_writers_at_once_leave_the_files_of_one(tmp_path):
    """Neither is told that it has won while the other's key lies beside its certificate."""
    told = []

    def write(name, replace):
        try:
            write_together(pair(tmp_path, f"{name} key", f"{name} certificate"), replace=replace)
            told.append(name)
        except UsageError:
            pass

    for replace in (False, True):
        for _ in range(20):
            writers = [Thread(target=write, args=(name, replace)) for name in "ab"]
            for step in (Thread.start, Thread.join):
                for writer in writers:
                    step(writer)
            found = contents_of(tmp_path)
            assert found in [
                {"a.key": f"{name} key", "a.pem": f"{name} certificate"} for name in told
            ]
            assert len(told) == 1 + replace
            told.clear()
            if not replace:
                (tmp_path / "a.key").unlink()
                (tmp_path / "a.pem").unlink()


@pytest.mark.parametrize("before", [{}, {"a.key": "old key", "a.pem": "old certificate"}])
def test_where_there_are_no_links_files_are_moved(tmp_path, monkeypatch, before):
    def refuse(*_):
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", refuse)
    for name, text in before.items():
        (tmp_path / name).write_text(text)

    write_together(pair(tmp_path), replace=bool(before))
    with pytest.raises(UsageError, match="exists already"):
        write_together(pair(tmp_path))
    with private_file(str(tmp_path / "keys"), "--out") as file:
        file.write("a key")

    assert contents_of(tmp_path) == {
        "a.key": "new key",
        "a.pem": "new certificate",
        "keys": "a key",
    }


def test_what_is_written_ahead_takes_its_place_with_the_rest(tmp_path):
    key, certificate = (NewFile(str(tmp_path / name), "--out", b"x") for name in ("key", "pem"))

    with written_ahead([key]) as put:
        (waiting,) = tmp_path.iterdir()
        before = (waiting.name == "key", stat.S_IMODE(waiting.stat().st_mode))
        put([certificate])

    assert before == (False, 0o600)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["key", "pem"]


def test_what_is_written_ahead_and_not_wanted_is_gone(tmp_path):
    with written_ahead([NewFile(str(tmp_path / "key"), "--out", b"x")]):
        pass

    assert list(tmp_path.iterdir()) == []


def test_rest_may_not_be_what_is_written_ahead(tmp_path):
    key = NewFile(str(tmp_path / "key"), "--out", b"x")

    with written_ahead([key]) as put, pytest.raises(UsageError, match="two files cannot have one"):
        put([key])

    assert list(tmp_path.iterdir()) == []
