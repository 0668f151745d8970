"""Frozen keeps a codec as it was fitted."""

import numpy as np
import pytest
from sklearn.base import clone

from inlay.core.errors import NotFittedError
from inlay.core.frozen import Frozen
from inlay.core.method import Method
from inlay.indexes import Coded
from inlay.transforms import Chain
from inlay.transforms.quantize import ScalarQuantizer

X = np.random.default_rng(0).normal(size=(50, 6)).astype(np.float32)


def test_it_codes_as_the_codec_that_it_keeps():
    codec = ScalarQuantizer().fit(X[:10])
    frozen = clone(Frozen(codec)).fit(X)
    codes = codec.transform(X)
    assert np.array_equal(frozen.transform(X), codes)
    assert np.array_equal(frozen.inverse_transform(codes), codec.inverse_transform(codes))
    assert hasattr(frozen, "search_codes") == hasattr(codec, "search_codes")
    assert not np.array_equal(codec.transform(X), ScalarQuantizer().fit(X).transform(X))


def test_it_is_saved_with_what_the_codec_has_learned(tmp_path):
    index = Coded(Frozen(ScalarQuantizer().fit(X[:10])))
    template, stored = clone(index), index.fit(X)
    template.save(tmp_path / "template")
    again = Method.load(tmp_path / "template").fit(X)
    assert np.array_equal(again.codes_, stored.codes_)
    assert np.array_equal(again.search(X, 3).ids, stored.search(X, 3).ids)


def test_what_the_codec_cannot_it_cannot_either():
    chain = Chain([ScalarQuantizer()])
    assert hasattr(Frozen(chain), "search_codes") == hasattr(chain, "search_codes")
    assert not hasattr(Frozen(object()), "search_codes")
    with pytest.raises(NotFittedError):
        Frozen(ScalarQuantizer()).transform(X)
