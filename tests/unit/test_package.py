"""The sealed package: whoever tries to slip something in, or to take something out, is refused."""

import io
import json
import shutil
import tarfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from anonymize.manifest import Manifest
from anonymize.outputs import output_schema
from anonymize.package import open_package, opening, public_key, seal, sealing, signing, signing_key
from schemas.contract import Table
from schemas.errors import PackageError, SettingsError
from tests.contracts import contract
from tests.crashes import killed_everywhere
from tests.unit.test_policy import decided

CANARY = "Canary-Quillfeather"
CLIENT = Table(
    "Client",
    (
        decided(
            "PersonalID", "pseudonym", {"domain": "client"}, output="client_token", primary_key=True
        ),
        decided("ZIP", "zip3", output="zip3"),
        decided(
            "Race", "recode", {"codes": "zip3_restricted", "column": "label", "separator": ";"}
        ),
        decided("Entry", "period", {"to": "month"}),
    ),
)
CONTRACT = contract(CLIENT, Table("Exit", (decided("x", "keep"),)))
GATE = {"checked": True, "texts": 0, "values": 12, "identifiers": 0, "hits": 0}
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
TRUSTED = {"node-1": public_key(KEY)}
MANIFEST = Manifest(
    delivery_id="d1",
    node="node-1",
    agency=CONTRACT.agency,
    contract=CONTRACT.name,
    contract_version=CONTRACT.version,
    contract_digest=CONTRACT.digest,
    codes_digest="c" * 64,
    key_epoch=CONTRACT.key_epoch,
    code_version="0.1.0",
    plaintext_sha256="f" * 64,
    status="partial",
    scope={"full_refresh": False},
    report={"tables": {"Client": {"accepted": 3}}, "gate": GATE},
    created="2026-03-01T12:00:00+00:00",
)
ROWS = pa.table(
    {
        "client_token": ["a" * 32, "b" * 32, "c" * 32],
        "zip3": ["941", "000", None],
        "Race": [["ZIP codes 036xx"], None, ["ZIP codes 036xx", "ZIP codes 059xx"]],
        "Entry": [None, None, None],
    },
    schema=output_schema(CLIENT),
)


@pytest.fixture
def outgoing(tmp_path):
    return fill(tmp_path / "out", ROWS)


def fill(outgoing, rows):
    for name, part in (("p00000", rows.slice(0, 2)), ("p00001", rows.slice(2))):
        put(outgoing / f"tables/Client/{name}.parquet", part)
    put(outgoing / "tables/Exit/p00000.parquet", pa.table({"x": pa.array([], pa.string())}))
    put(outgoing / "withheld/Client/p00000.parquet", pa.table({"client_token": ["d" * 32]}))
    return outgoing


def put(path, table):
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path)


def sealed(outgoing, tmp_path, manifest=MANIFEST, key=KEY, agreed=CONTRACT):
    return seal(outgoing, tmp_path / "inbox", manifest, agreed, key)


def opened(path, trusted=TRUSTED, agreed=CONTRACT, delivery_id="d1"):
    return open_package(path, trusted, agreed, delivery_id)


def refused(path, **given):
    with pytest.raises(PackageError) as error:
        opened(path, **given)
    assert CANARY not in str(error.value)
    return str(error.value)


# --- an honest package ---


def test_what_was_sealed_comes_out(outgoing, tmp_path):
    path = sealed(outgoing, tmp_path)
    found = opened(path)
    assert path.name == "d1.tar"
    assert pa.Table.from_batches(found.read("Client")).equals(ROWS)
    assert [b.num_rows for b in found.read("Exit")] in ([], [0])
    assert list(found.read("Nothing")) == list(found.withheld("Exit")) == []
    assert pa.Table.from_batches(found.withheld("Client")).to_pydict() == {
        "client_token": ["d" * 32]
    }
    assert found.manifest.model_copy(update={"files": ()}) == MANIFEST
    assert sum(member.rows for member in found.manifest.files if member.kind == "tables") == 3


def test_the_same_delivery_gives_the_same_bytes(outgoing, tmp_path):
    first = sealed(outgoing, tmp_path).read_bytes()
    for path in outgoing.rglob("*.parquet"):
        path.touch()
    assert sealed(outgoing, tmp_path).read_bytes() == first


def test_a_refused_delivery_is_a_package_without_tables(outgoing, tmp_path):
    manifest = MANIFEST.model_copy(
        update={"status": "refused", "report": {"rules": [{"code": "X"}]}}
    )
    found = opened(sealed(outgoing, tmp_path, manifest))
    assert found.manifest.files == ()
    assert list(found.read("Client")) == []
    assert found.manifest.report == {"rules": [{"code": "X"}]}


def test_a_delivery_without_rows_can_be_sealed(tmp_path):
    manifest = MANIFEST.model_copy(update={"report": {"tables": {}, "gate": GATE}})
    assert opened(sealed(tmp_path / "nothing", tmp_path, manifest)).manifest.files == ()


def test_leftovers_of_a_stopped_write_are_not_packed(outgoing, tmp_path):
    (outgoing / "tables/Client/.p00002.parquet.abc.partial").write_bytes(b"x")
    (outgoing / "tables/Client/.p00002.parquet").write_bytes(b"x")
    assert len(opened(sealed(outgoing, tmp_path)).manifest.files) == 4


# --- sealing ---


@pytest.mark.parametrize("lost", ["tables/Client/p00001.parquet", "tables/Client"])
def test_a_lost_partition_is_not_sealed(outgoing, tmp_path, lost):
    path = outgoing / lost
    path.unlink() if path.is_file() else shutil.rmtree(path)
    with pytest.raises(PackageError, match="rows of Client differ"):
        sealed(outgoing, tmp_path)


def test_a_doubled_partition_is_not_sealed(outgoing, tmp_path):
    put(outgoing / "tables/Client/p00009.parquet", ROWS)
    with pytest.raises(PackageError, match="rows of Client differ"):
        sealed(outgoing, tmp_path)


def test_a_table_of_no_contract_is_not_sealed(outgoing, tmp_path):
    put(outgoing / "tables/Raw/p00000.parquet", ROWS)
    with pytest.raises(PackageError, match="rows of Raw differ"):
        sealed(outgoing, tmp_path)


def test_a_strange_file_is_not_sealed(outgoing, tmp_path):
    put(outgoing / "raw/Client/p00000.parquet", ROWS)
    with pytest.raises(PackageError, match="no table of a delivery"):
        sealed(outgoing, tmp_path)


def test_killed_at_any_step_leaves_the_old_package_or_the_new(outgoing, tmp_path):
    path = tmp_path / "inbox/d1.tar"
    later = MANIFEST.model_copy(update={"created": "2026-03-02T12:00:00+00:00"})
    seen = set()
    for _ in killed_everywhere(
        lambda: sealed(outgoing, tmp_path), lambda: sealed(outgoing, tmp_path, later)
    ):
        seen.add(opened(path).manifest.created)
    assert seen == {MANIFEST.created, later.created}


def test_signing_key_is_a_secret_file(tmp_path):
    path = tmp_path / "key"
    path.write_bytes(bytes(range(32)))
    path.chmod(0o644)
    with pytest.raises(SettingsError, match="open to others"):
        signing_key(path)
    path.chmod(0o600)
    assert public_key(signing_key(path)) == public_key(KEY)
    path.write_bytes(KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    with pytest.raises(SettingsError, match="not PEM"):
        signing_key(path)


# --- the leak gate ---

NO_GATE = [
    None,
    {},
    {**GATE, "checked": False},
    {**GATE, "checked": 1},
    {**GATE, "hits": 1},
    {**GATE, "texts": -1},
    {**GATE, "texts": True},
    {**GATE, "note": 0},
    {name: count for name, count in GATE.items() if name != "values"},
]


@pytest.mark.parametrize("line", NO_GATE)
def test_what_did_not_pass_the_gate_is_not_sealed(outgoing, tmp_path, line):
    manifest = MANIFEST.model_copy(update={"report": {**MANIFEST.report, "gate": line}})
    with pytest.raises(PackageError, match="leak gate"):
        sealed(outgoing, tmp_path, manifest)
    assert not (tmp_path / "inbox").exists()


@pytest.mark.parametrize("line", NO_GATE)
def test_what_did_not_pass_the_gate_is_not_taken(outgoing, tmp_path, monkeypatch, line):
    """Sealed by a node whose code lacks the gate, or says that it found something."""
    manifest = MANIFEST.model_copy(update={"report": {**MANIFEST.report, "gate": line}})
    with monkeypatch.context() as patched:
        patched.setattr(sealing, "require_gate", lambda _: None)
        path = sealed(outgoing, tmp_path, manifest)
    assert "leak gate" in refused(path)


# --- a package someone tampered with ---


def members(path):
    with tarfile.open(path) as tar:
        return {m.name: tar.extractfile(m).read() for m in tar}


def pack(path, content, edit=lambda header: header):
    """A tar file as ``seal`` writes it, out of anything."""
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as tar:
        for name, data in content.items():
            header = tarfile.TarInfo(name)
            header.size, header.mode = len(data), 0o440
            header = edit(header)
            tar.addfile(header, io.BytesIO(data) if header.isreg() else None)
    return path


def parquet(table, **options):
    buffer = io.BytesIO()
    pq.write_table(table, buffer, **options)
    return buffer.getvalue()


def resigned(content, key=KEY, **changes):
    """The insider's attack: everything hashed and signed anew by a trusted node's key."""
    import hashlib

    manifest = json.loads(content["manifest.json"])
    for entry in manifest["files"]:
        data = content[entry["path"]]
        entry |= {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    signed = json.dumps(manifest | changes).encode()
    signature = key.sign(signing.CONTEXT + signed)
    return {**content, "manifest.json": signed, "manifest.sig": signature}


@pytest.fixture
def path(outgoing, tmp_path):
    return sealed(outgoing, tmp_path)


FIRST = "tables/Client/p00000.parquet"


def test_repacking_alone_is_not_what_is_refused(path):
    assert opened(pack(path, members(path))).manifest.delivery_id == "d1"
    assert opened(pack(path, resigned(members(path)))).manifest.delivery_id == "d1"


def test_changed_manifest(path):
    content = members(path)
    content["manifest.json"] = content["manifest.json"].replace(b'"partial"', b'"accepted"')
    assert "not signed" in refused(pack(path, content))


def test_changed_signature(path):
    content = members(path)
    content["manifest.sig"] = bytes(64)
    assert "not signed" in refused(pack(path, content))
    content["manifest.sig"] = b""
    assert "not signed" in refused(pack(path, content))


def test_another_node_s_key(path):
    assert "not signed" in refused(path, trusted={"node-1": bytes(range(32))})
    assert "not signed" in refused(path, trusted={})


def test_a_trusted_node_under_another_s_name(path):
    assert "not signed" in refused(path, trusted={"node-2": public_key(KEY)})


def test_replayed_under_another_delivery_id(path, tmp_path):
    copy = shutil.copy(path, tmp_path / "d2.tar")
    assert "delivery_id" in refused(copy, delivery_id="d2")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("digest", "1" * 64),
        ("version", "2.0.0"),
        ("agency", "another_agency"),
        ("name", "test_agency.other"),
        ("key_epoch", "2027"),
    ],
)
def test_sealed_under_another_contract(path, name, value):
    from dataclasses import replace

    refused(path, agreed=replace(CONTRACT, **{name: value}))


def test_swapped_table_files(path):
    content = members(path)
    second = "tables/Client/p00001.parquet"
    content[FIRST], content[second] = content[second], content[FIRST]
    assert "changed after it was sealed" in refused(pack(path, content))


def test_changed_table_file(path):
    content = members(path)
    content[FIRST] = parquet(ROWS.slice(1, 2))
    assert "changed after it was sealed" in refused(pack(path, content))


@pytest.mark.parametrize("place", [10, 200, -10])
def test_changed_byte_in_a_table_file(path, place):
    content = members(path)
    changed = bytearray(content[FIRST])
    changed[place] ^= 1
    assert "changed after it was sealed" in refused(pack(path, {**content, FIRST: bytes(changed)}))


def test_missing_and_additional_files(path):
    content = members(path)
    assert "lacks a file" in refused(pack(path, {k: v for k, v in content.items() if k != FIRST}))
    extra = {**content, "tables/Client/p00009.parquet": content[FIRST]}
    assert "lacks a file" in refused(pack(path, extra))


def test_the_same_file_twice(path):
    content = members(path)
    with tarfile.open(path, "a") as tar:
        header = tarfile.TarInfo(FIRST)
        header.size = len(content[FIRST])
        tar.addfile(header, io.BytesIO(content[FIRST]))
    assert "no package has" in refused(path)


@pytest.mark.parametrize(
    "name",
    ["/etc/passwd", "../evil.parquet", "tables/../../evil.parquet", "tables/Client/../x.parquet",
     "./tables/Client/p00000.parquet", "notes.txt", "tables/Client/p00000.csv"],
)  # fmt: skip
def test_member_that_leads_elsewhere(path, name):
    assert "no package has" in refused(pack(path, {**members(path), name: b"x"}))


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE]
)
def test_member_that_is_no_plain_file(path, kind):
    def edit(header):
        if header.name == FIRST:
            header.type, header.linkname, header.size = kind, "/etc/passwd", 0
        return header

    assert "no package has" in refused(pack(path, members(path), edit))


def test_members_in_another_order(path):
    content = members(path)
    turned = {name: content[name] for name in reversed(content)}
    assert "no package has" in refused(pack(path, turned))


@pytest.mark.parametrize("share", [0, 0.01, 0.2, 0.5, 0.9, 0.999])
def test_cut_package(path, share):
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    refused(path)


def test_package_that_goes_on_after_its_end(path):
    content = path.read_bytes()
    path.write_bytes(content + CANARY.encode())
    refused(path)
    path.write_bytes(content[:-20] + b"Canary-Quillfeather!")
    refused(path)
    path.write_bytes(content + bytes(tarfile.RECORDSIZE))
    refused(path)


def test_compressed_package(path):
    import gzip

    path.write_bytes(gzip.compress(path.read_bytes()))
    refused(path)


def test_no_package_at_all(path, tmp_path):
    refused(tmp_path / "absent.tar")
    path.write_bytes(b"")
    refused(path)
    path.write_bytes(b"PK\x03\x04" + bytes(5000))
    refused(path)


def test_too_large_manifest_is_not_read(path, monkeypatch):
    monkeypatch.setattr(opening, "MAX_MANIFEST_BYTES", 100)
    assert "larger than any" in refused(path)


# --- a package that a trusted node sealed wrongly ---

WRONG = {
    "raw column added": lambda: parquet(
        ROWS.slice(0, 2).append_column("LastName", [[CANARY, CANARY]])
    ),
    "column missing": lambda: parquet(ROWS.slice(0, 2).drop_columns(["zip3"])),
    "columns in another order": lambda: parquet(
        ROWS.slice(0, 2).select(["zip3", "client_token", "Race", "Entry"])
    ),
    "column of another type": lambda: parquet(
        ROWS.slice(0, 2).set_column(1, "zip3", pa.array([94103, 94110]))
    ),
    "rows in the metadata": lambda: parquet(
        ROWS.slice(0, 2).replace_schema_metadata({"note": CANARY})
    ),
    "more rows than stated": lambda: parquet(ROWS),
    "no Parquet": lambda: CANARY.encode() * 20,
    "cut Parquet": lambda: parquet(ROWS)[:-9],
}


@pytest.mark.parametrize("kind", WRONG)
def test_a_file_that_is_not_the_de_identified_table(path, kind):
    content = resigned({**members(path), FIRST: WRONG[kind]()})
    assert "not the de-identified table" in refused(pack(path, content))


def test_an_encrypted_raw_file_is_refused(path, tmp_path):
    from connectors.zones.raw import RawZone

    (tmp_path / "raw/d1").mkdir(parents=True)
    with RawZone(tmp_path / "raw", "d1", bytes(range(32))).writer("Client", ROWS.schema) as writer:
        writer.write(ROWS.to_batches()[0])
    content = {**members(path), FIRST: (tmp_path / "raw/d1/Client.parquet").read_bytes()}
    assert "not the de-identified table" in refused(pack(path, resigned(content)))


def test_raw_values_in_columns_of_the_right_names(path):
    raw = ROWS.slice(0, 2).set_column(0, "client_token", pa.array([CANARY, "b" * 32]))
    found = opened(pack(path, resigned({**members(path), FIRST: parquet(raw)})))
    with pytest.raises(
        PackageError, match=r"Client\.client_token does not look de-identified"
    ) as error:
        list(found.read("Client"))
    assert CANARY not in str(error.value)


def test_raw_values_among_withheld_keys(path):
    name = "withheld/Client/p00000.parquet"
    raw = parquet(pa.table({"client_token": [CANARY]}))
    found = opened(pack(path, resigned({**members(path), name: raw})))
    with pytest.raises(PackageError, match="not tokens"):
        list(found.withheld("Client"))


def test_tables_in_a_refused_delivery(path):
    content = resigned(members(path), status="refused")
    assert "must not hold tables" in refused(pack(path, content))


def test_a_table_the_contract_does_not_name(path):
    table = Table("Other", CLIENT.fields)
    assert "does not name" in refused(path, agreed=contract(table))


@pytest.mark.parametrize(
    "changes", [{"version": 2}, {"status": "fine"}, {"extra": 1}, {"created": None}, {"files": 7}]
)
def test_a_manifest_of_another_kind(path, changes):
    assert "not one this hub understands" in refused(pack(path, resigned(members(path), **changes)))


def test_a_file_listed_under_another_table(path):
    manifest = json.loads(members(path)["manifest.json"])
    manifest["files"][0]["table"] = "Exit"
    content = resigned(members(path), files=manifest["files"])
    refused(pack(path, content))
