"""LanceIVFPQ finds nearly all in its lists, all that a filter allows, and the version that was saved."""

import copy
import shutil
import subprocess
import sys

import lance
import numpy as np
import pyarrow as pa
import pytest
import servers

from inlay.core.errors import DataError, ParameterError, ShapeError
from inlay.core.vectors import normalize, product_top_k
from inlay.indexes.engines import LanceIVFPQ

DIM = 16


def sample(n, seed):
    """Vectors in clusters, as those of texts are."""
    rng = np.random.default_rng(seed)
    centres = np.random.default_rng(99).standard_normal((40, DIM))
    return normalize(centres[rng.integers(0, 40, n)] + 0.6 * rng.standard_normal((n, DIM)))


X, Q = sample(3000, 0), sample(30, 1)


def listed(path, **parameters):
    return LanceIVFPQ(path, exact_below=256, n_lists=20, n_subvectors=4, **parameters)


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    return listed(tmp_path_factory.mktemp("lance") / "x.lance", n_probes=8).fit(X)


def same(hits, want):
    assert np.array_equal(hits.ids, want.ids)
    assert np.array_equal(hits.scores, want.scores)


def recall(found, exact):
    return np.mean([len(set(a) & set(b)) / len(b) for a, b in zip(found.ids, exact.ids, strict=True)])


def test_few_rows_are_compared_one_by_one(tmp_path):
    index = LanceIVFPQ(tmp_path / "x.lance").fit(X[:600])
    same(index.search(Q, 10), product_top_k(Q, X[:600], 10))
    same(index.search(Q, 700), product_top_k(Q, X[:600], 700))
    rows = np.arange(0, 600, 7)
    same(index.search(Q, 10, where=rows), product_top_k(Q, X, 10, rows=rows))


def test_lists_find_nearly_all_and_more_lists_and_rows_more(index, monkeypatch):
    monkeypatch.setattr("inlay.indexes.engines.lance_ivfpq.REFINED", 1)
    assert index._held().has_index
    want, found = product_top_k(Q, X, 10), []
    for n_probes, refine in ((1, 1), (8, 1), (8, 20), (20, 100)):
        found.append(recall(index.set_params(n_probes=n_probes, refine=refine).search(Q, 10), want))
    index.set_params(n_probes=8, refine=10)
    assert found[0] < found[1] < found[2] <= found[3]
    assert found[3] > 0.99


def test_a_hit_scores_as_in_exact_search(index):
    hits = index.search(Q, 5)
    assert np.array_equal(hits.scores, np.vecdot(X[hits.ids], Q[:, None]))


@pytest.mark.parametrize("share", [0.9, 0.7])
def test_many_allowed_rows_are_looked_for_within_the_lists(index, share):
    far = np.sort(np.argsort(X @ Q[0])[: int(share * 3000)])  # none of the nearest
    want = product_top_k(Q, X, 10, rows=far)
    hits = index.set_params(n_probes=20, refine=40).search(Q, 10, where=far)
    index.set_params(n_probes=8, refine=10)
    assert np.isin(hits.ids, far).all()
    assert recall(hits, want) > 0.95


def test_a_query_that_finds_too_few_compares_all(index):
    index.n_probes = 1
    hits = index.search(Q, 1500)
    index.n_probes = 8
    same(hits, product_top_k(Q, X, 1500))


def test_equal_rows_stand_by_number_beyond_the_last_place(tmp_path):
    index = LanceIVFPQ(tmp_path / "ties").fit(np.concatenate([X[:1]] * 60 + [X[1:5]]))
    assert index.search(X[:1], 7).ids.tolist() == [list(range(7))]


def test_the_same_seed_gives_the_same_lists(index, tmp_path):
    again = listed(tmp_path / "again.lance", n_probes=2, refine=1).fit(X)
    first = copy.deepcopy(index).set_params(n_probes=2, refine=1)
    assert np.array_equal(first.search(Q, 20).ids, again.search(Q, 20).ids)


def test_add_remove_and_the_version_that_was_saved(tmp_path):
    index = listed(tmp_path / "x.lance", n_probes=20, refine=100).fit(X[:2000])
    index.save(tmp_path / "old")
    index.add(X[2000:]).remove(np.arange(0, 3000, 3)).remove([0, 1])
    left = np.setdiff1d(np.arange(2, 3000), np.arange(0, 3000, 3))
    index.save(tmp_path / "new")
    for one in (index, LanceIVFPQ.load(tmp_path / "new")):
        assert recall(one.search(Q, 10), product_top_k(Q, X, 10, rows=left)) > 0.98
        same(one.search(Q, 10, where=np.arange(500)), product_top_k(Q, X, 10, rows=left[left < 500]))
    old = LanceIVFPQ.load(tmp_path / "old")
    assert recall(old.search(Q, 10), product_top_k(Q, X[:2000], 10)) > 0.98
    with pytest.raises(DataError, match="was changed since this index was saved"):
        old.add(X[:1])


def test_rows_are_added_after_most_were_removed(tmp_path):
    index = listed(tmp_path / "x.lance", n_probes=20).fit(X[:250]).remove(np.arange(200))
    index.add(X[250:300])  # 300 rows were ever stored, but 100 are left: too few for lists
    same(index.search(Q, 10), product_top_k(Q, X, 10, rows=np.arange(200, 300)))
    index.add(X[300:900])
    assert len(index.lists_) == 20


def test_an_add_that_failed_leaves_what_was_and_can_be_run_again(tmp_path, monkeypatch):
    index = listed(tmp_path / "x.lance", n_probes=20).fit(X[:200])

    def fail(*given):
        raise OSError("no room")

    with monkeypatch.context() as patched:
        patched.setattr(LanceIVFPQ, "_list", fail)
        with pytest.raises(DataError, match="no room"):
            index.add(X[200:1000])
    assert (index.n_rows_, len(index.lists_)) == (200, 0)
    same(index.search(Q, 10), product_top_k(Q, X[:200], 10))
    index.add(X[200:1000])
    assert recall(index.search(Q, 10), product_top_k(Q, X[:1000], 10)) > 0.95
    same(index.search(Q, 10, where=np.arange(300)), product_top_k(Q, X[:300], 10))


@pytest.mark.parametrize("n", [500, 400])
def test_a_dataset_made_anew_at_the_path_is_noticed(tmp_path, n):
    LanceIVFPQ(tmp_path / "x.lance").fit(X[:500]).save(tmp_path / "saved")
    shutil.rmtree(tmp_path / "x.lance")
    LanceIVFPQ(tmp_path / "x.lance").fit(X[1000 : 1000 + n])
    with pytest.raises(DataError, match="was changed since this index was saved"):
        LanceIVFPQ.load(tmp_path / "saved").search(Q, 3)


def test_what_is_not_ours_is_left_alone(tmp_path):
    lance.write_dataset(pa.table({"a": [1]}), str(tmp_path / "theirs"))
    with pytest.raises(DataError, match="no index made"):
        LanceIVFPQ(tmp_path / "theirs").fit(X)
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "letter.txt").write_text("dear")
    with pytest.raises(DataError, match="something else than a dataset"):
        LanceIVFPQ(tmp_path / "files").fit(X)
    assert sorted(p.name for p in (tmp_path / "files").iterdir()) == ["letter.txt"]


@pytest.mark.parametrize("part", ["data", "_versions", "_indices"])
def test_files_that_are_gone_or_cut_off_are_named(tmp_path, part):
    index = listed(tmp_path / "x.lance").fit(X[:400])
    index.save(tmp_path / "saved")
    for file in (tmp_path / "x.lance" / part).rglob("*"):
        if file.is_file():
            file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    with pytest.raises(DataError, match=r"x\.lance cannot be read"):
        LanceIVFPQ.load(tmp_path / "saved").search(Q, 3)


@pytest.mark.parametrize(
    "wrong", [{"n_probes": 0}, {"refine": 0}, {"exact_below": 9}, {"n_lists": 0}, {"n_subvectors": 5}]
)
def test_refuses_parameters(tmp_path, wrong):
    with pytest.raises(ParameterError, match=next(iter(wrong))):
        LanceIVFPQ(tmp_path / "x", **wrong).fit(X)


def test_refuses_shapes(index):
    for call in (lambda: index.search(Q[:, :3], 1), lambda: index.add(X[:, :3]), lambda: index.remove([3000])):
        with pytest.raises(ShapeError):
            call()
    with pytest.raises(ShapeError, match="rows must be a mask or row numbers, got None"):
        index.remove(None)


def test_added_rows_are_found_as_well_as_those_of_before(tmp_path, monkeypatch):
    monkeypatch.setattr("inlay.indexes.engines.lance_ivfpq.REFINED", 1)
    want = product_top_k(Q, X, 10)
    whole = recall(listed(tmp_path / "a.lance", n_probes=20, refine=3).fit(X).search(Q, 10), want)
    index = listed(tmp_path / "b.lance", n_probes=20, refine=3).fit(X[:1500])
    assert index.add(X[1500:1600]).n_listed_ == 1500  # compared one by one
    assert (index.search(X[1500:1600], 1).ids.ravel() == np.arange(1500, 1600)).all()
    for start in range(1600, 3000, 350):
        index.add(X[start : start + 350])
    assert index.n_listed_ == 3000
    assert recall(index.search(Q, 10), want) > whole - 0.03


def test_lists_are_made_when_there_are_rows_enough(tmp_path):
    index = listed(tmp_path / "x.lance", n_probes=20).fit(X[:200])
    assert not len(index.lists_)
    index.add(X[200:1000])
    assert len(index.lists_) == 20
    assert index._held().has_index
    assert recall(index.search(Q, 10), product_top_k(Q, X[:1000], 10)) > 0.95


REMOTE = """
import numpy as np
from inlay.core.vectors import normalize, product_top_k
from inlay.indexes.engines import LanceIVFPQ

rng = np.random.default_rng(0)
X, Q = normalize(rng.standard_normal((1500, 16))), normalize(rng.standard_normal((20, 16)))
index = LanceIVFPQ("s3://bucket/x.lance", exact_below=256, n_lists=8, n_subvectors=8, n_probes=8).fit(X[:1400])
index.add(X[1400:]).remove(np.arange(0, 1500, 5)).save("index")
rows = np.setdiff1d(np.arange(1500), np.arange(0, 1500, 5))
want, found = product_top_k(Q, X, 10, rows=rows).ids, LanceIVFPQ.load("index").search(Q, 10)
print((want[:, :, None] == found.ids[:, None]).any(axis=2).mean())
few = product_top_k(Q, X, 10, rows=rows[:300])
assert np.array_equal(LanceIVFPQ.load("index").search(Q, 10, where=rows[:300]).ids, few.ids)
"""


@pytest.mark.slow
def test_works_on_object_storage(tmp_path):
    try:
        with servers.object_storage() as environment:
            command = [sys.executable, "-c", REMOTE]
            done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
    except servers.Absent as error:
        pytest.skip(str(error))
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) > 0.95
