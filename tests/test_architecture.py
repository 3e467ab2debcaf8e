"""The floors of the house: imports go down, never round, and nothing heavy loads at start-up."""

import ast
import graphlib
import re
import sys
from collections import defaultdict
from importlib.util import resolve_name
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "dpsctl"
HEAVY = {
    *("requests", "urllib3", "rich", "cryptography", "yaml", "jmespath", "sqlite3", "werkzeug"),
    *("OpenSSL", "ssl", "http", "email", "csv", "tempfile", "concurrent"),
}
if sys.version_info < (3, 12):  # of which `dpsctl.keys` needs no hashlib
    HEAVY.add("hashlib")
# From top to bottom; every room is here. A room uses what is on the floors below its own. Rooms on
# one floor stand beside each other: one that needs its neighbour moves to a floor above it.
FLOORS = [
    "__main__",
    "commands",
    "reference",
    "cli pytest_plugin",
    "frame emulator",
    "admission manifests selection",
    "service certificates",
    "output config effort",
    "payloads fleet run",
    "options text early",
    "machine",
    "errors frozen keys masking parallel __init__",
]
HEIGHTS = {room: -depth for depth, rooms in enumerate(FLOORS) for room in rooms.split()}
# The emulator is a service: it knows neither the client nor the command line above which it lies.
ONLY = {
    "emulator": {"certificates", "text", "errors", "keys", "machine", "masking"},
    # A plan is made and carried out with any service that answers as the real one does.
    "manifests": {
        *("certificates", "config", "output", "payloads", "fleet", "run", "options"),
        *("text", "machine", "errors", "keys", "masking", "parallel", "effort"),
    },
}
# A room, or some of its modules: those that decide what is to be done.
PURE = {
    "payloads",
    "keys",
    "admission",
    *(
        f"manifests.{module}"
        for module in (
            *("fields", "changes", "risks", "judgement", "scope", "fleet", "plan", "limits"),
            *("views", "rendering", "markdown", "plan_file", "exporting", "schema", "outcomes"),
        )
    ),
}
INPUT_AND_OUTPUT = {
    "requests",
    "urllib3",
    "urllib.request",
    "http",
    "subprocess",
    "socket",
    "pathlib",
}


def prefixes(name):
    """`a.b.c`, `a.b`, `a`."""
    parts = name.split(".")
    return [".".join(parts[:length]) for length in range(len(parts), 0, -1)]


def is_pure(module):
    return bool(PURE & set(prefixes(module.removeprefix("dpsctl."))))


def name_of(path):
    return ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)


MODULES = {name_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def module_of(name):
    """The file that *name* is, or is defined in; a library's name stays as it is."""
    files = (file for prefix in prefixes(name) for file in (prefix, f"{prefix}.__init__"))
    return next((file for file in files if file in MODULES), name)


def uses_of(module):
    """Every file of the package, and every library, that *module* imports anywhere in it."""
    for node in ast.walk(ast.parse(MODULES[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (module_of(alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            origin = "." * node.level + (node.module or "")
            origin = resolve_name(origin, module.rpartition(".")[0])
            yield from (module_of(f"{origin}.{alias.name}") for alias in node.names)


USES = {module: set(uses_of(module)) - {module} for module in MODULES}


def room_of(module):
    """`dpsctl.service.http` lives in the room `service`; the longest name in the list counts."""
    inside = module.removeprefix("dpsctl.")
    return next((prefix for prefix in prefixes(inside) if prefix in HEIGHTS), None)


def wrong_arrows(uses):
    """What no room may do: use one that is not below it, or what its own rule keeps from it."""
    for module, used in uses.items():
        own = room_of(module)
        if own is None:
            yield f"{module}: this room is on no floor"
            continue
        for other in used:
            room = room_of(other) if other.startswith("dpsctl.") else None
            if not other.startswith("dpsctl."):
                if is_pure(module) and INPUT_AND_OUTPUT & set(prefixes(other)):
                    yield f"{module} uses {other}: it does no input or output"
            elif room is None or (room != own and HEIGHTS[room] >= HEIGHTS[own]):
                yield f"{module} uses {other}, which is not below it"
            elif room != own and own in ONLY and room not in ONLY[own]:
                yield f"{module} uses {other}, which it shall know nothing of"


def circles(uses):
    """Imports that go round among what lies in one folder, its files and its folders alike."""
    inside = defaultdict(lambda: defaultdict(set))
    for module, used in uses.items():
        for other in used:
            ways = zip(module.split("."), other.split("."), strict=False)
            shared = next(depth for depth, (own, its) in enumerate(ways) if own != its)
            folder = ".".join(module.split(".")[:shared])
            inside[folder][module.split(".")[shared]].add(other.split(".")[shared])
    for folder, arrows in inside.items():
        try:
            graphlib.TopologicalSorter(arrows).prepare()
        except graphlib.CycleError as circle:
            yield f"{folder or 'the package'}: {' < '.join(circle.args[1])}"


def opens(source):
    """Whether it calls `open`, by whatever way."""
    called = (node.func for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
    return any(getattr(func, "attr", getattr(func, "id", None)) == "open" for func in called)


def test_every_room_uses_only_what_is_below_it():
    assert list(wrong_arrows(USES)) == []


def test_imports_never_go_round():
    assert list(circles(USES)) == []


def test_the_picture_shows_the_same_floors():
    page = (PACKAGE.parent / "docs" / "architecture.md").read_text(encoding="utf-8")
    picture = page.partition("```text\n")[2].partition("```")[0]
    shown = [re.split(r"\s{2,}", line)[0].replace(" | ", " ") for line in picture.splitlines()]

    assert shown == FLOORS


def test_every_room_in_the_list_is_there():
    assert set(HEIGHTS) == {room_of(module) for module in MODULES}


@pytest.mark.parametrize("module", [name for name in MODULES if is_pure(name)])
def test_what_is_pure_opens_no_file(module):
    assert not opens(MODULES[module].read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("module", "used"),
    [
        ("dpsctl.payloads.enrollment", "dpsctl.service.dps"),
        ("dpsctl.keys", "dpsctl.service.auth"),
        ("dpsctl.payloads.enrollment", "requests.auth"),
        ("dpsctl.options.words", "dpsctl.service.contract"),
        ("dpsctl.errors", "dpsctl.output.formats"),
        ("dpsctl.emulator.app", "dpsctl.payloads.rotation"),
        ("dpsctl.emulator.central.pages", "dpsctl.options.central"),
        ("dpsctl.service.dps", "dpsctl.frame.verbs"),
        ("dpsctl.emulator.server", "dpsctl.service.http"),
        ("dpsctl.text.json_text", "dpsctl.commands.enrollment"),
        ("dpsctl.service.http", "dpsctl.emulator.server"),
        ("dpsctl.keys", "socket"),
        ("dpsctl.manifests.plan", "pathlib"),
        ("dpsctl.manifests.reading", "dpsctl.service.dps"),
        ("dpsctl.output.tables", "dpsctl.config.contexts"),
        ("dpsctl.__init__", "dpsctl.cli"),
        ("dpsctl.attic", "dpsctl.errors"),
        ("dpsctl.cli", "dpsctl.attic"),
    ],
)
def test_a_wrong_import_is_caught(module, used):
    assert list(wrong_arrows({module: {used}}))


@pytest.mark.parametrize(
    ("module", "used"),
    [
        ("dpsctl.commands.enrollment", "dpsctl.service.dps"),
        ("dpsctl.service.http", "requests.auth"),
        ("dpsctl.payloads.rotation", "dpsctl.payloads.enrollment"),
    ],
)
def test_a_right_import_is_let_through(module, used):
    assert not list(wrong_arrows({module: {used}}))


@pytest.mark.parametrize(
    "uses",
    [
        {"dpsctl.errors": {"dpsctl.output.formats"}, "dpsctl.output.query": {"dpsctl.errors"}},
        {"dpsctl.text.paths": {"dpsctl.text.values"}, "dpsctl.text.values": {"dpsctl.text.paths"}},
        {
            "dpsctl.emulator.mqtt.session": {"dpsctl.emulator.devices.api"},
            "dpsctl.emulator.devices.keys": {"dpsctl.emulator.mqtt.packets"},
        },
        {
            "dpsctl.commands.central.device": {"dpsctl.commands.central.__init__"},
            "dpsctl.commands.central.__init__": {"dpsctl.commands.central.device"},
        },
    ],
)
def test_a_circle_of_files_or_folders_is_caught(uses):
    assert list(circles(uses))


@pytest.mark.parametrize("source", ["open('f')", "io.open('f')", "Path('f').open()"])
def test_opening_a_file_is_seen_however_it_is_done(source):
    assert opens(source)


def test_loading_a_command_loads_nothing_heavy(unmeasured):
    """In one process: what a command loads is what is there that was not there before."""
    names = [name.removesuffix(".__init__") for name in MODULES if ".commands." in name]
    script = f"""
import sys
from importlib import import_module
for name in {names}:
    before = set(sys.modules)
    import_module(name)
    print(name, *set(sys.modules) - before)
"""

    loaded = {
        name: HEAVY & set(rest) for name, *rest in map(str.split, unmeasured(script).splitlines())
    }

    assert list(loaded) == names
    assert {name: heavy for name, heavy in loaded.items() if heavy} == {}
