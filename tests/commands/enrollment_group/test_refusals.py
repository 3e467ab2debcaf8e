"""What is refused before anything is sent: exit code 2, the flag named, no request."""

import pytest

KEY = "Zmlyc3Qta2V5LW9mLWEtZ3JvdXAtaW4tdGVzdHM="
CREATE = "enrollment-group create --gid g1"
UPDATE = "enrollment-group update --gid g1"
BY_CREATE_AND_UPDATE = [
    pytest.param("--pk {key} --cn ca", ["--primary-key", "--root-ca-name"], id="key-and-ca-name"),
    pytest.param("--sk {key} --scn ca", ["--secondary-key", "--secondary-root-ca-name"], id="2nd"),
    pytest.param("--pk {key} --cp {ca}", ["--primary-key", "--certificate-path"], id="key-and-cp"),
    pytest.param(
        "--cp {ca} --cn ca", ["--certificate-path", "--root-ca-name"], id="certificate-and-ca-name"
    ),
    pytest.param(
        "--scp {ca} --cn ca", ["--secondary-certificate-path", "--root-ca-name"], id="scp-and-cn"
    ),
    pytest.param("--pk YQ==", ["--primary-key"], id="key-too-short"),
    pytest.param("--sk not-base64", ["--secondary-key"], id="key-not-base64"),
    pytest.param("--cp {private}", ["--certificate-path", "private key"], id="private-key"),
    pytest.param("--scp {private}", ["--secondary-certificate-path", "private key"], id="private2"),
    pytest.param("--cp {folder}/none.pem", ["--certificate-path", "none.pem"], id="missing-file"),
    pytest.param("--cp {folder}", ["--certificate-path", "cannot read"], id="folder"),
    pytest.param("--cp {empty}", ["--certificate-path", "empty"], id="empty-file"),
    pytest.param("--cp {text}", ["--certificate-path", "no certificate"], id="not-a-certificate"),
    pytest.param("--tags [1]", ["--initial-twin-tags", "object"], id="tags-list"),
    pytest.param("--props 7", ["--initial-twin-properties", "object"], id="props-number"),
    pytest.param("--tags {{bad", ["--initial-twin-tags"], id="tags-broken"),
    pytest.param("--tags a:=NaN", ["--initial-twin-tags", "NaN"], id="nan-word"),
    pytest.param("--props '{{\"a\": NaN}}'", ["--initial-twin-properties", "NaN"], id="nan-json"),
    pytest.param("--props a:=Infinity", ["--initial-twin-properties", "Infinity"], id="infinity"),
    pytest.param("--tags @{folder}/none.json", ["--tags", "none.json"], id="missing-tags"),
    pytest.param("--ap often", ["--allocation-policy"], id="no-such-policy"),
    pytest.param("--ps maybe", ["--provisioning-status"], id="no-such-status"),
    pytest.param("--rp sometimes", ["--reprovision-policy"], id="no-such-reprovisioning"),
    pytest.param("--ee maybe", ["--edge-enabled"], id="neither-true-nor-false"),
    pytest.param("--set a", ["--set"], id="set-without-value"),
    pytest.param("--set a:=oops", ["--set"], id="set-bad-json"),
    pytest.param("--set enrollmentGroupId=x", ["--set", "enrollmentGroupId"], id="set-the-id"),
    pytest.param("--remove enrollmentGroupId", ["--remove", "enrollmentGroupId"], id="remove-id"),
    pytest.param("--set etag=x", ["--set", "etag"], id="set-the-etag"),
    pytest.param("--remove a..b", ["--remove"], id="remove-empty-name"),
]
BY_CREATE = [
    pytest.param("--ih h1", ["--iot-hubs", "--allocation-policy"], id="hubs-without-policy"),
    pytest.param("--ap static", ["static", "--iot-hubs"], id="static-without-hub"),
    pytest.param("--ap static --ih a b", ["static", "exactly one"], id="static-with-two"),
    pytest.param("--ap custom", ["--webhook-url"], id="custom-alone"),
    pytest.param("--ap custom --wh https://w", ["--api-version"], id="custom-without-version"),
    pytest.param("--ap custom --av 2021-10-01", ["--webhook-url"], id="custom-without-url"),
    pytest.param("--wh https://w", ["--webhook-url", "custom"], id="url-without-custom"),
    pytest.param("--av 2021-10-01", ["--api-version", "custom"], id="version-without-custom"),
    pytest.param(
        "--ap hashed --wh https://w --av 2021-10-01", ["--webhook-url"], id="webhook-for-hashed"
    ),
    pytest.param(
        "--ap custom --wh https://w --av 2018-08-31", ["--api-version", "2018-09-01"], id="old"
    ),
    pytest.param("--ap custom --wh https://w --av latest", ["--api-version"], id="no-date"),
    pytest.param("--ap custom --wh w --av 2021-10-01", ["--webhook-url"], id="no-url"),
    pytest.param("--set iotHubs:='[\"h\"]'", ["--allocation-policy"], id="set-hubs-alone"),
    pytest.param("--ap static --set iotHubs:=[]", ["exactly one"], id="set-no-hub"),
    pytest.param("--set allocationPolicy=custom", ["--webhook-url"], id="set-custom-alone"),
]


@pytest.fixture
def files(certificate_file, tmp_path):
    """Paths to put into the lines above."""
    (tmp_path / "empty.pem").touch()
    (tmp_path / "text.pem").write_text("hello")
    return {
        "key": KEY,
        "ca": certificate_file(),
        "private": certificate_file("private.pem", with_key=True),
        "empty": tmp_path / "empty.pem",
        "text": tmp_path / "text.pem",
        "folder": tmp_path,
    }


@pytest.mark.parametrize("command", [CREATE, UPDATE], ids=["create", "update"])
@pytest.mark.parametrize(("flags", "said"), BY_CREATE_AND_UPDATE)
def test_line_that_cannot_be_right_is_refused_unsent(
    odd_service, run_offline, files, command, flags, said
):
    ids = {"enrollmentGroupId": "g1", "attestation": {"type": "none"}, "etag": "e"}
    odd_service.expect_request("/enrollmentGroups/g1", method="GET").respond_with_json(ids)

    ran = run_offline(f"{command} {flags.format(**files)}", expect=2)

    assert all(word in ran.err for word in said), ran.err
    assert ran.out == ""
    assert not [request for request, _ in odd_service.log if request.method != "GET"]


@pytest.mark.parametrize(("flags", "said"), BY_CREATE)
def test_allocation_that_makes_no_sense_is_refused_unsent(odd_service, run_offline, flags, said):
    ran = run_offline(f"{CREATE} {flags}", expect=2)

    assert all(word in ran.err for word in said), ran.err
    assert odd_service.log == []


@pytest.mark.parametrize(
    ("gid", "said"),
    [
        pytest.param("a b", "' ' cannot be in a group id", id="blank"),
        pytest.param("a/b", "'/' cannot be", id="slash"),
        pytest.param("a.", "ends with", id="last-dot"),
        pytest.param("x" * 129, "129 characters", id="too-long"),
        pytest.param("gr\u00fcn", "cannot be", id="umlaut"),
    ],
)
@pytest.mark.parametrize("verb", ["create", "show", "update", "delete", "registration list"])
def test_id_the_service_cannot_have_is_refused_unsent(odd_service, run_offline, verb, gid, said):
    ran = run_offline(["enrollment-group", *verb.split(), "--gid", gid], expect=2)

    assert "--enrollment-id" in ran.err
    assert said in ran.err
    assert odd_service.log == []


@pytest.mark.parametrize("gid", ["a", "A-b.c_d:e-", "x" * 128, "9"])
def test_id_the_service_can_have_is_sent(odd_service, run_offline, gid):
    odd_service.expect_request(f"/enrollmentGroups/{gid}").respond_with_json({})

    run_offline(["enrollment-group", "show", "--gid", gid])

    assert odd_service.log[0][0].path == f"/enrollmentGroups/{gid}"


@pytest.mark.parametrize("etag", ["\u00e9", "a\nb", "a b", "\u65e5"])
@pytest.mark.parametrize("verb", ["update", "delete"])
def test_etag_that_no_header_can_carry_is_refused_unsent(odd_service, run_offline, verb, etag):
    ran = run_offline(["enrollment-group", verb, "--gid", "g1", "--etag", etag], expect=2)

    assert "--etag" in ran.err
    assert odd_service.log == []


@pytest.mark.parametrize("top", ["0", "-2", "x", "1.5", "99999999999999999999x"])
def test_top_that_counts_nothing_is_refused_unsent(odd_service, run_offline, top):
    ran = run_offline(f"enrollment-group list --top {top}", expect=2)

    assert "--top" in ran.err
    assert odd_service.log == []


@pytest.mark.parametrize("verb", ["show", "create", "list"])
def test_broken_query_is_refused_unsent(odd_service, run_offline, verb):
    gid = "" if verb == "list" else "--gid g1"

    ran = run_offline(f"enrollment-group {verb} {gid} --query 'a['", expect=2)

    assert "--query" in ran.err
    assert odd_service.log == []


@pytest.mark.parametrize(
    ("made", "flags", "said"),
    [
        pytest.param("--pk {key}", "--cn ca", ["symmetricKey", "CA name"], id="ca-name-for-keys"),
        pytest.param("--pk {key}", "--cp {ca}", ["symmetricKey"], id="certificate-for-keys"),
        pytest.param("--pk {key}", "--rc", ["--remove-certificate"], id="remove-for-keys"),
        pytest.param(
            "--pk {key}", "--rsc", ["--remove-secondary-certificate"], id="remove-2nd-for-keys"
        ),
        pytest.param("--cn ca", "--pk {key}", ["x509", "--primary-key"], id="key-for-ca-name"),
        pytest.param("--cp {ca}", "--sk {key}", ["x509"], id="key-for-certificate"),
        pytest.param("--cp {ca}", "--rc", ["--remove-certificate"], id="last-certificate"),
        pytest.param(
            "--scp {ca}", "--rsc", ["--remove-secondary-certificate"], id="last-secondary"
        ),
        pytest.param("--cp {ca} --scp {ca}", "--rc --rsc", ["--remove-cert"], id="both-at-once"),
        pytest.param("--cn ca", "--rc", ["--remove-certificate"], id="last-ca-name"),
        pytest.param("--pk {key}", "--ih h1", ["--iot-hubs"], id="hubs-without-policy"),
        pytest.param("--ap hashed --ih a b", "--ap static", ["exactly one"], id="static-of-two"),
        pytest.param("--pk {key}", "--ap custom", ["--webhook-url"], id="custom-without-webhook"),
        pytest.param("--ap hashed", "--wh https://w", ["--webhook-url"], id="webhook-for-hashed"),
        pytest.param("--ap static --ih a", "--remove iotHubs.0", ["one hub"], id="remove-the-hub"),
        pytest.param("--pk {key}", "--remove nope", ["--remove", "nope"], id="remove-nothing"),
        pytest.param("--pk {key}", "--set iotHubs.0=h", ["--set", "iotHubs"], id="index-of-none"),
    ],
)
def test_update_that_does_not_fit_the_group_is_refused_unwritten(run, files, made, flags, said):
    before = run(f"{CREATE} {made.format(**files)}").json

    ran = run(f"{UPDATE} {flags.format(**files)}", expect=2)

    assert all(word in ran.err for word in said), ran.err
    assert run("enrollment-group show --gid g1").json["etag"] == before["etag"]
