"""Words of az behind dpsctl: the line without them, or that it stays az's."""

import pytest


@pytest.mark.parametrize(
    ("typed", "own"),
    [
        ("iot dps enrollment-group list --dps-name x", "enrollment-group list"),
        ("az iot dps enrollment show --eid d1", "enrollment show"),
        ("iot central device list -n app", "central device list"),
        ("iot dps show -n x", "show"),
        ("iot dps certificate list --dps-name x", "certificate list"),
    ],
)
def test_line_is_given_without_the_words_that_dpsctl_stands_for(typed, own, run_offline):
    ran = run_offline(typed, expect=2)

    assert f"Write 'dpsctl {own}'." in ran.err
    assert ran.out == ""


@pytest.mark.parametrize(
    ("typed", "stays"),
    [
        ("linked-hub create --dps-name my-dps --hub-name h1", "linked-hub create"),
        ("linked-hub list --dps-name my-dps", "linked-hub list"),
        ("policy create --dps-name my-dps --policy-name p1", "policy create"),
        ("policy delete -n my-dps --pn p1", "policy delete"),
        ("certificate update --dps-name x -n c -p f", "certificate update"),
        ("create --name my-dps -g my-rg", "create"),
        ("update --name my-dps --tags a=b", "update"),
        ("delete -n my-dps", "delete"),
        ("identity show --name my-dps", "identity show"),
        ("private-endpoint-connection list", "private-endpoint-connection list"),
        ("iot dps linked-hub list", "linked-hub list"),
        ("az iot dps policy update --pn p", "policy update"),
    ],
)
def test_what_makes_and_changes_services_stays_az_s(typed, stays, run_offline):
    assert f"That stays 'az iot dps {stays}'." in run_offline(typed, expect=2).err


@pytest.mark.parametrize(
    ("typed", "stays"), [("iot hub list", "iot hub list"), ("az iot hub show -n h", "iot hub show")]
)
def test_what_is_about_something_else_stays_az_s_too(typed, stays, run_offline):
    assert f"That stays 'az {stays}'." in run_offline(typed, expect=2).err


@pytest.mark.parametrize("typed", ["iot", "iot dps", "az iot dps --help-me"])
def test_words_with_nothing_behind_them_are_to_be_left_out(typed, run_offline):
    assert "Leave these words out" in run_offline(typed, expect=2).err


def test_no_secret_is_repeated(run_offline):
    ran = run_offline("policy create -n d --primary-key c2VjcmV0 --pn p", expect=2)

    assert "c2VjcmV0" not in ran.err


def test_other_unknown_words_are_complained_of_as_ever(run_offline):
    assert "Did you mean enrollment" in run_offline("enrolment list", expect=2).err
    assert "No such command 'updat'" in run_offline("policy updat", expect=2).err
