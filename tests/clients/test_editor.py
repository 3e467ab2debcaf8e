"""The YAML language server of VS Code completes and checks manifests by their schema."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent / "editor"
GOOD = """\
$fleet: 1
owns: {EnrollmentGroup: [line-*]}
---
enrollmentGroupId: line-4
allocationPolicy: static
iotHubs: [a.x]
---
$each: pumps.csv
registrationId: {$format: 'pump-{n}'}
attestation: {type: symmetricKey, symmetricKey: {primaryKey: {$env: KEY}}}
"""


@pytest.fixture
def editor(program, tmp_path, run_offline):
    """Install the language server into a folder of its own, and show it manifests."""
    shutil.copytree(HERE, tmp_path, dirs_exist_ok=True)
    command = [program("npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    npm = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    if npm.returncode:
        pytest.skip(f"npm cannot install the language server: {npm.stderr[-500:]}")
    (tmp_path / "schema.json").write_text(run_offline("schema").out, encoding="utf-8")

    def shown(*texts):
        words = [program("node"), "editor.js", "schema.json", json.dumps(texts)]
        told = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=True)
        return json.loads(told.stdout)

    return shown


def test_editor_completes_and_checks_manifests(editor):
    bad = "enrollmentGroupId: line-4\nallocationPolicy: statik\ncapabilities: {iotEdge: 7}\n"

    good, wrong, fields, values = editor(
        GOOD, bad, "enrollmentGroupId: line-4\n", "enrollmentGroupId: a\nallocationPolicy: "
    )

    assert good["complaints"] == []
    assert [one.partition(":")[0] for one in wrong["complaints"]] == ["2", "3"]
    assert {"attestation", "iotHubs", "$exact", "initialTwin"} <= set(fields["offered"])
    assert not {"etag", "createdDateTimeUtc"} & set(fields["offered"])
    assert {"hashed", "geoLatency", "static", "custom"} <= set(values["offered"])
