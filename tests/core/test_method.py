"""A method is a scikit-learn estimator that can be saved, and says when it is not fitted."""

import numpy as np
import pytest
from sklearn.base import clone

from inlay.core.errors import DataError, NotFittedError, ParameterError
from inlay.core.method import Method


class Scaler(Method):
    paper = "somebody2001"

    def __init__(self, dim=2, *, inner=None):
        self.dim, self.inner = dim, inner

    @classmethod
    def examples(cls):
        yield cls()

    def fit(self, X):
        self.scale_ = np.asarray(X).std(axis=0)
        return self

    def transform(self, X):
        self._check_fitted()
        return X / self.scale_


class Other(Scaler):
    pass


@pytest.mark.parametrize("mmap", [False, True])
def test_what_is_saved_comes_back(tmp_path, mmap):
    method = Scaler(3, inner=Scaler(4).fit([[1.0], [3.0]])).fit([[1.0, 2.0], [3.0, 8.0]])
    method.save(tmp_path / "new" / "folder")
    back = Scaler.load(str(tmp_path / "new" / "folder"), mmap=mmap)
    assert (back.dim, back.inner.dim, back.inner.scale_.tolist()) == (3, 4, [1.0])
    assert back.scale_.tolist() == [1.0, 3.0]
    assert back.scale_.flags.writeable is not mmap
    back.save(tmp_path / "new" / "folder")  # over the very file that is mapped
    assert back.scale_.tolist() == [1.0, 3.0]


def test_another_class_is_named(tmp_path):
    Other().save(tmp_path)
    assert type(Method.load(tmp_path)) is type(Scaler.load(tmp_path)) is Other
    Scaler().save(tmp_path)
    with pytest.raises(DataError, match=r"holds a Scaler, not a Other; load it with Scaler\.load"):
        Other.load(tmp_path)


def test_what_cannot_be_saved_is_named_and_nothing_is_written(tmp_path):
    method = Scaler()
    method.names_ = {"a"}
    with pytest.raises(ParameterError, match=r"Scaler\.names_ is of type set"):
        method.save(tmp_path / "a")
    assert not (tmp_path / "a").exists()


def test_not_fitted():
    with pytest.raises(NotFittedError, match="This Scaler is not fitted yet; call fit"):
        Scaler().transform([[1.0]])
    assert Scaler().fit([[1.0], [3.0]]).transform(np.array([[2.0]])).tolist() == [[2.0]]


def test_it_is_an_estimator():
    assert clone(Scaler(5)).get_params(deep=False) == {"dim": 5, "inner": None}
    with pytest.raises(ValueError, match="Invalid parameter 'dmi'"):
        Scaler().set_params(dmi=3)
    with pytest.raises(TypeError, match="abstract"):
        Method()
