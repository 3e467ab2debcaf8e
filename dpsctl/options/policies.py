"""Options of a service's shared access policies."""

from __future__ import annotations

from typing import Annotated

from typer import Option

from dpsctl.options import kinds
from dpsctl.options.words import KeyType, Toggle

_POLICY_NAME = ("--policy-name", "--pn")
PolicyName = Annotated[
    str, Option(*_POLICY_NAME, metavar="NAME", help="Name of a shared access policy.")
]
OwnerUnlessGiven = Annotated[
    str,
    Option(
        *_POLICY_NAME,
        metavar="NAME",
        help="The shared access policy to sign as.",
        show_default=True,
    ),
]
WhichKey = Annotated[
    KeyType,
    Option(
        "--key-type",
        "--kt",
        case_sensitive=False,
        help="Which of the policy's two keys.",
        show_default=True,
    ),
]
ShowAll = Annotated[
    Toggle | None,
    kinds.toggle(Option, "--show-all", "--all", help="Show one for every policy, as a list."),
]
