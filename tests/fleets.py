"""Random fleets that a service takes: every field, each there, null or absent, and every proof."""

import base64
from functools import cache
from pathlib import Path

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from issuing import make_certificate

from dpsctl.manifests.fields import GROUP, INDIVIDUAL, KINDS, field_at
from dpsctl.manifests.fleet import Wanted

KEYS = [base64.b64encode(bytes([letter]) * 32).decode() for letter in b"abcd"]
ENDORSEMENT_KEYS = [
    (Path(__file__).parent / "data" / f"{name}.txt").read_text().strip()
    for name in ("endorsement-key", "other-endorsement-key")
]
IDS = [(GROUP, f"line-{n}") for n in range(3)] + [(INDIVIDUAL, f"pump-{n}") for n in range(5)]
SERVICE = settings(
    deadline=None,
    max_examples=30,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # to shrink takes minutes of requests
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


@cache
def certificates(kind_name):
    """Three certificates that a kind takes: of CAs for groups, of devices for individuals."""
    is_group = kind_name == GROUP.name
    return [
        make_certificate(f"made-{n}", ca=is_group, days=400).pem.decode().replace("\n", "\r\n", n)
        for n in range(3)
    ]


def maybe(value):
    return st.none() | value


def some(**members):
    """Objects with any of *members*."""
    return st.fixed_dictionaries({}, optional=members)


def one_of(*values):
    return st.sampled_from(values)


VALUES = one_of(1, True, None, "x", [1], {"b": [None, {}]}, 0.5, "é\u2028")
TAGS = st.dictionaries(one_of("a", "b", "version"), VALUES, max_size=2)
FIELDS = {
    "provisioningStatus": one_of("enabled", "disabled"),
    "capabilities": some(iotEdge=maybe(st.booleans())),
    "reprovisionPolicy": some(
        migrateDeviceData=maybe(st.booleans()), updateHubAssignment=maybe(st.booleans())
    ),
    "allocationPolicy": one_of("hashed", "geoLatency", "static", "custom"),
    "iotHubs": st.lists(one_of("a.x", "b.x", "B.x"), max_size=2),
    "initialTwin": some(tags=maybe(TAGS), properties=maybe(some(desired=maybe(TAGS)))),
    "customAllocationDefinition": some(
        webhookUrl=one_of("https://f.x/a?code=1", "https://f.x/b"),
        apiVersion=one_of("2019-03-31", "2021-10-01"),
    ),
    "future": one_of({}, {"x": None}, [], 7, {"$x": {"$env": "HOME"}}),
}
OF_INDIVIDUALS = {
    "deviceId": one_of("d1", "D1"),
    "optionalDeviceInformation": TAGS,
}


def attestations(kind):
    keys = some(primaryKey=st.sampled_from(KEYS), secondaryKey=st.sampled_from(KEYS))
    by_key = st.fixed_dictionaries({"type": st.just("symmetricKey"), "symmetricKey": keys})
    names = st.fixed_dictionaries(
        {"primary": one_of("ca-1", "ca-2")}, optional={"secondary": maybe(one_of("ca-1", "ca-2"))}
    )
    slot = st.integers(0, 2).map(lambda n: {"certificate": certificates(kind.name)[n]})
    slots = st.fixed_dictionaries({"primary": slot}, optional={"secondary": maybe(slot)})
    ways = [st.fixed_dictionaries({"caReferences": names})]
    ways += [st.fixed_dictionaries({kind.certificates: slots})]
    by_certificate = st.fixed_dictionaries({"type": st.just("x509"), "x509": st.one_of(ways)})
    found = [by_key, by_key, by_certificate]
    if kind is INDIVIDUAL:
        tpm = st.fixed_dictionaries({"endorsementKey": st.sampled_from(ENDORSEMENT_KEYS)})
        found.append(st.fixed_dictionaries({"type": st.just("tpm"), "tpm": tpm}))
    return st.one_of(found)


def bodies(kind):
    fields = FIELDS | (OF_INDIVIDUALS if kind is INDIVIDUAL else {})
    optional = {name: maybe(value) for name, value in fields.items()}
    return st.fixed_dictionaries({"attestation": attestations(kind)}, optional=optional)


def record(kind, record_id):
    return st.tuples(st.just(kind.name), st.just(record_id), bodies(kind), st.booleans())


_RECORDS = [record(*one) for one in IDS]
# Kinds are named here: hypothesis would write the whole table of fields for each of them.
FLEETS = st.lists(st.sampled_from(range(len(IDS))), unique=True).flatmap(
    lambda chosen: st.tuples(*(_RECORDS[index] for index in chosen))
)
# The same records twice: as they are, and as they shall be.
HISTORIES = st.lists(st.sampled_from(range(len(IDS))), unique=True, min_size=2).flatmap(
    lambda chosen: st.tuples(
        st.tuples(*(_RECORDS[index] for index in chosen)),
        st.tuples(*(_RECORDS[index] for index in chosen)),
    )
)


def wanted(records, *, exact=True):
    """Make the records that hypothesis has drawn; without *exact* none of them is."""
    return [
        Wanted(
            KINDS[name],
            record_id,
            {KINDS[name].id_field: record_id, **body},
            "f:1",
            exact and is_exact,
        )
        for name, record_id, body, is_exact in records
    ]


def leaves_of(fields, value, above=()):
    """Every value of a record with its path and field, objects with members opened."""
    for name, part in value.items():
        field = field_at(fields, name)
        if field.members is not None and isinstance(part, dict):
            yield from leaves_of(field.members, part, (*above, name))
        else:
            yield (*above, name), field, part
