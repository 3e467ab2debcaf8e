"""Under which heading of a command's help an option stands."""

from __future__ import annotations

from functools import partial

from typer import Option

what = partial(Option, rich_help_panel="What to write")
attestation = partial(Option, rich_help_panel="How devices prove who they are")
allocation = partial(Option, rich_help_panel="Where devices go")
issuance = partial(Option, rich_help_panel="Certificates that devices are issued")
selection = partial(Option, rich_help_panel="Which records")
fleet = partial(Option, rich_help_panel="Keys for a whole fleet")
key = partial(Option, rich_help_panel="Key")
issuer = partial(Option, rich_help_panel="Issuer")
manifests = partial(Option, rich_help_panel="Manifests")
files = partial(Option, rich_help_panel="Files")
connection = partial(Option, rich_help_panel="Connection")
output = partial(Option, rich_help_panel="Output")
