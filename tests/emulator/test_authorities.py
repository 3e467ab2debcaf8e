"""CA certificates that the emulator is started with."""

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from dpsctl.emulator.authorities import load_authorities
from dpsctl.errors import UsageError


@pytest.mark.parametrize("encoding", [Encoding.PEM, Encoding.DER])
def test_certificates_are_found_by_name(certificate, tmp_path, encoding):
    made = certificate("root").certificate
    path = tmp_path / "root.crt"
    path.write_bytes(made.public_bytes(encoding))

    assert load_authorities([("our-ca", str(path))]) == {"our-ca": made}


@pytest.mark.parametrize("content", [None, b"", b"no certificate"])
def test_file_without_a_certificate_is_refused_by_name(tmp_path, content):
    path = tmp_path / "root.crt"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(UsageError, match=f"--ca our-ca={path}: "):
        load_authorities([("our-ca", str(path))])
