"""A save is whole or not there, leaves other files alone, and what is damaged is named."""

import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest

from inlay.core import storage
from inlay.core.description import describe
from inlay.core.errors import DataError


def save(folder, value):
    storage.write(folder, describe(value))


def load(folder, mmap=False):
    found = storage.read(folder, mmap=mmap)
    return {name.partition(".")[2]: array for name, array in found.arrays.items()}


ARRAYS = {
    "scalar": np.array(1.5, np.float32),
    "empty": np.empty((0, 3), np.float16),
    "columns": np.asfortranarray(np.arange(6, dtype=np.int16).reshape(2, 3)),
    "big": np.arange(4, dtype=">u4"),
    "bits": np.array([True, False, True]),
    "large": np.random.default_rng(0).random((100, 7)),
    "byte": np.array([255], np.uint8),
}


@pytest.mark.parametrize("mmap", [False, True])
def test_arrays_come_back(tmp_path, mmap):
    save(tmp_path / "a", ARRAYS)
    back = load(tmp_path / "a", mmap)
    assert back.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        assert back[name].shape == array.shape
        assert back[name].dtype == array.dtype.newbyteorder("<")
        assert np.array_equal(back[name], array)
        assert back[name].flags.writeable is not mmap


def test_only_own_files_are_replaced_and_none_pile_up(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "arrays-of-mine.safetensors").write_text("mine too")
    (tmp_path / "saving-00000000.part").mkdir()
    (tmp_path / "saving-00000000.part" / ".tmp123").write_text("left by a killed save")
    for value in (ARRAYS, {"x": np.ones(2)}, {"x": np.zeros(3)}):
        save(tmp_path, value)
    names = {p.name for p in tmp_path.iterdir()}
    assert len(names) == 4
    assert {"notes.txt", "arrays-of-mine.safetensors", "method.json"} < names
    save(tmp_path, {"x": 1})
    assert {p.name for p in tmp_path.iterdir()} == {"notes.txt", "arrays-of-mine.safetensors", "method.json"}


def test_others_may_read_what_the_umask_allows(tmp_path):
    save(tmp_path / "a", ARRAYS)
    (tmp_path / "plain").touch()
    want = (tmp_path / "plain").stat().st_mode
    assert {file.stat().st_mode for file in (tmp_path / "a").iterdir()} == {want}


@pytest.mark.parametrize("step", ["write_text", "save_file", "copymode", "replace"])
def test_a_save_that_fails_leaves_the_old_one(tmp_path, monkeypatch, step):
    save(tmp_path / "a", {"x": np.arange(3)})

    def fail(*_, **__):
        raise OSError(28, "No space left on device")

    home = {"write_text": storage.Path, "save_file": storage.safetensors, "copymode": shutil, "replace": storage.Path}
    with monkeypatch.context() as patch:
        patch.setattr(home[step], step, fail)
        with pytest.raises(OSError, match="No space"):
            save(tmp_path / "a", {"x": np.arange(9)})
    assert load(tmp_path / "a")["x"].tolist() == [0, 1, 2]
    assert len(list((tmp_path / "a").iterdir())) == 2


def test_full_disk_as_safetensors_tells_it(tmp_path, monkeypatch):
    def fail(*_):
        raise storage.SafetensorError("I/O error: No space left on device")

    monkeypatch.setattr(storage.safetensors, "save_file", fail)
    with pytest.raises(DataError, match=r"cannot be written: .*No space"):
        save(tmp_path / "a", ARRAYS)


SAVER = """
import os, signal, sys, time
import numpy as np
from pathlib import Path
from inlay.core import storage
from inlay.core.description import describe

folder = Path(sys.argv[1])

def save_forever(told):
    n = 0
    while True:
        n += 1
        storage.write(folder, describe({"x": np.full(200_000, n), "n": n}))
        os.write(told, b"%d " % n)

def check():
    found = storage.read(folder)
    (x,) = found.arrays.values()
    assert (x == found.tree["n"]).all()
    return found.tree["n"]

def start():
    out, told = os.pipe()
    pid = os.fork()
    if not pid:
        save_forever(told)
    os.close(told)
    numbers = os.read(out, 1)
    return pid, out, numbers

def end(pid, out, numbers):
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    while more := os.read(out, 9999):
        numbers += more
    return int(numbers.split()[-1])
"""


def run(code, folder):
    done = subprocess.run(
        [sys.executable, "-c", SAVER + code, str(folder)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_killed_save_leaves_the_old_one_or_the_new_one(tmp_path):
    code = """
for delay in np.random.default_rng(1).uniform(0, 0.03, 25):
    child = start()
    time.sleep(delay)
    told = end(*child)
    assert check() in (told, told + 1)
"""
    run(code, tmp_path / "a")
    save(tmp_path / "a", {"x": np.ones(1)})
    assert len(list((tmp_path / "a").iterdir())) == 2


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_reading_while_another_process_saves(tmp_path):
    run("child = start()\nfor _ in range(100): check()\nend(*child)\n", tmp_path / "a")


def test_a_save_between_the_two_files_is_noticed(tmp_path, monkeypatch):
    save(tmp_path, {"x": np.zeros(1)})
    load_file, times = storage.safetensors.load_file, []

    def late(file):
        if not times:
            times.append(save(tmp_path, {"x": np.ones(1)}))
        return load_file(file)

    monkeypatch.setattr(storage.safetensors, "load_file", late)
    assert load(tmp_path)["x"].tolist() == [1.0]


def test_nothing_there(tmp_path):
    with pytest.raises(DataError, match=r"holds no saved object: .*method.json is missing"):
        storage.read(tmp_path / "gone")
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="holds no saved object"):
        storage.read(tmp_path / "file")
    with pytest.raises(DataError, match="is a file; choose another path"):
        save(tmp_path / "file", 1)
    with pytest.raises(DataError, match="is a file; choose another path"):
        save(tmp_path / "file" / "below", 1)


@pytest.mark.parametrize("mmap", [False, True])
@pytest.mark.parametrize("cut", [0, 4, 40, 500, -1])
def test_cut_arrays_are_named(tmp_path, cut, mmap):
    save(tmp_path, ARRAYS)
    (file,) = tmp_path.glob("*.safetensors")
    file.write_bytes(file.read_bytes()[:cut])
    with pytest.raises(DataError, match="is damaged"):
        storage.read(tmp_path, mmap=mmap)


@pytest.mark.parametrize("mmap", [False, True])
def test_arrays_that_are_gone_or_lie_elsewhere(tmp_path, mmap):
    save(tmp_path / "a", ARRAYS)
    save(tmp_path / "b", ARRAYS)
    (file,) = (tmp_path / "a").glob("*.safetensors")
    file.unlink()
    with pytest.raises(DataError, match=r"is damaged: .*safetensors is missing"):
        storage.read(tmp_path / "a", mmap=mmap)
    (other,) = (tmp_path / "b").glob("*.safetensors")
    head = json.loads((tmp_path / "a" / "method.json").read_text())
    (tmp_path / "a" / "method.json").write_text(json.dumps({**head, "arrays": f"../b/{other.name}"}))
    with pytest.raises(DataError, match="outside of the folder"):
        storage.read(tmp_path / "a", mmap=mmap)


@pytest.mark.parametrize("mmap", [False, True])
@pytest.mark.parametrize(
    "header",
    [
        {"x": {"dtype": "F32", "shape": [4], "data_offsets": [0, 160]}},
        {"x": {"dtype": "F32", "shape": [4], "data_offsets": [-16, 0]}},
        {"x": {"dtype": "F32", "shape": [5], "data_offsets": [0, 16]}},
        {"x": {"dtype": "F31", "shape": [4], "data_offsets": [0, 16]}},
        {"x": {"dtype": "BF16", "shape": [8], "data_offsets": [0, 16]}},
        {"x": 3},
        [],
    ],
)
def test_arrays_with_a_wrong_header(tmp_path, header, mmap):
    save(tmp_path, {"x": np.ones(4, np.float32)})
    (file,) = tmp_path.glob("*.safetensors")
    text = json.dumps(header).encode()
    file.write_bytes(len(text).to_bytes(8, "little") + text + bytes(16))
    with pytest.raises(DataError, match="is damaged"):
        storage.read(tmp_path, mmap=mmap)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is damaged"),
        ("{", "is damaged"),
        ("[]", "is damaged"),
        ("{}", "is damaged"),
        ('{"format": "1", "arrays": null, "object": 1}', "is damaged"),
        ('{"format": 1, "arrays": 3, "object": 1}', "is damaged"),
        ("[" * 100_000, "is damaged"),
        ('{"format": 99, "inlay": "7.0"}', r"newer Inlay \(7.0\); upgrade"),
    ],
)
def test_damaged_json(tmp_path, text, message):
    (tmp_path / "method.json").write_text(text)
    with pytest.raises(DataError, match=message):
        storage.read(tmp_path)


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() == 0, reason="the superuser may write everywhere")
def test_a_folder_that_cannot_be_written(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(PermissionError):
        save(tmp_path / "a", 1)
