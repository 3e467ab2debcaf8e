"""A session in a terminal, really run, and a picture of it: light or dark as its reader is."""

import os
import sys
from html import escape
from itertools import groupby
from pathlib import Path

from terminal import Terminal

COLUMNS = 88
# What is typed. Nothing random or of this moment shows: no key, no etag, no time.
LINES = (
    "dpsctl enrollment-group create --group-id line-4 --tags site=eu --query initialTwin",
    """dpsctl enrollment-group show --group-id line-4 --show-keys \\
    --query attestation.symmetricKey.primaryKey -o tsv > group.key""",
    """dpsctl device register --registration-id pump-1 --group-key @group.key \\
    --query '{status: status, hub: assignedHub}'""",
    """dpsctl enrollment-group update --group-id line-4 --provisioning-status disabled \\
    --query provisioningStatus""",
    "dpsctl device explain --registration-id pump-2 --group-key @group.key",
)
_SHELL = ("sh", "-c", 'umask 077; eval "$1"', "sh")
_WIDTH, _HEIGHT, _EDGE = 8.43, 19, 16
_HEAD = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img"
 aria-label="{label}">
<style>
text {{ font: 14px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; white-space: pre; }}
text {{ fill: #1f2328; }}
rect {{ fill: #f6f8fa; stroke: #d0d7de; }}
.prompt {{ fill: #59636e; }}
.bold {{ font-weight: bold; }}
.red {{ fill: #cf222e; }}
.green {{ fill: #116329; }}
.cyan {{ fill: #1b7c83; }}
@media (prefers-color-scheme: dark) {{
text {{ fill: #f0f6fc; }}
rect {{ fill: #0d1117; stroke: #3d444d; }}
.prompt {{ fill: #9198a1; }}
.red {{ fill: #ff7b72; }}
.green {{ fill: #3fb950; }}
.cyan {{ fill: #39c5cf; }}
}}
</style>
<rect x="0.5" y="0.5" width="{inner_width}" height="{inner_height}" rx="6"/>
"""


def picture(environment, folder):
    """Run the session beside the emulator of *environment*, and draw what a terminal shows."""
    program = folder / "dpsctl"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m dpsctl "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    given = {**environment, "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}
    rows = [row for line in LINES for row in _ran(line, given, folder)]
    return _drawn(rows)


def _ran(line, environment, folder):
    """Yield the rows of a line and of what it prints, as (class, text) pieces."""
    for number, typed in enumerate(line.split("\n")):
        yield [("prompt", "$ "), ("bold", typed)] if number == 0 else [("bold", typed)]
    before = Path.cwd()
    os.chdir(folder)  # a terminal's process starts where this one is
    try:
        with Terminal([line], 40, COLUMNS, environment, _SHELL) as terminal:
            terminal.end()
            cells = terminal.cells
    finally:
        os.chdir(before)
    for row in cells:
        if row:
            looks = groupby(row, key=lambda cell: (cell.fg, cell.bold))
            yield [(_class(*look), "".join(cell.data for cell in part)) for look, part in looks]


def _class(colour, bold):
    return " ".join(filter(None, ["" if colour == "default" else colour, "bold" if bold else ""]))


def _drawn(rows):
    width, height = round(COLUMNS * _WIDTH + 2 * _EDGE), len(rows) * _HEIGHT + 2 * _EDGE
    label = escape("; ".join(" ".join(line.replace("\\", "").split()) for line in LINES))
    head = _HEAD.format(
        width=width, height=height, label=label, inner_width=width - 1, inner_height=height - 1
    )
    return head + "".join(_text(row, number) for number, row in enumerate(rows)) + "</svg>\n"


def _text(row, number):
    pieces = "".join(
        f'<tspan class="{looks}">{escape(text, quote=False)}</tspan>'
        if looks
        else escape(text, quote=False)
        for looks, text in row
    )
    below = _EDGE + 14 + number * _HEIGHT
    return f'<text x="{_EDGE}" y="{below}" xml:space="preserve">{pieces}</text>\n'
