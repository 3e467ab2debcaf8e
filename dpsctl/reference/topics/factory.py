"""The topic of keys and labels where devices are made."""

from __future__ import annotations

from dpsctl.reference.topics.page import Section, Topic

FACTORY = Topic(
    "factory",
    "device keys where devices are made, without a network",
    "A device of a group with symmetric keys needs one thing of its own: a key, derived from the"
    " group's key and its registration id. Deriving needs no service. docs/factory.md of the"
    " project has the whole story, labels included.",
    sections=(
        Section(
            "At the office",
            "One file for the machine on the floor, which has Python and nothing else, and the"
            " group's keys, for their owner alone.",
            examples=(
                "dpsctl factory dpsctl-keys.pyz -o none",
                "(umask 077; dpsctl enrollment-group show --gid line-4 --show-keys > group.json)",
            ),
        ),
        Section(
            "On the floor",
            "The flags are those of 'dpsctl enrollment-group compute-device-key'. -I -S keep Python"
            " from loading anything else of that machine.",
            examples=(
                "sha256sum -c dpsctl-keys.pyz.sha256",
                "python3 -I -S dpsctl-keys.pyz --key @group.json --rid pump-1",
            ),
        ),
        Section(
            "A batch",
            "A table of serial numbers becomes a table with keys: --id-template makes the ids,"
            " --append keeps every row in its place, a row that cannot be used says why (exit code"
            " 9). --known refuses ids of earlier batches; --report is for whoever audits, and holds"
            " no key.",
            examples=(
                "printf 'serial;site\\n7;eu\\n8;us\\n' > batch-1.csv",
                (
                    "python3 -I -S dpsctl-keys.pyz --key @group.json --registration-ids batch-1.csv"
                    " --id-template 'pump-{serial:0>6}' --append -o csv --out labels-1.csv"
                    " --report report-1.json"
                ),
            ),
        ),
        Section(
            "At the end of the line",
            "Does this label belong to this device? Exit code 1 if not.",
            examples=(
                (
                    "printf 'DeviceId=pump-000007;SharedAccessKey=%s'"
                    ' "$(grep pump-000007 labels-1.csv | cut -d, -f4)" > scanned'
                ),
                (
                    "python3 -I -S dpsctl-keys.pyz --key @group.json --rid pump-000007"
                    " --verify @scanned"
                ),
            ),
        ),
        Section(
            "Registration ids",
            "The service ignores case, a derived key does not: use lower case (--lower). An id has"
            " letters, digits and - . _ :, 128 at most, and ends with a letter or digit.",
        ),
        Section(
            "Certificates instead of keys",
            "They need an installed dpsctl, but no network either.",
            examples=(
                "dpsctl certificate root --cn factory-root -o none",
                "dpsctl certificate device --rid pump-9 --issuer factory-root.pem",
            ),
        ),
    ),
)
