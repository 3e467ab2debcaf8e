"""What az has renamed is read as what took its place, with a warning that names it."""

import pytest

KEY = "UFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUA=="


@pytest.mark.parametrize("glue", [" ", "="])
@pytest.mark.parametrize("flag", ["--iot-hub-host-name", "--hn"])
def test_hub_by_its_old_flag_is_the_static_one(run, flag, glue):
    ran = run(f"enrollment-group create --gid g1 {flag}{glue}hub-1.azure-devices.net")

    assert (ran.json["allocationPolicy"], ran.json["iotHubs"]) == (
        "static",
        ["hub-1.azure-devices.net"],
    )
    assert ran.err == (
        f"warning: {flag} is deprecated: write --allocation-policy static --iot-hubs\n"
    )


def test_device_information_by_its_old_flag(run):
    ran = run("enrollment create --eid e1 --at symmetricKey --device-info \"{'color':'red'}\"")

    assert ran.json["optionalDeviceInformation"] == {"color": "red"}
    assert "--device-info is deprecated: write --device-information" in ran.err


@pytest.mark.parametrize("flag", ["--credential-policy-name", "--cpn"])
def test_policy_by_its_old_flag(run, flag):
    ran = run(f"enrollment-group create --gid g1 --adr-namespace ns-1 --adr-ca-name ca1 {flag} p-1")

    assert ran.json["certificatePolicyName"] == "p-1"
    assert f"{flag} is deprecated: write --adr-cert-policy-name" in ran.err


@pytest.mark.parametrize(
    ("flags", "both"),
    [
        ("--hn h --iot-hubs i", "--hn and --iot-hubs"),
        ("--iot-hub-host-name h --ap hashed", "--iot-hub-host-name and --allocation-policy"),
        ("--cpn a --certificate-policy-name=b", "--cpn and --adr-cert-policy-name"),
    ],
)
def test_old_and_new_name_together_are_refused(run_offline, flags, both):
    refused = run_offline(f"enrollment-group create --gid g1 -n x {flags}", expect=2)

    assert refused.err.startswith(f"dpsctl: {both} exclude each other\n")


def test_old_name_of_an_option_that_a_command_lacks_is_unknown(run_offline):
    refused = run_offline("enrollment-group show --gid g1 -n x --hn h", expect=2)

    assert refused.err.startswith("dpsctl: No such option: --hn.")


def test_words_behind_two_dashes_are_nobodys_options(run_process):
    echoed = run_process("emulator", "exec", "--", "echo", "--hn", "x")

    assert echoed.stdout == "--hn x\n"


def test_key_of_a_device_by_the_old_command(run_offline):
    new = run_offline(f"enrollment-group compute-device-key --key {KEY} --rid d1").json

    ran = run_offline(f"compute-device-key --key {KEY} --registration-id d1")

    assert ran.json == new
    assert "write 'dpsctl enrollment-group compute-device-key'" in ran.err


def test_registrations_by_the_old_command(run, signed_in):
    run("enrollment-group create --gid g1")
    state = {"registrationId": "d1", "enrollmentGroupId": "g1"}
    signed_in.seed({"registrations": [state]})

    listed = run("registration list --enrollment-id g1")
    shown = run("--only-show-errors registration show --registration-id d1")
    run("registration delete --registration-id d1")

    assert [one["registrationId"] for one in listed.json] == ["d1"]
    assert "write 'dpsctl enrollment-group registration'" in listed.err
    assert (shown.json["registrationId"], shown.err) == ("d1", "")
    assert run("registration list --enrollment-id g1").json == []


def test_help_knows_nothing_of_old_names(run_offline):
    helped = run_offline("--help").out + run_offline("enrollment-group create --help").out

    assert "\n  registration" not in helped
    assert "--hn" not in helped
