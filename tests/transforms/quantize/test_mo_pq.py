import numpy as np
import pytest

from inlay.core.errors import ParameterError, ShapeError
from inlay.transforms.quantize import MoPQ


@pytest.fixture(scope="module")
def pairs():
    rng = np.random.default_rng(0)
    documents = rng.normal(size=(300, 12)).astype(np.float32)
    documents /= np.linalg.norm(documents, axis=1, keepdims=True)
    queries = documents * np.linspace(2, 0.2, 12, dtype=np.float32) + 0.1 * rng.normal(size=(300, 12))
    return documents, (queries / np.linalg.norm(queries, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture(scope="module")
def coder(pairs):
    return MoPQ(n_subvectors=4, n_codewords=16, n_negatives=8, n_epochs=2, batch_size=64).fit(*pairs)


def test_codes_name_the_nearest_codewords(pairs, coder):
    X, codes = pairs[0], coder.transform(pairs[0])
    assert codes.shape == (300, 4)
    assert codes.dtype == np.uint8
    for row in range(0, 300, 29):
        for part in range(4):
            far = ((coder.codebooks_[part] - X[row, 3 * part : 3 * part + 3]) ** 2).sum(axis=1)
            assert codes[row, part] == far.argmin()


def test_the_layout_is_that_of_faiss(pairs, coder):
    import faiss

    pq = faiss.ProductQuantizer(12, 4, 4)
    faiss.copy_array_to_vector(coder.codebooks_.ravel(), pq.centroids)
    codes = coder.transform(pairs[0])
    packed = codes[:, ::2] | codes[:, 1::2] << 4
    np.testing.assert_array_equal(pq.compute_codes(pairs[0]), packed)
    np.testing.assert_allclose(coder.inverse_transform(codes), pq.decode(np.ascontiguousarray(packed)), rtol=1e-6)


def test_a_score_is_the_product_with_the_decoded_vector(pairs, coder):
    documents, queries = pairs
    codes = coder.transform(documents)
    S = queries[:9] @ coder.inverse_transform(codes).T
    hits = coder.search_codes(queries[:9], codes, 20)
    np.testing.assert_allclose(hits.scores, -np.sort(-S, axis=1)[:, :20], atol=1e-5)
    np.testing.assert_allclose(hits.scores, np.take_along_axis(S, hits.ids, 1), atol=1e-5)


def test_training_brings_queries_to_their_documents(pairs):
    documents, queries = pairs

    def found(coder):
        coder.fit(documents, queries)
        hits = coder.search_codes(queries, coder.transform(documents), 10)
        return (hits.ids == np.arange(300)[:, None]).any(axis=1).mean()

    plain = found(MoPQ(n_subvectors=2, n_codewords=16, n_epochs=0))
    learned = found(
        MoPQ(n_subvectors=2, n_codewords=16, n_negatives=64, n_epochs=20, batch_size=64, learning_rate=1e-2)
    )
    assert learned > plain + 0.03


def test_the_loss_is_that_of_the_paper(pairs):
    import torch

    from inlay.nn.product_quantization import contrast, matching_codes

    rng = np.random.default_rng(1)
    parts, words = rng.normal(size=(5, 2, 3)), rng.normal(size=(2, 4, 3))
    Q, names = rng.normal(size=(3, 6)), [7, 8, 9, 7, 1]
    coded = matching_codes(torch.tensor(parts), torch.tensor(words)).flatten(1).numpy()
    total = 0.0
    for i in range(3):
        for m in range(2):
            best = min(range(4), key=lambda j, i=i, m=m: ((parts[i, m] - words[m, j]) ** 2).sum())
            np.testing.assert_array_equal(coded[i, 3 * m : 3 * m + 3], words[m, best])
        others = [j for j in range(5) if j == i or names[j] != names[i]]
        weights = np.exp([Q[i] @ coded[j] / 0.5 for j in others])
        total -= np.log(weights[others.index(i)] / weights.sum()) / 3
    got = contrast(torch.tensor(Q), torch.tensor(coded), torch.tensor(names), 0.5)
    assert got.item() == pytest.approx(total)


def test_the_gradient_is_that_of_the_straight_through_sum(monkeypatch):
    import torch

    from inlay.nn import product_quantization as of

    rng = np.random.default_rng(1)
    Y, words = (torch.tensor(rng.normal(size=size), dtype=torch.float32) for size in ((9, 6, 3), (6, 4, 3)))
    weights = torch.tensor(rng.normal(size=(9, 6, 3)), dtype=torch.float32)
    for cells in (1, 9 * 4 * 4, 1 << 20):
        monkeypatch.setattr(of, "CELLS", cells)
        C = words.clone().requires_grad_()
        near = of.closeness(Y, C)
        soft = torch.einsum("nmk,mks->nms", near.softmax(dim=2), C.detach())
        (want,) = torch.autograd.grad(((of.chosen(C, near.argmax(dim=2)) + soft - soft.detach()) * weights).sum(), C)
        (got,) = torch.autograd.grad((of.matching_codes(Y, C) * weights).sum(), C)
        torch.testing.assert_close(got, want, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"n_subvectors": 5}, "n_subvectors must divide the 12 columns of X, got 5"),
        ({"n_subvectors": 0}, "n_subvectors must be at least 1"),
        ({"n_codewords": 257}, "n_codewords must be at most 256"),
        ({"n_codewords": 1}, "n_codewords must be at least 2"),
        ({"n_negatives": -1}, "n_negatives must be at least 0"),
        ({"temperature": 0.0}, "temperature must be above 0"),
        ({"batch_size": 1}, "batch_size must be at least 2"),
    ],
)
def test_parameters_out_of_range(pairs, parameters, message):
    with pytest.raises(ParameterError, match=message):
        MoPQ(**{"n_subvectors": 4, **parameters}).fit(*pairs)


def test_queries_that_do_not_fit(pairs, coder):
    X, y = pairs
    with pytest.raises(ShapeError, match="got None"):
        MoPQ(4).fit(X)
    with pytest.raises(ShapeError, match="a row for each of the 300 rows"):
        MoPQ(4).fit(X, y[:-1])
    with pytest.raises(ShapeError, match="y must have 12 columns, got 11"):
        MoPQ(4).fit(X, y[:, 1:])
    with pytest.raises(ShapeError, match="below 16, got 16"):
        coder.inverse_transform(np.full((1, 4), 16, np.uint8))
    with pytest.raises(ParameterError, match="k must be at least 1"):
        coder.search_codes(y, coder.transform(X), 0)


def test_training_that_diverges_is_refused(pairs):
    with pytest.raises(ParameterError, match="not finite; learning_rate has to be below 1e\\+30"):
        MoPQ(n_subvectors=4, n_codewords=8, learning_rate=1e30, n_epochs=3, batch_size=50).fit(*pairs)
