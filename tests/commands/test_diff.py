"""What `diff` reads, refuses and shows."""

import json
import ssl
from pathlib import Path

import pytest

KEY = "c2l4dGVlbiBieXRlcyBhdCBsZWFzdA=="


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """A folder of its own, in which manifests are named by their bare names."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(**files):
    for name, text in files.items():
        path = Path(name.replace("__", "/").replace("_", "."))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def test_what_show_prints_can_be_pasted_and_differs_in_nothing(run):
    run("enrollment-group create --gid line-4 --tags site=eu")
    run("enrollment create --eid pump-1 --at symmetricKey")
    group = run("enrollment-group show --gid line-4 -o yaml").out
    device = run("enrollment show --eid pump-1 --show-keys").out
    write(fleet__group_yaml=group, fleet__deep__device_json=device)

    ran = run("diff -f fleet --exit-code")

    assert ran.out == "as wanted 2\n"


def test_difference_is_shown_field_by_field(run, emulator, monkeypatch):
    run("enrollment-group create --gid line-4 --iot-hubs a.x --allocation-policy static")
    monkeypatch.setenv("LINE4", KEY)
    write(
        f_yaml="enrollmentGroupId: LINE-4\niotHubs: [b.x]\nfoo: null\n"
        "attestation: {type: symmetricKey, symmetricKey: {primaryKey: {$env: LINE4}}}\n"
    )
    before = emulator.requests()

    ran = run("diff -f f.yaml --exit-code", expect=10)

    assert ran.out.splitlines() == [
        "~ EnrollmentGroup line-4" + " " * 68 + "f.yaml:1",
        "    attestation.symmetricKey.primaryKey: *** → *** new, from $env LINE4",
        '    iotHubs: ["a.x"] → ["b.x"]',
        "risk keys: line-4: the old primary goes; devices that use it are refused",
        "1 field on the service is in no file (diff --unmanaged shows which)",
        "update 1",
    ]
    asked = emulator.requests()[len(before) :]
    assert [(one["method"], one["path"].rpartition("/")[2]) for one in asked] == [
        ("GET", "line-4"),
        ("POST", "attestationmechanism"),
    ]


def test_difference_as_json_holds_no_secret(run, monkeypatch):
    monkeypatch.setenv("LINE4", KEY)
    write(
        f_yaml="- enrollmentGroupId: line-4\n  attestation:\n    type: symmetricKey\n"
        "    symmetricKey: {primaryKey: {$env: LINE4}}\n"
    )

    plan = run("diff -f f.yaml -o json")

    [change] = plan.json["changes"]
    assert (change["action"], change["id"], change["at"]) == ("create", "line-4", "f.yaml:1")
    assert {
        "path": "attestation.symmetricKey.primaryKey",
        "secret": True,
        "to": "new ($env LINE4)",
    } in change["fields"]
    assert KEY not in plan.out + plan.err
    assert plan.json["summary"]["create"] == 1


def test_unmanaged_fields_are_shown_on_request(run):
    run("enrollment-group create --gid line-4 --iot-hubs a.x --allocation-policy static")
    write(f_yaml="enrollmentGroupId: line-4\niotHubs: [a.x]\n")

    out = run("diff -f f.yaml --unmanaged").out

    assert out == "unmanaged EnrollmentGroup line-4: allocationPolicy\nas wanted 1\n"


GROUP = "enrollmentGroupId: line-4\n"
BY_KEY = GROUP + "attestation: {type: symmetricKey, symmetricKey: {primaryKey: %s}}\n"


@pytest.mark.parametrize(
    ("text", "place", "says"),
    [
        pytest.param(GROUP + "iotHubs: a.x\n", "2:1", "iotHubs: a list is wanted", id="type"),
        pytest.param(
            GROUP + "allocationPolicy: statc\n", "2:1", "one of hashed, geoLatency", id="enum"
        ),
        pytest.param(GROUP + "iothubs: [a]\n", "2:1", "did you mean iotHubs?", id="misspelt"),
        pytest.param("x: 1\n", "1:1", "one of enrollmentGroupId or registrationId", id="no id"),
        pytest.param(
            GROUP + "registrationId: a\n", "1:1", "one of enrollmentGroupId or", id="two ids"
        ),
        pytest.param("enrollmentGroupId: 'a b'\n", "1:1", "' ' cannot be in a id", id="bad id"),
        pytest.param("enrollmentGroupId: 7\n", "1:1", "an id is a text", id="number for an id"),
        pytest.param("- line-4\n", "1:3", "a record is wanted", id="no record"),
        pytest.param(
            GROUP + "allocationPolicy: static\niotHubs: [a, b]\n", "3:1", "exactly one", id="static"
        ),
        pytest.param(
            GROUP + "allocationPolicy: null\niotHubs: [a]\n",
            "2:1",
            "without an allocationPolicy",
            id="hubs without policy",
        ),
        pytest.param(BY_KEY % "null", "2:50", "cannot be null", id="no key"),
        pytest.param(BY_KEY % "YWJj", "2:50", "16 to 64 bytes, this one has 3", id="short key"),
        pytest.param(BY_KEY % "{$env: NOPE}", "2:50", "NOPE is not set", id="no variable"),
        pytest.param(BY_KEY % "{$file: /etc/hostname}", "2:50", "lies outside", id="file outside"),
        pytest.param(BY_KEY % "{$file: nope}", "2:50", "cannot read the file", id="no file"),
        pytest.param(BY_KEY % "{$command: [echo, x]}", "2:50", "--allow-commands", id="command"),
        pytest.param(BY_KEY % "{$var: key}", "2:50", "no --var key=TEXT was given", id="no var"),
        pytest.param(BY_KEY % "{$column: key}", "2:50", "no $each in this record", id="no row"),
        pytest.param(BY_KEY % "{$evn: X}", "2:63", "is no reference", id="no such reference"),
        pytest.param(BY_KEY % "{'': X}", "2:50", "did the shell expand $?", id="shell"),
        pytest.param(
            GROUP + "initialTwin:\n  tags:\n    home: {$env: HOME}\n",
            "4:5",
            "$env is for secret fields only",
            id="environment outside keys",
        ),
        pytest.param(
            GROUP + "initialTwin: {tags: {a: {$file: f.yaml}}}\n",
            "2:22",
            "$file is for certificates and secret fields only",
            id="file outside keys",
        ),
        pytest.param(
            GROUP + "initialTwin: {tags: {a: {$format: '{b'}}}\n", "2:22", "brace", id="format"
        ),
        pytest.param(
            GROUP + f"attestation: {{symmetricKey: {{primaryKey: {KEY}}}}}\n",
            "2:1",
            "write type: symmetricKey",
            id="no type",
        ),
        pytest.param(
            GROUP + "attestation: {type: x509, tpm: {endorsementKey: YWJj}}\n",
            "2:27",
            "not known",
            id="tpm of a group",
        ),
        pytest.param(GROUP + "attestation: null\n", "2:1", "cannot be null", id="no attestation"),
        pytest.param(
            GROUP + "attestation: {type: symmetricKey, symmetricKey: null}\n",
            "2:35",
            "cannot be null",
            id="no keys",
        ),
        pytest.param(
            "registrationId: a\nattestation: {type: tpm, tpm: null}\n",
            "2:26",
            "cannot be null",
            id="no endorsement key",
        ),
        pytest.param(
            GROUP
            + "attestation: {type: x509, x509: {signingCertificates: {primary: {info: 7}}}}\n",
            "2:56",
            "{certificate: ...} or {info:",
            id="info is no object",
        ),
        pytest.param(
            GROUP + "attestation: {type: x509, x509: {signingCertificates: {primary: "
            "{certificate: [7]}}}}\n",
            "2:66",
            "a certificate's text is wanted",
            id="certificate is no text",
        ),
        pytest.param(
            GROUP + "attestation: {type: x509, x509: {signingCertificates: {certificate: x}}}\n",
            "2:56",
            "is no slot for a certificate; there are primary and secondary",
            id="certificate without a slot",
        ),
        pytest.param(GROUP + "iotHubs: [7]\n", "2:1", "host names are wanted", id="odd hub"),
        pytest.param(
            GROUP + "attestation: {type: x509, x509: {caReferences: {primary: a}, "
            "signingCertificates: {primary: {info: {sha256Thumbprint: A}}}}}\n",
            "2:34",
            "are two ways",
            id="names and certificates",
        ),
        pytest.param(GROUP + "foo: {$var: [1]}\n", "2:1", "$var: a name is wanted", id="odd var"),
        pytest.param(
            GROUP + "foo: {$format: '{a!r}'}\n", "2:1", "a name in braces", id="expression"
        ),
        pytest.param(GROUP + "$formerly: [x]\n", "2:1", "an id is a text", id="old name is none"),
        pytest.param(GROUP + "$formerly: a b\n", "2:1", "cannot be in a id", id="bad old name"),
        pytest.param(
            "$fleet: 1\nowns: {EnrollmentGroup: [line-*]}\n---\n" + GROUP + "$formerly: theirs\n",
            "5:1",
            "theirs is not among what $fleet owns",
            id="old name not owned",
        ),
        pytest.param(
            GROUP + "$formerly: x\n---\nenrollmentGroupId: line-5\n$formerly: X\n",
            "4",
            "x is renamed in f.yaml:1 already",
            id="one old name for two",
        ),
        pytest.param(
            GROUP + "attestation: {type: x509, x509: {signingCertificates: {primary: a.pem}}}\n",
            "2:56",
            "an object is wanted",
            id="certificate as text",
        ),
        pytest.param(
            GROUP + "attestation: {type: x509, x509: {signingCertificates: {primary: {pem: x}}}}\n",
            "2:56",
            "{certificate: ...} or {info:",
            id="neither text nor info",
        ),
        pytest.param(
            GROUP + "namespaceName: n\ncertificateAuthorityName: c\n",
            "2:1",
            "all three or none",
            id="one of the registry's names",
        ),
        pytest.param(GROUP + "$exat: true\n", "2:1", "is not known beside a record", id="ours"),
        pytest.param(GROUP + "---\n" + GROUP, "3:1", "also at f.yaml:1", id="twice"),
        pytest.param("a: [\n", "2:1", "expected", id="no YAML"),
        pytest.param("$fleet: 2\n", "1:1", "2 is no version", id="version"),
        pytest.param("$fleet: 1\nowns: {Pump: [a]}\n", "2:8", "no kind of record", id="kind"),
        pytest.param("$fleet: 1\n---\n$fleet: 1\n", "3:1", "another one at f.yaml:1", id="fleets"),
        pytest.param(
            "$fleet: 1\nowns: {EnrollmentGroup: [pump-*]}\n---\n" + GROUP,
            "4:1",
            "line-4 is not among what $fleet owns",
            id="not owned",
        ),
        pytest.param(
            GROUP + "---\nenrollmentGroupId: line-5\n$formerly: LINE-4\n",
            "3",
            "line-4 is in f.yaml:1 still",
            id="old name",
        ),
        pytest.param("$each: no.csv\nenrollmentGroupId: a\n", "1:1", "cannot read", id="no rows"),
    ],
)
def test_bad_manifest_is_refused_with_place_and_reason(run, emulator, text, place, says):
    write(f_yaml=text)
    before = emulator.requests()

    ran = run("diff -f f.yaml", expect=2)

    told = next(line for line in ran.err.splitlines() if line.startswith("f.yaml:"))
    assert told.startswith(f"f.yaml:{place}:")
    assert says in ran.err
    assert "Traceback" not in ran.err
    assert emulator.requests() == before


def test_all_that_is_wrong_is_said_at_once_with_the_lines(run):
    write(a_yaml="- enrollmentGroupId: a\n  iotHubs: x\n", b_yaml="c: [\n", c_yaml="x: 1\n")

    err = run("diff -f a.yaml -f b.yaml -f c.yaml", expect=2).err

    assert "3 problems in the manifests; nothing was sent" in err
    assert "a.yaml:2:3: iotHubs: a list is wanted\n      iotHubs: x\n      ^\n" in err
    assert "b.yaml:2:1" in err
    assert "c.yaml:1:1" in err


def test_line_of_a_key_is_shown_without_the_key(run):
    write(f_yaml=BY_KEY % f"{KEY[:-4]}" + "iotHubs: x\n")

    err = run("diff -f f.yaml", expect=2).err

    assert KEY[:-4] not in err
    assert "f.yaml:3:1" in err


def test_more_problems_than_anybody_reads_are_counted(run):
    write(f_yaml="".join(f"- enrollmentGroupId: g{i}\n  iotHubs: x\n" for i in range(30)))

    err = run("diff -f f.yaml", expect=2).err

    assert "... and 10 more" in err


def test_unknown_field_is_sent_with_a_warning(run):
    write(f_yaml="enrollmentGroupId: a\nattestation: {type: symmetricKey}\nfutureField: 1\n")

    ran = run("diff -f f.yaml")

    assert "f.yaml:1: futureField: not known to this version" in ran.err
    assert "futureField: 1" in ran.out


def test_rows_become_records(run):
    write(
        pumps_csv="serial,device,rack,edge\np1,d1,7,true\np2,,,\n",
        f_yaml="$each: pumps.csv\nregistrationId: {$format: '{site}-{serial}'}\n"
        "deviceId: {$column: device}\n"
        "attestation: {type: symmetricKey}\n"
        "capabilities: {iotEdge: {$column: edge, as: boolean}}\n"
        "initialTwin: {tags: {rack: {$column: rack, as: integer}, site: {$var: site}}}\n",
    )

    plan = run("diff -f f.yaml --var site=eu -o json").json

    fields = [
        {field["path"]: field.get("to") for field in change["fields"]} for change in plan["changes"]
    ]
    assert [change["at"] for change in plan["changes"]] == ["pumps.csv:2", "pumps.csv:3"]
    assert [change["id"] for change in plan["changes"]] == ["eu-p1", "eu-p2"]
    assert fields == [
        {
            "deviceId": "d1",
            "attestation.type": "symmetricKey",
            "capabilities.iotEdge": True,
            "initialTwin.tags": {"rack": 7, "site": "eu"},
        },
        {"attestation.type": "symmetricKey", "initialTwin.tags": {"site": "eu"}},
    ]


@pytest.mark.parametrize(
    ("rows", "template", "told"),
    [
        ("id,rack\na,x\n", "{$column: rack, as: integer}", "p.csv:2: initialTwin.tags.r: $column"),
        ("id\na\n", "{$column: rack}", "no row of p.csv has the column rack"),
        ("id,rack\na\n", "{$column: rack}", "p.csv:2: has 1 cells, the header has 2"),
        ("id,rack\na,1\nA,2\n", "{$column: rack}", "A is there twice: also at p.csv:2"),
        ("id,rack\na,true\n", "{$column: rack, as: number}", "rack is 'true', which is no number"),
        ("id,rack\na,1\n", "{$column: [rack]}", "$column: a name is wanted"),
        ("id,rack\na,1\n", "{$column: rack, as: int}", "for as one of integer, number"),
        ("id,rack\na,1\n", "{$column: rack, as: [json]}", "for as one of integer, number"),
    ],
    ids=[
        "no integer",
        "no such column",
        "short row",
        "twice",
        "no number",
        "no name",
        "no type",
        "odd type",
    ],
)
def test_bad_row_is_refused_with_its_line(run, rows, template, told):
    write(
        p_csv=rows,
        f_yaml="$each: p.csv\nregistrationId: {$column: id}\nattestation: {type: symmetricKey}\n"
        f"initialTwin: {{tags: {{r: {template}}}}}\n",
    )

    assert told in run("diff -f f.yaml", expect=2).err


def test_standard_input_takes_yaml_and_json_lines(run):
    lines = "".join(
        json.dumps({"registrationId": f"p{i}", "attestation": {"type": "symmetricKey"}}) + "\n"
        for i in range(2)
    )

    assert run("diff -f -", stdin=lines).out.endswith("create 2\n")
    assert run("diff -f -", stdin="enrollmentGroupId: a\n").out.endswith("blocked 1\n")


def test_documents_that_are_json_objects_are_documents(run):
    one, two = (
        json.dumps({"registrationId": n, "attestation": {"type": "symmetricKey"}})
        for n in ("p1", "p2")
    )
    text = f"{one}\n---\n{two}\n"
    write(f_yaml=text, g_jsonl=f"{one}\n\n{two}\n", h_jsonl=f"{one}\n{{\n")

    assert run("diff -f -", stdin=text).out.endswith("create 2\n")
    assert run("diff -f f.yaml").out.endswith("create 2\n")
    assert run("diff -f -", stdin='{"registrationId":\n{"$var": "id"}}', expect=2).err
    assert run("diff -f g.jsonl").out.endswith("create 2\n")
    assert "h.jsonl:2:2: " in run("diff -f h.jsonl", expect=2).err


def test_defaults_lie_under_every_record_of_their_kind(run):
    write(
        f_yaml="$fleet: 1\ndefaults:\n  IndividualEnrollment:\n"
        "    attestation: {type: symmetricKey}\n"
        "    iotHubs: [{$var: hub}]\n    allocationPolicy: static\n"
        "    initialTwin: {tags: {site: eu}}\n---\n"
        "- registrationId: p1\n  initialTwin: {tags: {rack: 1}}\n"
        "- registrationId: p2\n  iotHubs: null\n  allocationPolicy: hashed\n  initialTwin: null\n"
    )

    changes = run("diff -f f.yaml --var hub=a.x -o json").json["changes"]

    fields = [{field["path"]: field["to"] for field in one["fields"]} for one in changes]
    assert fields == [
        {
            "attestation.type": "symmetricKey",
            "iotHubs": ["a.x"],
            "allocationPolicy": "static",
            "initialTwin.tags": {"rack": 1, "site": "eu"},
        },
        {"attestation.type": "symmetricKey", "allocationPolicy": "hashed"},
    ]


@pytest.mark.parametrize("service", ["127.0.0.1", "other"])
def test_manifests_for_another_service_are_refused(run, service):
    write(f_yaml="$fleet: 1\nservice: {$var: dps}\n")

    ran = run(f"diff -f f.yaml --var dps={service}", expect=None)

    is_other = service == "other"
    assert ("The manifests are for other" in ran.err) is is_other


def test_variables_come_from_a_file_too(run):
    write(
        dev_yaml="hub: a.x\nrack: 7\n",
        f_yaml="enrollmentGroupId: a\nattestation: {type: symmetricKey}\n"
        "initialTwin: {tags: {hub: {$var: hub}, rack: {$var: rack}}}\n",
    )

    out = run("diff -f f.yaml --vars dev.yaml --var hub=b.x").out

    assert '{"hub": "b.x", "rack": 7}' in out


def test_folder_is_read_in_order_without_hidden_files_and_others(run, here):
    write(
        fleet__b_yaml="enrollmentGroupId: b\nattestation: {type: symmetricKey}\n",
        fleet__a__c_json='{"enrollmentGroupId": "c", "attestation": {"type": "symmetricKey"}}',
        fleet__d_jsonl='{"enrollmentGroupId": "d", "attestation": {"type": "symmetricKey"}}\n',
        fleet__notes_txt="not a manifest",
    )
    (here / "fleet" / ".hidden.yaml").write_text("[")

    changes = run("diff -f fleet -o json").json["changes"]

    assert [one["at"] for one in changes] == [
        "fleet/b.yaml:1",
        "fleet/a/c.json:1",
        "fleet/d.jsonl:1",
    ]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("diff", "--file is missing"),
        ("diff -f nope.yaml", "cannot read the file"),
        ("diff -f empty", "no manifests in this folder"),
        ("diff -f linked", "this link leaves the folder"),
        ("diff -f f.yaml --prune", "no manifest says what this fleet owns"),
        ("diff -f empty.yaml --prune", "hold no record"),
        ("diff -f f.yaml --vars f.jsonl", "an object is wanted"),
        ("diff -f f.yaml --query x -o text", "-o text: --query picks data"),
        ("version -o markdown", "markdown"),
    ],
)
def test_bad_command_line_is_refused(run, here, line, told):
    write(f_yaml="enrollmentGroupId: a\n", empty_yaml="", f_jsonl="[1]\n")
    (here / "empty").mkdir()
    (here / "linked").mkdir()
    (here / "linked" / "f.yaml").symlink_to("/etc/hostname")

    assert told in run(line, expect=2).err


def test_key_of_a_file_is_compared_without_its_line_end(run, here):
    run(f"enrollment-group create --gid a --primary-key {KEY}")
    (here / "a.key").write_text(KEY + "\n")
    write(
        f_yaml="enrollmentGroupId: a\n"
        "attestation: {type: symmetricKey, symmetricKey: {primaryKey: {$file: a.key}}}\n"
    )

    assert run("diff -f f.yaml").out == "as wanted 1\n"


def test_command_runs_when_it_is_allowed(run):
    run(f"enrollment-group create --gid a --primary-key {KEY}")
    write(
        f_yaml="enrollmentGroupId: a\nattestation: {type: symmetricKey, symmetricKey: "
        f"{{primaryKey: {{$command: [echo, {KEY}]}}}}}}\n"
    )

    assert run("diff -f f.yaml --allow-commands").out == "as wanted 1\n"


def test_certificate_file_in_any_encoding_is_the_one_that_is_there(run, certificate_file, here):
    path = certificate_file("ca.pem")
    run(f"enrollment-group create --gid a --cp {path}")
    pem = path.read_text()
    (here / "ca.der").write_bytes(ssl.PEM_cert_to_DER_cert(pem))
    write(
        f_yaml="enrollmentGroupId: a\nattestation:\n  type: x509\n  x509:\n"
        "    signingCertificates:\n      primary: {certificate: {$file: ca.der}}\n"
    )

    assert run("diff -f f.yaml").out == "as wanted 1\n"


def test_keys_are_left_out_of_the_comparison_on_request(run, emulator, monkeypatch):
    run("enrollment-group create --gid a")
    monkeypatch.setenv("KEY", KEY)
    write(f_yaml=BY_KEY.replace("line-4", "a") % "{$env: KEY}")
    before = len(emulator.requests())

    assert run("diff -f f.yaml --skip-keys").out == "as wanted 1\n"
    assert len(emulator.requests()) == before + 1


def test_three_enrollments_cost_three_requests_whatever_there_is_beside_them(run, emulator):
    emulator.seed(
        {
            "enrollments": [
                {"registrationId": f"other-{n}", "attestation": {"type": "symmetricKey"}}
                for n in range(300)
            ]
        }
    )
    write(
        f_yaml="".join(
            f"- registrationId: p{n}\n  attestation: {{type: symmetricKey}}\n" for n in range(3)
        )
    )
    before = len(emulator.requests())

    assert run("diff -f f.yaml").out.endswith("create 3\n")

    asked = emulator.requests()[before:]
    assert sorted((one["method"], one["path"]) for one in asked) == [
        ("GET", f"/enrollments/p{n}") for n in range(3)
    ]


def test_pages_are_read_on_only_while_they_hold_what_is_wanted(run, emulator):
    names = [*(f"p{n:03}" for n in range(101)), *(f"other-{n}" for n in range(600))]
    proof = {"attestation": {"type": "symmetricKey"}}
    emulator.seed({"enrollments": [{"registrationId": name, **proof} for name in names]})
    write(
        f_yaml="".join(
            f"- registrationId: p{n:03}\n  attestation: {{type: symmetricKey}}\n"
            for n in [*range(100), 999]
        )
    )
    before = len(emulator.requests())

    assert run("diff -f f.yaml").out.splitlines()[-1] == "create 1, as wanted 100"

    asked = [one["path"].rpartition("/")[2] for one in emulator.requests()[before:]]
    assert asked.count("query") < 5  # of eight
    assert asked.count("p999") == 1


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("$fleet: true\n", "is no version that is known"),
        ("$fleet: 1\nprune: true\n", "prune: no field of $fleet"),
        ("$fleet: 1\nservice: 7\n", "service: the service's host name is wanted"),
        ("$fleet: 1\nowns: [line-*]\n", "owns: an object with a kind of record each"),
        ("$fleet: 1\nowns: {EnrollmentGroup: 7}\n", "owns.EnrollmentGroup: a list of ids"),
        ("$fleet: 1\nprotect: [7]\n", "protect: a list of ids is wanted"),
        ("$fleet: 1\nlimits: {most: 1}\n", "limits: percent and objects are wanted"),
        ("$fleet: 1\nlimits: {percent: -1}\n", "limits.percent: a number from 0"),
        ("$fleet: 1\ndefaults: {EnrollmentGroup: 7}\n", "defaults.EnrollmentGroup: a record's"),
        ("$fleet: 1\nexact: yes\n", "exact: true or false is wanted"),
        ("$fleet: 1\nservice: {$var: nope}\n", "no --var nope=TEXT was given"),
        (GROUP + "$exact: 1\n", "true or false is wanted"),
        (GROUP + "$each: [a]\n", "the name of a file is wanted"),
        (GROUP + "$kind: Device\n", "is for IoT Central"),
        (GROUP + "initialTwin: {tags: {a: {$var: x, b: 1}}}\n", "$var stands alone, without b"),
        (GROUP + "initialTwin: {tags: {a: {$format: 7}}}\n", "$format: a text is wanted"),
        (GROUP + "initialTwin: {tags: {a: {$format: '{x}'}}}\n", "there is no x in this row"),
        (BY_KEY % "{$env: {$literal: [1]}}", "a text is wanted"),
        (BY_KEY % "{$command: echo}", "a list of words is wanted"),
        (BY_KEY % "7", "a text is wanted"),
        (
            GROUP + "attestation: {type: x509, x509: {signingCertificates: {primary: "
            "{certificate: nonsense}}}}\n",
            "certificate: no certificate can be read",
        ),
    ],
)
def test_what_is_dpsctls_own_is_checked_too(run, text, says):
    write(f_yaml=text)

    ran = run("diff -f f.yaml", expect=2)

    assert says in ran.err
    assert "f.yaml:" in ran.err


def test_command_that_fails_is_named_without_what_it_printed(run):
    write(f_yaml=BY_KEY % "{$command: [sh, -c, 'echo s3cret; exit 3']}")

    err = run("diff -f f.yaml --allow-commands", expect=2).err

    assert "$command: exit 3" in err
    assert "s3cret" not in err.partition("\n    attestation")[0]


def test_protection_that_matches_nothing_is_warned_of(run):
    run("enrollment-group create --gid line-4")
    write(
        f_yaml="$fleet: 1\nprotect: [line-4, root-*]\nowns: {EnrollmentGroup: ['*']}\n---\n" + GROUP
    )

    ran = run("diff -f f.yaml --prune")

    assert "protect: root-* matches no id" in ran.err
    assert "line-4" not in ran.err


def test_policy_of_the_registry_needs_a_version_that_has_it(run):
    names = "namespaceName: n\ncertificateAuthorityName: c\ncertificatePolicyName: p\n"
    write(f_yaml=GROUP + names)

    err = run("diff -f f.yaml --service-api-version 2021-10-01", expect=2).err

    assert "f.yaml:2:1: namespaceName: needs --service-api-version 2026-11-01" in err


def test_tpm_without_its_key_is_blocked(run):
    write(f_yaml="registrationId: a\nattestation: {type: tpm}\n")

    assert "blocked: attestation.tpm.endorsementKey is missing" in run("diff -f f.yaml").out


def test_command_runs_once_for_all_that_ask_for_the_same(run):
    key = f"{{primaryKey: {{$command: [sh, -c, 'echo x >> ran; echo {KEY}']}}}}"
    proof = f"attestation: {{type: symmetricKey, symmetricKey: {key}}}"
    write(f_yaml=f"- enrollmentGroupId: a\n  {proof}\n- enrollmentGroupId: b\n  {proof}\n")

    run("diff -f f.yaml --allow-commands")

    assert Path("ran").read_text() == "x\n"


@pytest.mark.parametrize("rows", ["", "id\n", "\n\n"])
def test_rows_that_are_none_are_told_of(run, rows):
    write(
        p_csv=rows,
        f_yaml="$each: p.csv\nregistrationId: {$column: id}\nattestation: {type: symmetricKey}\n",
    )

    assert "p.csv has no rows: no record is made of it" in run("diff -f f.yaml").err
