import numpy as np
import pytest

from inlay.core.errors import ParameterError
from inlay.core.vectors import product_top_k
from inlay.indexes import Coded
from inlay.transforms import Chain
from inlay.transforms.quantize import ProductQuantizer, ScalarQuantizer
from inlay.transforms.reduce import LinearDiscriminant, MatryoshkaTruncation, PrincipalComponents


@pytest.fixture
def X():
    return (np.random.default_rng(0).normal(size=(300, 16)) @ np.diag(np.linspace(3, 0.1, 16))).astype(np.float32)


def test_it_is_one_step_after_the_other(X):
    first = PrincipalComponents(dim=4).fit(X)
    second = ScalarQuantizer().fit(first.transform(X))
    chain = Chain([PrincipalComponents(dim=4), ScalarQuantizer()]).fit(X)
    np.testing.assert_array_equal(chain.transform(X), second.transform(first.transform(X)))
    want = first.inverse_transform(second.inverse_transform(chain.transform(X)))
    np.testing.assert_allclose(chain.inverse_transform(chain.transform(X)), want, rtol=1e-6)


@pytest.mark.parametrize("first", [PrincipalComponents(dim=8), MatryoshkaTruncation(dim=8)])
def test_codes_are_searched_as_the_vectors_that_they_stand_for(X, first):
    pytest.importorskip("faiss", reason="needs pip install 'inlay[quantize]'")
    chain = Chain([first, ProductQuantizer(n_subvectors=4, bits=4)]).fit(X)
    assert chain.is_affine_
    codes, Q = chain.transform(X), X[:7] * 2
    hits, want = chain.search_codes(Q, codes, 5), product_top_k(Q, chain.inverse_transform(codes), 5)
    np.testing.assert_allclose(hits.scores, want.scores, rtol=1e-3, atol=1e-3)


def test_without_a_way_back_there_is_none(X):
    chain = Chain([LinearDiscriminant(dim=1), ScalarQuantizer()])
    assert not hasattr(chain, "inverse_transform")
    assert not hasattr(chain, "search_codes")
    with pytest.raises(ParameterError, match="inverse_transform"):
        Coded(chain).fit(X)


def test_no_steps_are_refused(X):
    with pytest.raises(ParameterError, match="at least one"):
        Chain([]).fit(X)
