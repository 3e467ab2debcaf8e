"""Help topics that belong to no single command: exit codes and the environment."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dpsctl.reference.tree import CommandPage


@dataclass(frozen=True)
class Topic:
    """A page of terms and what they mean."""

    name: str
    summary: str
    introduction: str
    entries: tuple[tuple[str, str], ...]


EXIT_CODES = Topic(
    "exit-codes",
    "what dpsctl tells its caller",
    "Every failure also says on stderr what happened and what to do; --error-format json says it"
    " as one JSON object.",
    (
        ("0", "Done."),
        ("1", "Any other failure."),
        ("2", "Usage or invalid input; nothing was sent."),
        ("3", "Not found (404)."),
        ("4", "Sign-in or permission (401, 403)."),
        ("5", "Conflict or stale etag (409, 412)."),
        ("6", "Throttled after all retries (429)."),
        ("7", "Network, TLS or time-out."),
        ("8", "The service failed (5xx)."),
        ("9", "Bulk or apply: some items failed."),
        ("10", "diff --exit-code: there are differences."),
        ("130", "Interrupted."),
        ("141", "The reader of stdout went away; nothing is said about it."),
    ),
)
_ELSEWHERE = (
    ("DPSCTL_ENDPOINT_URL", "Where to connect instead of https://HOST, such as an emulator."),
    ("DPSCTL_GROUP_KEY", "The group's key for compute-device-key when no group is named."),
    ("REQUESTS_CA_BUNDLE", "Certificates to trust, unless --ca-bundle names others."),
    ("HTTPS_PROXY, NO_PROXY", "The proxy to go through, and the hosts that need none."),
    ("NO_COLOR, FORCE_COLOR, CLICOLOR_FORCE", "Colours never or always, unless --color says."),
)


def environment(pages: Iterable[CommandPage]) -> Topic:
    """Collect the environment variables that options name, and those that no option has."""
    found = {
        option.envvar: f"{option.help} The same as {option.names[-1]}."
        for page in pages
        for option in page.options
        if option.envvar
    }
    return Topic(
        "environment",
        "variables that dpsctl reads",
        "An option on the command line always wins over its variable. Variables set connection,"
        " output and retries only: what is written never depends on them.",
        tuple(sorted({**dict(_ELSEWHERE), **found}.items())),
    )


def topics(pages: Iterable[CommandPage]) -> dict[str, Topic]:
    """Return every topic by its name."""
    return {topic.name: topic for topic in (EXIT_CODES, environment(pages))}


def as_text(topic: Topic, width: int) -> str:
    """Write a topic for a terminal of *width* columns."""
    import textwrap

    paragraphs = [f"dpsctl {topic.name}: {topic.summary}", topic.introduction]
    lines = ["\n\n".join(textwrap.fill(text, width) for text in paragraphs), ""]
    for term, meaning in topic.entries:
        if len(term) > 4:  # noqa: PLR2004 - numbers share a line with their meaning, names do not
            lines.append(term)
            term = ""  # noqa: PLW2901 - printed already
        lines.append(
            textwrap.fill(meaning, width, initial_indent=f"{term:6}", subsequent_indent=" " * 6)
        )
    return "\n".join(lines)
