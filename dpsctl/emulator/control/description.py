"""The emulator's own description in OpenAPI, for testers and their tools."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from dpsctl.emulator.answers import Answer, Json
from dpsctl.emulator.call import Call


def describe(_: Call) -> Answer:
    """Answer with the description of everything that the emulator answers."""
    return Answer(body=read_description())


@cache
def read_description() -> Json:
    """Read the description; it is kept in YAML because people read it too."""
    from dpsctl.text.documents import read_document  # few ask for it, and it loads PyYAML

    name = "openapi.yaml"
    text = files("dpsctl.emulator.control").joinpath(name).read_text(encoding="utf-8")
    description: Json = read_document(text, name)
    return description
