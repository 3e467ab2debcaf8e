"""The recipe of docs/factory.md for QR codes: what a scanner reads is what `--verify` takes."""

import csv
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

from dpsctl.fleet.archive import archive

PAGE = Path(__file__).parents[1] / "docs" / "factory.md"
KEY = "8isrFI1sGsIlvvFSSFRiMfCNzv21fjbE/+ah/lSh3lF8e2YG1Te7w1KpZhJFFXJrqYKi9yegxkqIChbqOS9Egw=="
ABOVE = 2  # how PNG says that a line holds its difference to the one above it


@pytest.fixture
def keys_of(tmp_path):
    """Run dpsctl-keys.pyz in the test's folder."""
    (tmp_path / "dpsctl-keys.pyz").write_bytes(archive())

    def run(*words, stdin=""):
        command = [sys.executable, "-I", "-S", "dpsctl-keys.pyz", *words]
        return subprocess.run(
            command,
            cwd=tmp_path,
            env={"DPSCTL_GROUP_KEY": KEY},
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def scanned(path):
    """Read the one QR code of a black and white PNG."""
    zxingcpp = pytest.importorskip("zxingcpp", reason="nothing reads QR codes")
    data = path.read_bytes()
    width, height = struct.unpack(">II", data[16:24])
    at, packed = 8, b""
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        packed += data[at + 8 : at + 8 + length] if kind == b"IDAT" else b""
        at += length + 12
    lines = zlib.decompress(packed)
    step = len(lines) // height
    line, image = bytes(step - 1), b""
    for row in range(0, len(lines), step):
        change, packed_line = lines[row], lines[row + 1 : row + step]
        above = line if change == ABOVE else bytes(step - 1)
        line = bytes((one + other) % 256 for one, other in zip(packed_line, above, strict=True))
        bits = "".join(f"{byte:08b}" for byte in line)[:width]
        image += bytes(255 * int(bit) for bit in bits)
    (code,) = zxingcpp.read_barcodes(memoryview(image).cast("B", (height, width)))
    return code.text


def test_codes_of_the_recipe_are_labels_of_their_devices(keys_of, tmp_path):
    pytest.importorskip("segno", reason="nothing makes QR codes")
    blocks = [part.split("```")[0] for part in PAGE.read_text("utf-8").split("```python\n")[1:]]
    (recipe,) = (block for block in blocks if "import segno" in block)
    ids = ["--registration-ids", "-", "--id-template", "pump-{serial:0>6}"]
    keys_of(*ids, "--append", "-o", "csv", "--out", "labels-1.csv", stdin="7\n8\nno id\n")

    subprocess.run([sys.executable, "-c", recipe], cwd=tmp_path, check=True)

    rows = list(csv.DictReader((tmp_path / "labels-1.csv").read_text().splitlines()))
    codes = {path.stem: scanned(path) for path in tmp_path.glob("*.png")}
    assert codes == {
        row["registrationId"]: f"DeviceId={row['registrationId']};SharedAccessKey={row['key']}"
        for row in rows[:2]
    }
    for name, label in codes.items():
        assert keys_of("--rid", name, "--verify", "@-", stdin=label).returncode == 0
