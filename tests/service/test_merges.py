"""Many who change one record at once: nobody's change is lost, and nobody is sent away."""

from concurrent.futures import ThreadPoolExecutor

import pytest

WRITERS = 8


@pytest.mark.parametrize("line", ["enrollment-group update --gid g", "enrollment update --eid g"])
def test_eight_writers_of_one_record_all_succeed(run, run_process, line):
    run(line.replace("update", "create") + (" --at symmetricKey" if "--eid" in line else ""))

    with ThreadPoolExecutor(WRITERS) as writers:
        lines = [[*line.split(), "--set", f"initialTwin.tags.w{n}={n}"] for n in range(WRITERS)]
        ran = list(writers.map(lambda words: run_process(*words), lines))

    assert [(one.returncode, one.stderr) for one in ran] == [(0, "")] * WRITERS
    tags = run(line.replace("update", "show")).json["initialTwin"]["tags"]
    assert tags == {f"w{number}": str(number) for number in range(WRITERS)}


def test_record_that_is_never_still_is_given_up_after_ten_merges(raw_service, run_offline, waits):
    record = {"enrollmentGroupId": "g", "attestation": {"type": "none"}, "etag": "e1"}
    service = raw_service(*[record, 412] * 20)

    run_offline("enrollment-group update --gid g --tags a=b", expect=5)

    assert service.methods == ["GET", "PUT"] * 11
    assert len(waits) == 10
    assert max(waits) <= 2
    assert len(set(waits)) == 10
