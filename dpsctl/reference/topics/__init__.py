"""Help topics that belong to no single command: a page each, for terminals and as man pages."""

from __future__ import annotations

from collections.abc import Iterable

from dpsctl.reference.topics.auth import auth
from dpsctl.reference.topics.emulator import EMULATOR
from dpsctl.reference.topics.environment import environment
from dpsctl.reference.topics.exit_codes import EXIT_CODES
from dpsctl.reference.topics.factory import FACTORY
from dpsctl.reference.topics.migrating import MIGRATING
from dpsctl.reference.topics.output import output
from dpsctl.reference.topics.page import Section, Topic, as_text
from dpsctl.reference.topics.quoting import QUOTING
from dpsctl.reference.tree import CommandPage

__all__ = ["EXIT_CODES", "Section", "Topic", "as_text", "topics"]


def topics(pages: Iterable[CommandPage]) -> dict[str, Topic]:
    """Return every topic by its name."""
    listed = list(pages)
    made = (
        auth(listed),
        EMULATOR,
        environment(listed),
        EXIT_CODES,
        FACTORY,
        MIGRATING,
        output(listed),
        QUOTING,
    )
    return {topic.name: topic for topic in made}
