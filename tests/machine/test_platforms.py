"""Windows and macOS, as far as this machine can pretend to be one of them.

What is simulated is what those systems were seen to do: an error, a missing function, a name that
means something else. That dpsctl does the right thing there, their own runs have to show.
"""

import ctypes
import errno
import io
import ntpath
import os
import subprocess
import sys
import time
from pathlib import Path
from threading import Thread
from types import SimpleNamespace

import pytest

from dpsctl.machine import platforms, process, streams
from dpsctl.machine.private_files import private_file
from dpsctl.output.formats import wants_colour

ID = "sn:01"


@pytest.fixture
def windows(monkeypatch):
    """Let dpsctl take this system for Windows, which has one module and lacks another."""
    monkeypatch.setattr(platforms, "IS_WINDOWS", True)
    fcntl = pytest.importorskip("fcntl")
    monkeypatch.setitem(sys.modules, "fcntl", None)
    locking = SimpleNamespace(LK_LOCK=1, locking=lambda file, *_: fcntl.lockf(file, fcntl.LOCK_EX))
    locking.get_osfhandle = lambda number: number + 1000
    monkeypatch.setitem(sys.modules, "msvcrt", locking)
    return monkeypatch


@pytest.mark.parametrize(
    ("environ", "place"),
    [
        pytest.param({}, "/home/me/{home}/dpsctl", id="at home"),
        pytest.param({"{xdg}": "/xdg"}, "/xdg/dpsctl", id="xdg"),
        pytest.param({"{xdg}": "xdg"}, "/home/me/{home}/dpsctl", id="relative"),
        pytest.param({"{windows}": "/app"}, "/home/me/{home}/dpsctl", id="of Windows"),
    ],
)
@pytest.mark.parametrize(
    ("names", "find"),
    [
        pytest.param(
            {"xdg": "XDG_CONFIG_HOME", "windows": "APPDATA", "home": ".config"},
            platforms.config_folder,
            id="config",
        ),
        pytest.param(
            {"xdg": "XDG_CACHE_HOME", "windows": "LOCALAPPDATA", "home": ".cache"},
            platforms.cache_folder,
            id="cache",
        ),
    ],
)
def test_folders_are_where_other_programs_have_theirs(monkeypatch, names, find, environ, place):
    monkeypatch.setenv("HOME", "/home/me")
    given = {name.format(**names): folder for name, folder in environ.items()}

    assert find(given) == place.format(**names)

    monkeypatch.setattr(platforms, "IS_WINDOWS", True)
    is_windows = "{windows}" in environ
    assert find(given) == ("/app/dpsctl" if is_windows else place.format(**names))


@pytest.mark.parametrize(
    ("name", "on_windows"),
    [
        (ID, "sn%3A01"),
        ("pump-7", "pump-7"),
        ("con", "%63on"),
        ("NUL.2", "%4EUL.2"),
        ("lpt1", "%6Cpt1"),
        ("lpt12", "lpt12"),
        ("console", "console"),
    ],
)
def test_file_names_are_the_ids_unless_windows_hears_something_else(windows, name, on_windows):
    assert platforms.file_stem(name) == on_windows

    windows.setattr(platforms, "IS_WINDOWS", False)
    assert platforms.file_stem(name) == name


@pytest.mark.parametrize("rid", [ID, "con"])
def test_certificates_of_odd_names_are_plain_files_on_windows(
    windows, run_offline, tmp_path, rid, issue
):
    windows.chdir(tmp_path)
    issue("ca", is_ca=True)
    Path("ids").write_text(f"{rid}\n")

    ran = run_offline("certificate device --from ids --folder made --issuer ca.pem")
    alone = run_offline(f"certificate device --rid {rid} --issuer ca.pem")

    for made in (ran.json[0], alone.json):
        for path in (made["certificatePath"], made["keyPath"]):
            assert Path(path).exists()
            assert ":" not in path
            assert not ntpath.basename(path).lower().startswith("con.")


def test_backslashes_of_a_command_part_folders_on_windows(windows):
    command = r'C:\tools\pass.exe show "dps lab"'

    assert platforms.words_of(command) == [r"C:\tools\pass.exe", "show", "dps lab"]

    windows.setattr(platforms, "IS_WINDOWS", False)
    assert platforms.words_of(r"pass a\ b 'c#d' # e") == ["pass", "a b", "c#d", "#", "e"]


def test_scripts_are_found_by_the_endings_of_windows(windows, tmp_path):
    for name in ("npm.CMD", "az.bat", "plain"):
        (tmp_path / name).write_text("")
        (tmp_path / name).chmod(0o700)
    windows.chdir(tmp_path)
    environ = {"PATH": f".:{tmp_path}", "PATHEXT": ".EXE;.CMD"}

    assert platforms.startable(["npm", "test"], environ) == [f"{tmp_path}/npm.CMD", "test"]
    assert platforms.startable(["az"], environ) == ["az"]
    assert platforms.program("plain", {"PATH": "."}) is None


def test_only_the_terminal_or_a_console_tells_the_children_too(windows):
    assert platforms.reaches_children(2) is True

    windows.setattr(platforms, "IS_WINDOWS", False)
    assert platforms.reaches_children(15) is False


def test_a_file_that_is_open_elsewhere_is_tried_once_more(windows, tmp_path):
    path = tmp_path / "keys"
    path.write_text("old")
    move, refusals = os.replace, [True]

    def replace(*paths):
        if refusals and refusals.pop():
            raise PermissionError(errno.EACCES, "Access is denied")
        move(*paths)

    windows.setattr(os, "replace", replace)
    with private_file(str(path), "--out", replace=True) as file:
        file.write("new")
    assert path.read_text() == "new"

    refusals[:] = [True, True]
    with (
        pytest.raises(Exception, match="another program has it open"),
        private_file(str(path), "--out", replace=True) as file,
    ):
        file.write("newer")
    assert [entry.name for entry in tmp_path.iterdir()] == ["keys"]


@pytest.mark.parametrize("system", ["this one", "windows"])
def test_a_folder_is_locked_for_one_at_a_time(request, tmp_path, system):
    if system == "windows":
        request.getfixturevalue("windows")
    code = (
        "import sys, fcntl, types\n"
        "from dpsctl.machine import platforms\n"
        f"if {system == 'windows'}:\n"
        "    platforms.IS_WINDOWS = True\n"
        "    lock = lambda file, *_: fcntl.lockf(file, fcntl.LOCK_EX)\n"
        "    sys.modules['msvcrt'] = types.SimpleNamespace(LK_LOCK=1, locking=lock)\n"
        f"with platforms.Locked({str(tmp_path)!r}):\n"
        "    print('in', flush=True)\n"
    )

    with platforms.Locked(str(tmp_path)):
        other = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
        said = []
        Thread(target=lambda: said.append(other.stdout.readline())).start()
        time.sleep(0.4)
        early = list(said)

    assert other.wait(20) == 0
    other.stdout.close()
    assert early == []


def test_a_folder_that_cannot_be_locked_lets_everybody_in(tmp_path):
    with platforms.Locked(str(tmp_path / "nowhere")):
        inside = True

    assert inside


class Console:
    """What Windows has of a console: an old one refuses to obey escapes."""

    def __init__(self, *, is_new):
        self.is_new = is_new
        self.asked = []

    def GetConsoleMode(self, handle, mode):  # noqa: N802 - Windows' own name
        mode._obj.value = 3
        return handle > 1000

    def SetConsoleMode(self, handle, mode):  # noqa: N802 - as above
        self.asked.append((handle > 1000, mode))
        return self.is_new


@pytest.mark.parametrize("is_new", [True, False])
def test_colours_are_for_consoles_that_show_them(windows, is_new):
    console = Console(is_new=is_new)
    windows.setattr(ctypes, "windll", SimpleNamespace(kernel32=console), raising=False)
    terminal = SimpleNamespace(isatty=lambda: True, fileno=lambda: 1)

    assert wants_colour("auto", {}, terminal) is is_new
    assert console.asked == [(True, 7)]
    assert wants_colour("always", {}, terminal)
    assert not wants_colour("never", {}, terminal)


class Deaf(io.RawIOBase):
    """A pipe of Windows that nobody reads any more."""

    def __init__(self, number):
        self.number = number

    def writable(self):
        return True

    def fileno(self):
        return 1

    def write(self, _):
        raise OSError(self.number, os.strerror(self.number))


@pytest.mark.parametrize(
    ("number", "told"),
    [(errno.EINVAL, errno.EPIPE), (errno.EPIPE, errno.EPIPE), (errno.ENOSPC, errno.ENOSPC)],
)
def test_a_reader_that_went_away_is_known_on_windows_too(monkeypatch, number, told):
    monkeypatch.setattr(platforms, "IS_WINDOWS", True)
    pipe = io.TextIOWrapper(io.BufferedWriter(Deaf(number)), encoding="cp1252")
    monkeypatch.setattr(sys, "stdout", pipe)
    streams.prepare()
    sys.stdout.write("x")

    with pytest.raises(OSError, match=os.strerror(told)) as error:
        sys.stdout.flush()

    assert isinstance(error.value, BrokenPipeError) == (told == errno.EPIPE)
    for stream in (sys.stdout.buffer.raw, pipe.buffer.raw):
        monkeypatch.setattr(type(stream), "write", lambda _, data: len(data))
    sys.stdout.flush()


def test_windows_knows_fewer_signals_and_one_more(unmeasured):
    seen = unmeasured(
        "import _signal\n"
        "del _signal.SIGHUP\n"
        "_signal.SIGBREAK = 21\n"
        "from dpsctl.machine import process\n"
        "print(*map(int, process._ENDINGS))"
    )

    assert seen.split() == ["2", "15", "21"]


def test_a_signal_is_sent_again_where_threads_get_none(monkeypatch):
    sent = []
    monkeypatch.delattr(process._signal, "pthread_kill")
    monkeypatch.setattr(process._thread, "interrupt_main", sent.append)

    process._send_again(15, 1)

    assert sent == [15]


def test_modes_of_files_tell_nothing_on_windows(windows, run_offline, tmp_path):
    path = tmp_path / "group.key"
    path.write_text("bXktdmVyeS1vd24tZ3JvdXAta2V5LWZvci10ZXN0cw==")
    path.chmod(0o644)
    line = f"enrollment-group compute-device-key --rid d1 --key @{path}"

    assert run_offline(line).err == ""

    windows.setattr(platforms, "IS_WINDOWS", False)
    assert "others can read it" in run_offline(line).err


def test_macos_says_how_it_gets_another_address(monkeypatch, run_offline):
    pytest.importorskip("OpenSSL")
    monkeypatch.setattr(platforms, "_IS_MAC", True)

    def refuse(*_):
        raise OSError(errno.EADDRNOTAVAIL, "Can't assign requested address")

    monkeypatch.setattr("socketserver.TCPServer.server_bind", refuse)

    ran = run_offline("emulator exec --host 127.0.0.2 -- true", expect=2)
    other = run_offline("emulator exec --host 127.0.0.1 -- true", expect=2)

    assert "'sudo ifconfig lo0 alias 127.0.0.2'" in ran.err
    assert "ifconfig" not in other.err
