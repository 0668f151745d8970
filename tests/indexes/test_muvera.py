"""MUVERA's encodings are those of the paper, estimate MaxSim, and lead to the items that MaxSim puts first."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inlay.core.errors import ParameterError, ShapeError
from inlay.core.values import Ragged
from inlay.core.vectors import normalize

pytest.importorskip("numba", reason="needs pip install 'inlay[quantize]'")

from inlay.indexes import Exact, MaxSim, Muvera, muvera


def items(n, dim=16, seed=0, longest=12, least=1):
    rng = np.random.default_rng(seed)
    lengths = rng.integers(least, longest, n)
    return Ragged(normalize(rng.standard_normal((lengths.sum(), dim))), np.append(0, np.cumsum(lengths)))


def by_loops(index, item, stored):
    """The encoding of one item, bucket by bucket."""
    out = []
    for r in range(index.n_repetitions):
        bits = [[bool(plane @ x > 0) for plane in index.planes_[r]] for x in item]
        vectors = item @ index.signs_[r].T if len(index.signs_) else item
        for bucket in range(2**index.n_bits):
            wanted = [bool(bucket >> b & 1) for b in range(index.n_bits)]
            inside = [i for i, have in enumerate(bits) if have == wanted]
            part = np.zeros(vectors.shape[1])
            if inside:
                part = vectors[inside].mean(axis=0) if stored else vectors[inside].sum(axis=0) / index.n_repetitions
            elif stored and index.fill_empty:
                part = vectors[min(range(len(item)), key=lambda i: (np.not_equal(bits[i], wanted).sum(), i))]
            out.append(part)
    return np.concatenate(out)


@settings(max_examples=25)
@given(
    seed=st.integers(0, 2**32 - 1),
    n_bits=st.integers(0, 4),
    dim_projection=st.sampled_from([None, 1, 5]),
    fill_empty=st.booleans(),
)
def test_encodings_are_those_made_by_loops(seed, n_bits, dim_projection, fill_empty):
    X = items(4, 6, seed)
    index = Muvera(3, n_bits, dim_projection, fill_empty=fill_empty, random_state=seed % 1000).fit(X)
    for stored, encode in ((True, index.encode_documents), (False, index.encode_queries)):
        want = [by_loops(index, item, stored) for item in X]
        np.testing.assert_allclose(encode(X), want, atol=1e-5)


def test_many_items_are_encoded_as_few_are():
    X = items(300, 6, longest=40)
    index = Muvera(2, 10, 3, fill_empty=True).fit(X)
    assert len(X.values) * 2**10 * 8 > 4 << 20  # more than a block
    for i in (0, 99, 299):
        np.testing.assert_allclose(
            index.encode_documents(X)[i], index.encode_documents(Ragged.stack([X[i]]))[0], atol=1e-6
        )


def test_an_empty_item_is_zero_and_no_hit():
    X = Ragged.stack([items(1)[0], np.zeros((0, 16)), items(1, seed=2)[0]])
    index = Muvera(2, 3).fit(X)
    assert not index.encode_documents(X)[1].any()
    assert index.search(X, 3).ids.tolist() == [[0, 2, -1], [-1, -1, -1], [2, 0, -1]]


def test_the_estimate_is_never_above_max_sim_and_nears_it():
    # Of the vectors of a bucket the mean is taken, and of an empty one a vector: neither is better than the best.
    X, Q = items(30, 8, longest=6), items(10, 8, seed=1, longest=6)
    exact = MaxSim().fit(X).search(Q, 30)
    scores = np.take_along_axis(exact.scores, np.argsort(exact.ids, axis=1), 1)
    gaps = []
    for n_bits in (1, 3, 6, 9):
        index = Muvera(30, n_bits, None, fill_empty=True).fit(X)
        estimate = index.encode_queries(Q) @ index.encode_documents(X).T
        assert (estimate <= scores + 1e-4).all()
        gaps.append(float((scores - estimate).mean() / Q.lengths.mean()))
    assert gaps == sorted(gaps, reverse=True)
    assert gaps[-1] < 0.15 < gaps[0]


def test_more_repetitions_estimate_with_less_spread():
    X, Q = items(40, 12), items(12, 12, seed=1)
    spreads = []
    for n_repetitions in (2, 32):
        estimates = []
        for seed in range(6):
            index = Muvera(n_repetitions, 3, 4, random_state=seed).fit(X)
            estimates.append(index.encode_queries(Q) @ index.encode_documents(X).T)
        spreads.append(float(np.std(estimates, axis=0).mean()))
    assert spreads[1] < spreads[0] / 3  # a quarter is expected


def test_a_sketch_keeps_inner_products():
    X = items(60, 12)
    whole, small = Muvera(10, 3, 8).fit(X), Muvera(10, 3, 8, dim_final=512).fit(X)
    assert (whole.index_.vectors_.shape[1], small.index_.vectors_.shape[1]) == (640, 512)
    ours = [(index.encode_queries(X) @ index.encode_documents(X).T).ravel() for index in (whole, small)]
    assert np.corrcoef(*ours)[0, 1] > 0.9


def test_rescored_scores_are_those_of_max_sim():
    X, Q = items(50), items(5, seed=1)
    exact = MaxSim().fit(X).search(Q, 50)
    hits = Muvera(4, 3, 4, n_rescored=50, index=Exact("float16")).fit(X).search(Q, 50)
    assert np.array_equal(hits.ids, exact.ids)
    assert np.array_equal(hits.scores, exact.scores)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"n_repetitions": 0}, "n_repetitions and n_rescored must be at least 1"),
        ({"n_bits": 13}, "n_bits from 0 to 12"),
        ({"dim_projection": 0}, "dim_projection and dim_final must be at least 1, or None, got 0, None"),
        ({"index": MaxSim()}, "index must be an index of single vectors, or None"),
    ],
)
def test_refuses_parameters(parameters, message):
    with pytest.raises(ParameterError, match=message):
        Muvera(**parameters).fit(items(5))


def test_refuses_another_dimension():
    index = Muvera(2, 2).fit(items(5))
    with pytest.raises(ShapeError, match="16 columns, got 3"):
        index.encode_queries(items(2, 3))


def test_many_short_items_are_encoded_in_parts():
    X = Ragged(np.random.default_rng(0).normal(size=(3000, 32)), np.arange(3001))
    index = Muvera(dim_final=64).fit(Ragged(X.values[:8], np.arange(9)))
    want = np.concatenate([index.encode_documents(Ragged(X.values[i : i + 1], [0, 1])) for i in range(0, 3000, 500)])
    tracemalloc.start()
    made = index.encode_documents(X)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 3 * muvera.WHOLE_BYTES  # 236 MB where only vectors were counted
    np.testing.assert_allclose(made[::500], want, rtol=1e-5, atol=1e-5)
