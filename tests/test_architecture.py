"""The import rules of the design: arrows go one way, and nothing heavy loads at start-up."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "dpsctl"
HEAVY = {"requests", "rich", "cryptography", "yaml", "jmespath", "sqlite3", "werkzeug", "OpenSSL"}
# Who may be imported by whom: a room may use those below it in this list, never those above.
ROOMS = [
    "__main__",
    "cli",
    "commands",
    "reference",
    "frame",
]
MODULES = sorted(PACKAGE.rglob("*.py"))


def name_of(path):
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def imports_of(path, *, top_only=False):
    """Every dpsctl module and library that *path* imports, as dotted names."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = tree.body if top_only else ast.walk(tree)
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room_of(module):
    """`dpsctl.service.http` lives in the room `service`; what is run stands above everything."""
    parts = module.split(".")
    if parts[-1] == "__main__":
        return "__main__"
    return parts[1] if parts[0] == "dpsctl" and len(parts) > 1 else None


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_go_one_way(path):
    own = room_of(name_of(path))
    above = ROOMS[: ROOMS.index(own)] if own in ROOMS else ROOMS

    used = {room_of(name) for name in imports_of(path)} - {None, own}

    assert not used & set(above)


def test_service_and_emulator_never_see_each_other():
    for path in MODULES:
        used = {room_of(name) for name in imports_of(path)}
        own = room_of(name_of(path))
        assert not (own == "service" and "emulator" in used), path
        assert not (own == "emulator" and "service" in used), path


def test_payloads_and_keys_do_no_input_or_output():
    forbidden = {"requests", "subprocess", "socket", "pathlib", "dpsctl.service", "dpsctl.emulator"}
    for path in [*PACKAGE.glob("payloads/*.py"), PACKAGE / "keys.py"]:
        used = set(imports_of(path))
        assert not used & forbidden, path
        assert "open(" not in path.read_text(encoding="utf-8"), path


@pytest.mark.parametrize("path", sorted(PACKAGE.glob("commands/**/*.py")), ids=name_of)
def test_loading_a_command_loads_nothing_heavy(unmeasured, path):
    loaded = unmeasured(f"import {name_of(path)}, sys; print(*sys.modules)").split()

    assert not HEAVY & set(loaded)
