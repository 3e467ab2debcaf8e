"""A TPM in software: swtpm, and the programs of tpm2-tools that talk to it.

Run as a program it does for another language what a device asks of its TPM: `software_tpm.py FOLDER
PORT activate|sign BASE64`.
"""

import base64
import os
import socket
import subprocess
import sys
import time
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from struct import unpack_from

ENDORSEMENT, STORAGE_ROOT = "0x81010001", "0x81000001"
# What tpm2_activatecredential reads begins with these, a magic number and a version.
CREDENTIAL_FILE = bytes.fromhex("badcc0de00000001")
PATIENCE = 30.0  # seconds


class SoftwareTpm:
    """Do with a TPM what Microsoft's device SDKs do, by tpm2-tools."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port = folder, port
        self._environment = {**os.environ, "TPM2TOOLS_TCTI": f"swtpm:host=127.0.0.1,port={port}"}

    def run(self, line, **files):
        for name, content in files.items():
            (self.folder / name).write_bytes(content)
        done = subprocess.run(
            line.split(),
            cwd=self.folder,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
        assert done.returncode == 0, f"{line}: {done.stderr}"
        return done.stdout

    def read(self, name):
        return (self.folder / name).read_bytes()

    def take_ownership(self):
        """Make the two keys where SDKs look for them."""
        self.run(f"tpm2_createek -c {ENDORSEMENT} -G rsa -u endorsement.public")
        self.run("tpm2_createprimary -C o -c primary.context")
        self.run(f"tpm2_evictcontrol -C o -c primary.context {STORAGE_ROOT}")
        self.run("tpm2_flushcontext -t")
        self.run(f"tpm2_readpublic -c {STORAGE_ROOT} -o storage.public")

    @property
    def keys(self):
        """Both public keys as a device sends them."""
        return {
            "endorsementKey": base64.b64encode(self.read("endorsement.public")).decode(),
            "storageRootKey": base64.b64encode(self.read("storage.public")).decode(),
        }

    def activate(self, blob):
        """Take the key out of an authentication key of the service, and keep it in the TPM."""
        parts = parts_of(base64.b64decode(blob, validate=True))
        self.run("tpm2_startauthsession --policy-session -S session")
        self.run("tpm2_policysecret -S session -c e")
        self.run(
            f"tpm2_activatecredential -c {STORAGE_ROOT} -C {ENDORSEMENT} -i credential -o inner "
            "-P session:session",
            credential=CREDENTIAL_FILE + parts[0] + parts[1],
        )
        self.run("tpm2_flushcontext session")
        self.run(
            f"tpm2_import -C {STORAGE_ROOT} -i duplicate -s seed -u public -k inner -r private",
            duplicate=parts[2],
            seed=parts[3],
            public=parts[4],
        )
        self.run(f"tpm2_load -C {STORAGE_ROOT} -u public -r private -c identity")
        self.run("tpm2_flushcontext -t")

    def sign(self, data):
        """Return the HMAC with the key that was activated last, in base64."""
        self.run("tpm2_hmac -c identity -o mac data", data=data)
        self.run("tpm2_flushcontext -t")
        return base64.b64encode(self.read("mac")).decode()


def parts_of(blob):
    """Take a blob apart; each part stands after its size, which it keeps."""
    parts = []
    while blob:
        end = 2 + unpack_from(">H", blob)[0]
        parts.append(blob[:end])
        blob = blob[end:]
    return parts


@contextmanager
def running_tpm(folder):
    """Run a TPM that has its keys; its state is in *folder*."""
    port = _two_free_ports()
    with subprocess.Popen(
        [
            *("swtpm", "socket", "--tpm2", "--tpmstate", f"dir={folder}"),
            *("--server", f"type=tcp,port={port}", "--ctrl", f"type=tcp,port={port + 1}"),
            *("--flags", "not-need-init,startup-clear"),
        ],
        stdout=subprocess.DEVNULL,
    ) as child:
        try:
            _wait_for(port)
            tpm = SoftwareTpm(folder, port)
            tpm.take_ownership()
            yield tpm
        finally:
            child.terminate()


def _two_free_ports():
    """Find a port that is free as the next one is: there its control channel has to be."""
    while True:
        with closing(socket.create_server(("127.0.0.1", 0))) as one:
            port = one.getsockname()[1]
            with suppress(OSError), closing(socket.create_server(("127.0.0.1", port + 1))):
                return port


def _wait_for(port):
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            assert time.monotonic() < end
            time.sleep(0.05)


if __name__ == "__main__":
    place, number, wish, text = sys.argv[1:]
    tpm = SoftwareTpm(Path(place), int(number))
    if wish == "activate":
        tpm.activate(text)
    else:
        sys.stdout.write(tpm.sign(base64.b64decode(text)))
