import datetime
import decimal
import struct

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

TABLE = pa.table(
    {
        "id": pa.array([10, 11, None]),
        "text": ["one", "two", "three"],
        "n": pa.array([1, None, 3], pa.int8()),
        "x": [0.5, float("nan"), float("inf")],
        "price": [decimal.Decimal("1.50")] * 3,
        "when": [datetime.datetime(2024, 5, 1, 12)] * 3,
        "day": [datetime.date(2024, 5, 1)] * 3,
        "tags": [["a"], [], ["b", "c"]],
        "vector": pa.array([[0.1, 0.2]] * 3, pa.list_(pa.float32(), 2)),
        "image": [b"\0"] * 3,
        "label": pa.array(["p", "q", "p"]).dictionary_encode(),
    }
)
FIELDS = {
    "n": 1,
    "x": 0.5,
    "price": 1.5,
    "when": "2024-05-01T12:00:00",
    "day": "2024-05-01",
    "tags": '["a"]',
    "label": "p",
}


def write(path, table):
    if path.suffix == ".parquet":
        pq.write_table(table, path, row_group_size=500)
    else:
        open_writer = pa.ipc.new_stream if path.suffix == ".ipc" else pa.ipc.new_file
        with open_writer(str(path), table.schema) as writer:
            writer.write_table(table)


@pytest.mark.parametrize("name", ["x.parquet", "x.arrow", "x.feather", "x.ipc"])
def test_rows_become_records(read_file, tmp_path, name):
    write(tmp_path / name, TABLE)
    records, problems = read_file(name)
    assert not problems
    assert [(r.id, r.text) for r in records[:2]] == [("10", "one"), ("11", "two")]
    assert records[2].id.endswith(f"{name}:3")
    assert dict(records[0].fields) == FIELDS
    assert set(FIELDS) - set(records[1].fields) == {"n", "x", "tags"}


@pytest.mark.parametrize("name", ["x.parquet", "x.arrow", "x.ipc"])
@pytest.mark.parametrize("part", [0.0, 0.3, 0.9])
def test_damaged_files(read_file, tmp_path, name, part):
    write(tmp_path / name, pa.table({"text": [f"text {n}" * 20 for n in range(5000)]}))
    content = (tmp_path / name).read_bytes()
    records, problems = read_file(name, content[: max(9, int(len(content) * part))])
    assert len(records) < 5000
    assert "damaged or cut short" in problems[-1].message


@pytest.mark.parametrize("name", ["x.parquet", "x.arrow", "x.ipc"])
def test_bytes_that_are_not_utf8(read_file, tmp_path, name):
    buffers = [None, pa.py_buffer(struct.pack("<ii", 0, 2)), pa.py_buffer(b"\xff\xfe")]
    write(tmp_path / name, pa.table({"text": pa.Array.from_buffers(pa.string(), 1, buffers)}))
    records, [problem] = read_file(name)
    assert not records
    assert "damaged" in problem.message


@pytest.mark.parametrize("name", ["x.arrow", "x.ipc"])
def test_offsets_that_lead_out_of_the_buffer_are_not_followed(read_file, tmp_path, name):
    write(tmp_path / name, pa.table({"text": ["a" * 1111, "b" * 2222]}))
    content = (tmp_path / name).read_bytes()
    offsets = struct.pack("<iii", 0, 1111, 3333)
    assert content.count(offsets) == 1
    records, [problem] = read_file(name, content.replace(offsets, struct.pack("<iii", 0, 1 << 30, 3333)))
    assert not records
    assert "damaged" in problem.message


@pytest.mark.parametrize("name", ["x.parquet", "x.arrow"])
def test_tables_without_text(read_file, tmp_path, name):
    write(tmp_path / name, pa.table({"a": ["x"], "b": ["y"], "v": [b"z"]}))
    records, [problem] = read_file(name)
    assert not records
    assert "'a', 'b'" in problem.message
    [record], _ = read_file(name, text=["b"])
    assert (record.text, dict(record.fields)) == ("y", {"a": "x"})


def test_empty_table(read_file, tmp_path):
    write(tmp_path / "x.parquet", TABLE.slice(0, 0))
    assert [p.message for p in read_file("x.parquet")[1]] == ["there are no records in it"]
