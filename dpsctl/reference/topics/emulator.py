"""The topic of the emulator."""

from __future__ import annotations

from dpsctl.reference.topics.page import Section, Topic

EMULATOR = Topic(
    "emulator",
    "the provisioning service on this machine",
    "It answers the service API, the device API over HTTPS and MQTT, IoT Central, and of Azure"
    " Resource Manager what finds a service, lists its keys and keeps its CA certificates. Tokens"
    " and certificates are checked for real. pip install 'dpsctl[emulator]' brings it.",
    sections=(
        Section(
            "Beside one command",
            "'exec' hands its command the emulator's place in the environment: every name of a"
            " service leads to it, and nothing beyond it is asked.",
            examples=(
                "dpsctl emulator exec -- dpsctl enrollment-group create --gid line-9",
                (
                    "dpsctl emulator exec --seed records.json -- sh -c"
                    " 'dpsctl enrollment-group list -n any -g any -o table'"
                ),
            ),
        ),
        Section(
            "In two terminals",
            "'run' prints one line of JSON when it is ready, and serves until it is stopped. The"
            " second terminal finds it by 'env' (which has --shell powershell, cmd and fish).",
            examples=(
                "dpsctl emulator run --db lab.sqlite --port 0 > ready.json &",
                "until test -s ready.json; do sleep 0.1; done",
                'eval "$(dpsctl emulator env)"',
                "dpsctl enrollment-group create --gid line-9",
                "kill $!",
            ),
        ),
        Section(
            "What it holds",
            "--db keeps everything in a file, the CA too. --seed writes records first: what"
            " 'enrollment-group list --show-keys' prints of a real service, for one.",
        ),
        Section(
            "What shall go wrong",
            "--fault fails on request, to see what a client does.",
            entries=(
                ("429 after 3, Retry-After 1", "Throttled from the fourth request on."),
                ("503 twice", "Two requests fail, the next is done."),
                ("latency 200ms", "Every answer is late."),
                ("reset once on PUT", "It is done, and the answer is lost."),
            ),
            examples=(
                (
                    "dpsctl emulator exec --fault '429 twice, Retry-After 0' --"
                    " dpsctl enrollment-group list"
                ),
            ),
        ),
        Section(
            "In tests",
            "pytest has the fixture dps_emulator: one for the session, empty for each test."
            " docs/python.md of the project tells what it can do, outside pytest too.",
        ),
    ),
)
