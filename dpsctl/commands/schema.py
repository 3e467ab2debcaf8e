"""`schema`: the JSON Schema of manifests, for editors."""

from __future__ import annotations

from typing import Any

from dpsctl.frame.verbs import verb
from dpsctl.options.manifest import Kind


@verb(
    examples=["dpsctl schema > dpsctl.schema.json", "dpsctl schema --kind EnrollmentGroup"],
)
def schema(kind: Kind = None) -> dict[str, Any]:
    """Print the JSON Schema of manifests.

    An editor completes and checks with it: in VS Code a manifest whose first line is
    '# yaml-language-server: $schema=dpsctl.schema.json'.
    """
    from dpsctl.manifests.fields import KINDS
    from dpsctl.manifests.schema import schema_of

    return schema_of(None if kind is None else KINDS[kind.value])


command = schema
