"""Completion as it is used: TAB in a terminal, and the words that the command then gets."""

import os
import re
import select
import time

import pytest

PROMPT, END = "ready> ", "(that was all)"
# In place of dpsctl stands what tells its words; asked for values it answers as dpsctl does.
STAND_IN = f"""
PS1='{PROMPT}'
dpsctl() {{
    if [ "$1" = __known ]; then
        printf '%s\\n' line-4 line-five
    else
        printf '<%s>\\n' "$@"
        echo '{END}'
    fi
}}
"""
RC_FILES = {
    "bash": ".bashrc",
    "zsh": ".zshrc",
}
LOADING = {
    "bash": "bind 'set enable-bracketed-paste off'; source {folder}/completions/dpsctl",
    "zsh": "unset zle_bracketed_paste; fpath=({folder}/completions $fpath); autoload -Uz compinit;"
    " compinit -u -D",
}
STARTED = {
    "bash": ["bash", "--noprofile", "--rcfile", ".bashrc", "-i"],
    "zsh": ["zsh", "-d", "-i"],
}


@pytest.fixture
def type_in(reference, program, tmp_path, monkeypatch):
    """Type keys at a shell's prompt, and return the words that dpsctl gets."""
    for name in ("my intermediate.pem", "group.key"):
        (tmp_path / name).touch()
    (tmp_path / "keys").mkdir()
    for name in ("line 4.pem", "other"):
        (tmp_path / "keys" / name).touch()

    def type_keys(shell, keys, setting=""):
        program(shell)
        loading = LOADING[shell].format(folder=reference)
        rc_file = tmp_path / RC_FILES[shell]
        rc_file.write_text(f"{STAND_IN}{loading}\n{setting}\n", encoding="utf-8")
        monkeypatch.setenv("ZDOTDIR", str(tmp_path))
        monkeypatch.setenv("TERM", "dumb")
        monkeypatch.chdir(tmp_path)
        return re.findall("<(.*)>\r\n", _typed(STARTED[shell], keys))

    return type_keys


def _typed(command, keys):
    import pty  # Windows has none

    child, terminal = pty.fork()
    if child == 0:
        os.execvp(command[0], command)
    try:
        _read_until(terminal, PROMPT)
        os.write(terminal, f"{keys}\n".encode())
        return _read_until(terminal, f"\n{END}")
    finally:
        os.close(terminal)
        os.waitpid(child, 0)


def _read_until(terminal, mark):
    said, end = "", time.monotonic() + 20
    while mark not in said.replace("\r", ""):
        ready, _, _ = select.select([terminal], [], [], max(0, end - time.monotonic()))
        assert ready, f"no {mark!r} in {said!r}"
        said += os.read(terminal, 4096).decode()
    return said


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ("dpsctl enrollment-group cre\t", ["enrollment-group", "create"]),
        ("dpsctl enrollment-group registration sh\t", ["enrollment-group", "registration", "show"]),
        ("dpsctl version --only\t", ["version", "--only-show-errors"]),
        ("dpsctl version -o jsonl\t", ["version", "-o", "jsonl"]),
        ("dpsctl version --output=tab\t", ["version", "--output=table"]),
        ("dpsctl doctor --ca-bundle my\t", ["doctor", "--ca-bundle", "my intermediate.pem"]),
        ("dpsctl doctor --ca-bundle=my\t", ["doctor", "--ca-bundle=my intermediate.pem"]),
        ("dpsctl doctor --login @gro\t", ["doctor", "--login", "@group.key"]),
        ("dpsctl doctor --ca-bundle keys/li\t", ["doctor", "--ca-bundle", "keys/line 4.pem"]),
        ("dpsctl doctor --login @key\tli\t", ["doctor", "--login", "@keys/line 4.pem"]),
        ("dpsctl doctor --login=@gro\t", ["doctor", "--login=@group.key"]),
        ("dpsctl enrollment-group show --gid line-f\t",
         ["enrollment-group", "show", "--gid", "line-five"]),
        ("dpsctl emulator exec -- prin\tenv\t --n\t",
         ["emulator", "exec", "--", "printenv", "--n"]),
    ],
    ids=lambda value: value.replace("\t", "(TAB)") if isinstance(value, str) else "",
)  # fmt: skip
@pytest.mark.parametrize(
    ("shell", "setting"),
    [
        pytest.param("bash", "", id="bash"),
        pytest.param("bash", "enable -n compopt mapfile", id="bash without what 3.2 lacks"),
        pytest.param("zsh", "", id="zsh"),
    ],
)
def test_tab_completes_the_word_that_is_being_typed(type_in, shell, setting, keys, words):
    assert type_in(shell, keys, setting) == words


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ("dpsctl version --output=tab\t", ["version", "--output=table"]),
        ("dpsctl doctor --ca-bundle=my\t", ["doctor", "--ca-bundle=my intermediate.pem"]),
        ("dpsctl doctor --login=@gro\t", ["doctor", "--login=@group.key"]),
    ],
    ids=["value", "file", "file-behind-an-at-sign"],
)
def test_tab_completes_in_bash_whose_word_breaks_npm_has_changed(type_in, keys, words):
    assert type_in("bash", keys, "COMP_WORDBREAKS=$' \\t\\n\"><;|&('") == words


def test_tab_completes_beside_the_bash_completion_package(type_in, program):
    program("dh_bash-completion")
    setting = "source /usr/share/bash-completion/bash_completion"

    words = type_in("bash", "dpsctl doctor --ca-bundle=my\t --out\tyaml\t", setting)

    assert words == ["doctor", "--ca-bundle=my intermediate.pem", "--output", "yaml"]
