"""The certificate story with dpsctl alone: root, intermediate, group, device, hub."""

import pytest

HUB = "hub-1.azure-devices.net"


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("algorithm", ["ec", "rsa"])
def test_device_of_an_intermediate_registers_over_mutual_tls(dpsctl, algorithm):
    dpsctl(f"certificate root --cn root --algorithm {algorithm}")
    line = dpsctl(f"certificate intermediate --cn line-4 --issuer root.pem --algorithm {algorithm}")
    group = dpsctl("enrollment-group create --gid line-4 --certificate-path line-4.pem")
    dpsctl(f"certificate device --rid device-1 --issuer line-4.pem --algorithm {algorithm}")

    registered = dpsctl("device register --rid device-1 --cp device-1.pem --kp device-1.key")

    signing = group["attestation"]["x509"]["signingCertificates"]["primary"]["info"]
    assert signing == {name: line[name] for name in signing}
    assert (registered["status"], registered["assignedHub"]) == ("assigned", HUB)


def test_chain_file_registers_a_device_where_only_the_root_is_enrolled(dpsctl):
    dpsctl("certificate root --cn root")
    dpsctl("certificate intermediate --cn line-5 --issuer root.pem --chain")
    dpsctl("enrollment-group create --gid all-lines --certificate-path root.pem")
    dpsctl("certificate device --rid device-2 --issuer line-5.chain.pem --chain")

    registered = dpsctl("device register --rid device-2 --cp device-2.chain.pem --kp device-2.key")

    assert registered["status"] == "assigned"


def test_devices_of_a_fleet_register(dpsctl, tmp_path):
    dpsctl("certificate root --cn root")
    dpsctl("enrollment-group create --gid fleet --certificate-path root.pem")
    (tmp_path / "ids.txt").write_text("d1\nd2\n")
    dpsctl("certificate device --from ids.txt --folder fleet --issuer root.pem")

    for name in ("d1", "d2"):
        dpsctl(f"device register --rid {name} --cp fleet/{name}.pem --kp fleet/{name}.key")

    listed = dpsctl("enrollment-group registration list --gid fleet")
    assert sorted(one["registrationId"] for one in listed) == ["d1", "d2"]
