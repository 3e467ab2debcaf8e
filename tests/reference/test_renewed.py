"""What pages show of the program is what it says now."""

import importlib.util
import sys
from pathlib import Path

HERE = Path(__file__).parent


def test_tables_and_picture_are_not_stale(monkeypatch):
    monkeypatch.syspath_prepend(str(HERE))
    spec = importlib.util.spec_from_file_location("renew", HERE / "renew.py")
    renew = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(renew)

    stale = renew.stale(renew.files())

    assert stale == [], f"run: make reference ({sys.executable} tests/reference/renew.py)"
