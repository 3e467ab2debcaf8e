"""Command lines that nobody would type, drawn from a seed: each ends, soon, and says why.

Words and values come from the command tree itself, in right and wrong places; DPSCTL_TESTS_SEEDS
says how many seeds are tried.
"""

import random
import re
import time
from collections import Counter
from types import SimpleNamespace

import pytest

from dpsctl.cli import tree
from dpsctl.reference.tree import pages

KEY = "bXktdmVyeS1vd24tZ3JvdXAta2V5LWZvci10ZXN0cw=="
PAGES = [page for page in pages(tree()) if page.path[1:2] != ("emulator",)]
LEAVES = [page for page in PAGES if not page.members]
LINES = 60
PARTS = 6
SOON = 15.0  # seconds: a line takes a hundredth of that, but machines are busy
PLAIN = [
    *("g1", "d1", "a.b", "true", "FALSE", "0", "-1", "1e9", "99999999999999999999", "NaN", "½"),
    *("a=b", "a:=1", "a:={", "a.b.c=d", "a=b=c", ":=", "=", "{}", "{'a': 1}", '{"a":1}', "[1]"),
    *("null", "[].a", "@", "@@x", "@[0]", "'[].a'", "*", "%s%n", "$(id)", "a;b", "a|b", "a\tb"),
    *("https://h.example/x?y=z", "h.example:99999", "http://[", "2021-10-01", "9999-99-99", "12h"),
    *("", " ", "\r", "a\r", "a\nb", "\x1b[2J", "\x85", "\u202e", "ü", "東京", "\udcff", "x" * 5000),
    *("-", "--", "---", "-x", "--no-such", "--help", "-h", "=x", "-o=json", "/", "..", "NUL", "~"),
    KEY,
    f"'{KEY}'",
    f"HostName=h.example;SharedAccessKeyName=o;SharedAccessKey={KEY}",
    f"HostName=h.example;DeviceId=d;SharedAccessKey={KEY}",
    "HostName=h.example",
    "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----",
]
# What an option takes, by what help shows for it.
GOOD = {
    "ID": ["g1", "d1"],
    "KEY": [KEY],
    "HOST": ["h.example", "hub-1.azure-devices.net"],
    "N": ["1", "3", "2048"],
    "NUMBER": ["3"],
    "SECONDS": ["1", "0"],
    "TIME": ["2s", "12h"],
    "OBJECT": ["a=b", '{"a": 1}'],
    "PATH=VALUE": ["initialTwin.tags.a=b", "provisioningStatus=disabled"],
    "PATH": ["initialTwin", "provisioningStatus"],
    "JMESPATH": ["@", "[0]", "enrollmentGroupId", "[].registrationId"],
    "VERSION": ["2021-10-01"],
    "URL": ["https://h.example/x"],
    "ETAG": ["*"],
    "[true|false]": ["true", "false"],
}
FILES = ["ca.pem", "ca.key", "empty", "binary", "ids.csv", "tags.json", "folder", "missing"]
VARIABLES = ["DPSCTL_OUTPUT", "DPSCTL_RETRIES", "DPSCTL_GROUP_KEY", "DPSCTL_CONTEXT", "COLUMNS"]


class Lines:
    """Draws command lines, each of a wildness of its own: how much of it is odd."""

    def __init__(self, seed):
        self.chance = random.Random(seed)
        self.wildness = 0.0

    def line(self):
        self.wildness = self.chance.choice((0, 0, 0.02, 0.1, 0.4))
        page = self.chance.choice(LEAVES if self.chance.random() > self.wildness else PAGES)
        words = [self.miswritten(word) for word in page.path[1:]]
        words += [self.one_of(["g1", "ca.pem", "a=b"]) for argument in page.arguments]
        required = [option for option in page.options if option.required]
        more = self.chance.choices(page.options or [None], k=self.chance.choice((0, 1, 2, 3, 5)))
        for option in [*required, *filter(None, more)]:
            is_elsewhere = option.heading == "Connection" and self.chance.random() < 0.8
            if not (is_elsewhere or self.is_odd()):
                words += self.spelled(option)
        while self.is_odd():
            words.insert(self.chance.randrange(len(words) + 1), self.chance.choice(PLAIN))
        if self.is_odd():
            self.chance.shuffle(words)
        return words

    def is_odd(self):
        return self.chance.random() < self.wildness

    def one_of(self, good):
        return self.chance.choice(PLAIN if self.is_odd() else good)

    def miswritten(self, word):
        if not self.is_odd():
            return word
        at = self.chance.randrange(len(word) + 1)
        return self.chance.choice(
            (word[:at], word.upper(), word[:at] + "x" + word[at:], word[::-1])
        )

    def spelled(self, option):
        name = self.miswritten(self.chance.choice(option.names))
        count = self.chance.choice((0, 1, 2)) if self.is_odd() else int(option.takes_value)
        values = [self.value(option) for _ in range(count)]
        way = self.chance.random()
        if values and way < 0.15:
            return [f"{name}={values[0]}", *values[1:]]
        if values and way < 0.2:
            return [f"{name}{values[0]}", *values[1:]]
        return [name, *values]

    def value(self, option):
        if option.takes_file or option.takes_folder:
            return self.chance.choice(("", "", "@", "./")) + self.one_of(FILES)
        if self.chance.random() < 0.1:
            return f"@{self.one_of(FILES)}"
        return self.one_of(option.choices or GOOD.get(option.value.rstrip("."), ["a1"]))

    def variables(self):
        found = self.chance.choices(VARIABLES, k=self.chance.choice((0, 0, 0, 1)))
        return {name: self.chance.choice(PLAIN).replace("\udcff", "") for name in found}


@pytest.fixture
def folder(tmp_path, monkeypatch, signed_in, issue):
    """A folder with the files that are named, where the emulator is asked and nobody else."""
    monkeypatch.chdir(tmp_path)
    issue("ca", is_ca=True)
    (tmp_path / "empty").touch()
    (tmp_path / "binary").write_bytes(bytes(range(256)) * 8)
    (tmp_path / "ids.csv").write_text("registrationId,x\nd1,1\nd2,2\nbad id,3\n")
    (tmp_path / "tags.json").write_text('{"a": {"b": [1, 2.5, null]}}')
    (tmp_path / "folder").mkdir()
    settings = {
        "DPSCTL_ENDPOINT_URL": signed_in.endpoint,
        "DPSCTL_DEVICE_ENDPOINT_URL": signed_in.endpoint,
        "DPSCTL_CENTRAL_APP": signed_in.endpoint,
        "DPSCTL_CENTRAL_TOKEN": signed_in.central_token,
        "DPSCTL_ID_SCOPE": signed_in.id_scope,
        "DPSCTL_ARM_URL": signed_in.endpoint,
        # Whoever else is asked answers at once, that nobody is there.
        "HTTPS_PROXY": "http://127.0.0.1:9",
        "HTTP_PROXY": "http://127.0.0.1:9",
        "PATH": "/nowhere",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    return tmp_path


def check(ran, took):
    told = f"{ran.line}\n{ran.code}\n{ran.out[-800:]}\n{ran.err[-2000:]}"
    assert "Traceback (most" not in ran.err + ran.out, told
    assert "should not have happened" not in ran.err, told
    assert ran.code in {*range(11), 130, 141}, told
    assert ran.code in (0, 10) or ran.err or "failed" in ran.out, told
    assert KEY not in ran.err, told
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", ran.err), told
    if ran.code == 2 and "failed" not in ran.out:
        assert re.search(r"^(dpsctl: |\{\"error\")", ran.err, re.MULTILINE), told
    assert took < SOON, told


@pytest.mark.parametrize("part", range(PARTS))
def test_no_command_line_ends_badly(folder, run_offline, monkeypatch, seed, part):
    del folder
    monkeypatch.setattr("dpsctl.service.http.time.sleep", lambda _: None)
    lines, codes = Lines(f"{seed} {part}"), Counter()
    for _ in range(LINES):
        words, variables = lines.line(), lines.variables()
        with monkeypatch.context() as patched:
            for name, value in variables.items():
                patched.setenv(name, value)
            began = time.monotonic()
            ran = run_offline(words, expect=None, stdin="d1\n" * 3)
        check(ran, time.monotonic() - began)
        codes[ran.code] += 1
    assert codes[0] >= LINES // 30, codes  # enough of them reach what is behind the usage


def test_no_process_ends_badly(folder, run_process, seed):
    del folder
    lines = Lines(f"process {seed}")
    for _ in range(20):
        words = lines.line()
        began = time.monotonic()
        done = run_process(*words, input="d1\n", errors="backslashreplace")
        ran = SimpleNamespace(line=words, code=done.returncode, out=done.stdout, err=done.stderr)
        check(ran, time.monotonic() - began)
