"""The topic of quoting: what a shell does to a line before dpsctl sees it."""

from __future__ import annotations

from dpsctl.reference.topics.page import Section, Topic

# The same calls in the words of three shells; tests/reference/test_topics.py compares them.
SH = (
    "dpsctl enrollment-group list --query '[].enrollmentGroupId'",
    "dpsctl enrollment-group list --query \"[?provisioningStatus=='disabled']\"",
    "dpsctl enrollment-group list --query '[?initialTwin.tags.rack==`7`]'",
    "dpsctl enrollment-group update --gid line-4 --tags site=eu rack:=7",
    'dpsctl enrollment-group update --gid line-4 --tags \'{"site": "eu"}\'',
    "dpsctl enrollment-group update --gid line-4 --tags @tags.json",
    "dpsctl enrollment-group compute-device-key --key @group.key --rid device-1",
)
POWERSHELL = (
    "dpsctl enrollment-group list --query '[].enrollmentGroupId'",
    "dpsctl enrollment-group list --query \"[?provisioningStatus=='disabled']\"",
    "dpsctl enrollment-group list --query '[?initialTwin.tags.rack==`7`]'",
    "dpsctl enrollment-group update --gid line-4 --tags site=eu rack:=7",
    'dpsctl enrollment-group update --gid line-4 --tags \'{"site": "eu"}\'',
    "dpsctl enrollment-group update --gid line-4 --tags '@tags.json'",
    "dpsctl enrollment-group compute-device-key --key '@group.key' --rid device-1",
)
# PowerShell before 7.3 takes double quotes out of what it hands on.
OLD_POWERSHELL = ('dpsctl enrollment-group update --gid line-4 --tags \'{\\"site\\": \\"eu\\"}\'',)
CMD = (
    'dpsctl enrollment-group list --query "[].enrollmentGroupId"',
    "dpsctl enrollment-group list --query \"[?provisioningStatus=='disabled']\"",
    'dpsctl enrollment-group list --query "[?initialTwin.tags.rack==`7`]"',
    "dpsctl enrollment-group update --gid line-4 --tags site=eu rack:=7",
    'dpsctl enrollment-group update --gid line-4 --tags "{\\"site\\": \\"eu\\"}"',
    "dpsctl enrollment-group update --gid line-4 --tags @tags.json",
    "dpsctl enrollment-group compute-device-key --key @group.key --rid device-1",
)
QUOTING = Topic(
    "quoting",
    "values with quotes, braces and at signs, in each shell",
    "A shell takes quotes and some characters for itself before dpsctl sees the line. What avoids"
    " most of it: words instead of JSON (site=eu), and files instead of text (@FILE).",
    sections=(
        Section(
            "What dpsctl reads itself",
            "The same in every shell.",
            entries=(
                ("@FILE", "The value is what the file holds; a file that is missing is an error."),
                ("@-", "The value is what standard input holds."),
                ("@@TEXT", "The value is @TEXT, no file."),
                ("name=text", "A field of an object, as a text: --tags site=eu."),
                ("name:=JSON", "A field that is a number, true, null or more: rack:=7."),
                ("a.b.c=text", "A field within objects, which are made where they are missing."),
                ("--opt=VALUE", "For a value that begins with a dash."),
            ),
        ),
        Section(
            "sh, bash, zsh and fish",
            "Single quotes keep everything but a single quote; what has those stands in double"
            " quotes, where $ and ` still mean something. Brackets need quotes in zsh and fish.",
            examples=SH,
        ),
        Section(
            "PowerShell",
            "Single quotes keep everything, ' itself is doubled. An @ in front needs quotes, or it"
            " is splatting. Before 7.3, Windows PowerShell 5.1 too, double quotes within a value"
            " are lost unless each has a backslash, as in the last line; a file is simpler.",
            examples=(*POWERSHELL, *OLD_POWERSHELL),
        ),
        Section(
            "cmd",
            "Only double quotes quote; single ones are part of the value. A double quote within is"
            " written with a backslash. In a batch file % is doubled.",
            examples=CMD,
        ),
    ),
)
