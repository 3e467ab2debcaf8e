"""An operator proves that an enrollment works: enroll, register as a device does, look it up."""

HUB = "hub-1.azure-devices.net"


def test_device_of_a_symmetric_key_group_is_assigned(dpsctl):
    group = dpsctl("enrollment-group create --gid line-4 --show-keys")
    group_key = group["attestation"]["symmetricKey"]["primaryKey"]
    key = dpsctl(f"enrollment-group compute-device-key --key {group_key} --rid device-1")

    registered = dpsctl(f"device register --rid device-1 --key {key} --show-connection-string")

    shown = dpsctl("enrollment-group registration show --rid device-1")
    assert registered["connectionString"] == (
        f"HostName={HUB};DeviceId=device-1;SharedAccessKey={key}"
    )
    assert (shown["status"], shown["assignedHub"]) == ("assigned", HUB)


def test_device_of_an_x509_group_is_assigned(dpsctl, issue):
    signer = issue("line-5", is_ca=True)
    device = issue("device-2", signer)
    dpsctl(f"enrollment-group create --gid line-5 --certificate-path {signer.path}")

    dpsctl(f"device register --rid device-2 --cp {device.path} --kp {device.key_path}")

    listed = dpsctl("enrollment-group registration list --gid line-5")
    assert [(one["registrationId"], one["status"]) for one in listed] == [("device-2", "assigned")]


def test_individual_device_with_a_key_gets_the_name_it_was_enrolled_with(dpsctl):
    enrolled = dpsctl("enrollment create --eid device-3 --at symmetricKey -d pump-3 --show-keys")
    key = enrolled["attestation"]["symmetricKey"]["secondaryKey"]

    dpsctl(f"device register --rid device-3 --key {key}")

    shown = dpsctl("enrollment registration show --eid device-3")
    assert (shown["status"], shown["deviceId"]) == ("assigned", "pump-3")
    assert dpsctl("enrollment show --eid device-3")["registrationState"]["status"] == "assigned"


def test_individual_device_with_a_certificate_is_assigned(dpsctl, issue):
    device = issue("device-4")
    dpsctl(f"enrollment create --eid device-4 --at x509 --certificate-path {device.path}")

    registered = dpsctl(
        f"device register --rid device-4 --cp {device.path} --kp {device.key_path}"
        " --show-connection-string"
    )

    assert registered["connectionString"] == f"HostName={HUB};DeviceId=device-4;x509=true"
    assert dpsctl("enrollment registration show --eid device-4")["status"] == "assigned"


def test_device_of_a_disabled_group_is_told_so(dpsctl):
    group = dpsctl("enrollment-group create --gid line-6 --ps disabled --show-keys")
    group_key = group["attestation"]["symmetricKey"]["primaryKey"]

    told = dpsctl(f"device register --rid device-6 --group-key {group_key}", expect=5)

    assert "--provisioning-status enabled" in told


def test_device_with_the_groups_key_as_its_own_is_not_let_in(dpsctl):
    group = dpsctl("enrollment-group create --gid line-7 --show-keys")
    group_key = group["attestation"]["symmetricKey"]["primaryKey"]

    told = dpsctl(f"device register --rid device-7 --key {group_key}", expect=4)

    assert "--group-key" in told


def test_device_without_an_enrollment_for_its_certificate_is_not_let_in(dpsctl, issue):
    device = issue("device-8")

    told = dpsctl(
        f"device register --rid device-8 --cp {device.path} --kp {device.key_path}", expect=4
    )

    assert "trusts this certificate" in told


POLICY = "--adr-namespace plant-1 --adr-ca-name ca-1 --adr-cert-policy-name line-policy"


def test_device_with_a_key_is_issued_the_certificate_for_its_hub(dpsctl, tmp_path):
    group = dpsctl(f"enrollment-group create --gid line-9 {POLICY} --show-keys")
    group_key = group["attestation"]["symmetricKey"]["primaryKey"]
    register = f"device register --rid device-9 --group-key {group_key} --show-connection-string"

    told = dpsctl(f"{register} --issue-certificate {tmp_path / 'device-9'}")

    shown = dpsctl(f"certificate show {told['certificatePath']}")
    assert (shown["subjectName"], shown["daysLeft"]) == ("CN=device-9", 29)
    assert len(dpsctl(f"certificate show {told['chainPath']}")) == 3
    assert told["connectionString"].endswith("DeviceId=device-9;x509=true")


def test_device_with_a_certificate_is_issued_another_for_its_own_request(dpsctl, issue, openssl):
    signer = issue("line-10", is_ca=True)
    device = issue("device-10", signer)
    dpsctl(f"enrollment-group create --gid line-10 --cp {signer.path} {POLICY}")
    openssl("req -new -key device-10.key -subj /CN=device-10 -out device-10.csr")

    told = dpsctl(
        f"device register --rid device-10 --cp {device.path} --kp {device.key_path}"
        f" --csr {device.path.with_suffix('.csr')}"
    )

    assert (told["status"], len(told["issuedCertificateChain"])) == ("assigned", 3)
