"""The topic of exit codes."""

from __future__ import annotations

from dpsctl.reference.topics.page import Section, Topic

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
        ("9", "Bulk: some items failed."),
        (
            "10",
            (
                "What was looked for was found: differences, certificates that end soon, what"
                " keeps a device out."
            ),
        ),
        ("130", "Interrupted (SIGINT); 143 and 129 where it was SIGTERM or SIGHUP."),
        ("141", "The reader of stdout went away; nothing is said about it."),
    ),
    sections=(
        Section(
            "In a script",
            "A group that is not there is no failure; anything else is, and ends the script.",
            examples=(
                "code=0",
                "dpsctl enrollment-group show --gid line-404 -o none || code=$?",
                'test "$code" = 0 || test "$code" = 3',
                (
                    "dpsctl enrollment-group show --gid line-404 --error-format json"
                    " 2> error.json || test $? = 3"
                ),
            ),
        ),
    ),
)
