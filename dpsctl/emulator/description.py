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
    import yaml

    text = files("dpsctl.emulator").joinpath("openapi.yaml").read_text(encoding="utf-8")
    description: Json = yaml.safe_load(text)
    return description
