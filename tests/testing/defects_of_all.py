"""Defects that the checks of every contract have to refuse."""

import random
import time
from dataclasses import replace

import numpy as np
import torch
from planted import refused_by
from toys import ToyEncoder, ToyIndex, ToyRanker, ToyTask, ToyTransform

from inlay.core.values import Hits


@refused_by("parameters_are_stored")
class Converts(ToyEncoder):
    def __init__(self, scale="1.0"):
        self.scale = float(scale)


@refused_by("parameters_are_stored")
class Prepares(ToyEncoder):
    def __init__(self, scale=1.0):
        self.scale = scale
        self._double = 2 * scale


@refused_by("parameters_are_not_swallowed")
class Swallows(ToyEncoder):
    def __init__(self, scale=1.0, **others):
        self.scale = scale


@refused_by("parameters_are_not_swallowed")
class SwallowsInEncode(ToyEncoder):
    def encode(self, items, *, role="document", **others):
        return super().encode(items, role=role)


@refused_by("parameters_can_be_set")
class IgnoresSet(ToyEncoder):
    def set_params(self, **params):
        return self


@refused_by("examples_are_fresh")
class FittedExample(ToyTransform):
    @classmethod
    def examples(cls):
        yield cls().fit(np.eye(8))


@refused_by("examples_are_fresh")
class SharedExample(ToyEncoder):
    shared: list = []

    @classmethod
    def examples(cls):
        cls.shared = cls.shared or [cls()]
        yield from cls.shared


@refused_by("it_is_documented")
class Undocumented(ToyEncoder):
    pass


@refused_by("inputs_are_not_changed")
class Sorts(ToyEncoder):
    def encode(self, items, *, role="document"):
        if isinstance(items, list):
            items.sort(key=str)
        return super().encode(items, role=role)


@refused_by("inputs_are_not_changed")
class Centres(ToyTransform):
    def transform(self, X):
        if isinstance(X, np.ndarray):
            X -= self.mean_
            return X * np.float32(self.scale)
        return super().transform(X)


@refused_by("any_form_of_input_will_do")
class NeedsArrays(ToyTransform):
    def transform(self, X):
        return super().transform(X) + 0 * X.sum()


@refused_by("any_form_of_input_will_do")
class NeedsToWrite(ToyIndex):
    def search(self, Q, k, *, where=None):
        Q[:] = np.array(Q)
        return super().search(Q, k, where=where)


@refused_by("any_form_of_input_will_do")
class NeedsRowOrder(ToyIndex):
    def fit(self, X):
        return super().fit(np.frombuffer(np.asarray(X, np.float32).tobytes("A"), np.float32).reshape(np.shape(X)))


@refused_by("global_randomness_is_left_alone")
class DrawsFromNumpy(ToyEncoder):
    def encode(self, items, *, role="document"):
        np.random.random()  # noqa: NPY002
        return super().encode(items, role=role)


@refused_by("global_randomness_is_left_alone")
class DrawsFromPython(ToyEncoder):
    def encode(self, items, *, role="document"):
        random.random()  # noqa: S311
        return super().encode(items, role=role)


@refused_by("global_randomness_is_left_alone")
class SeedsTorch(ToyEncoder):
    def encode(self, items, *, role="document"):
        torch.manual_seed(0)
        return super().encode(items, role=role)


@refused_by("global_randomness_is_left_alone")
class PeeksAtGlobalState(ToyEncoder):
    def encode(self, items, *, role="document"):
        state = np.random.get_state()  # noqa: NPY002
        noise = np.random.random()  # noqa: NPY002
        np.random.set_state(state)  # noqa: NPY002
        return super().encode(items, role=role) * np.float32(1 + noise)


@refused_by("it_is_deterministic")
class DrawsAnew(ToyTransform):
    def fit(self, X, y=None):
        super().fit(X)
        self.mean_ = self.mean_ + np.random.default_rng().normal(size=self.mean_.shape).astype(np.float32)
        return self


@refused_by("it_is_deterministic")
class Counts(ToyEncoder):
    def encode(self, items, *, role="document"):
        self._calls = getattr(self, "_calls", 0) + 1
        return super().encode(items, role=role) * np.float32(self._calls)


@refused_by("rows_do_not_depend_on_each_other")
class CentresBatch(ToyEncoder):
    def encode(self, items, *, role="document"):
        out = super().encode(items, role=role)
        return out - out.mean(axis=0) if len(out) else out


@refused_by("rows_do_not_depend_on_each_other")
class NumbersRows(ToyRanker):
    def rank(self, search):
        hits = search.hits
        return replace(search, hits=Hits(hits.ids, hits.scores + np.arange(len(hits), dtype=np.float32)[:, None]))


@refused_by("rows_do_not_depend_on_each_other")
class HidesBehindTolerance(CentresBatch):
    tolerance = 10.0


@refused_by("fit_starts_anew")
class ReturnsNothing(ToyIndex):
    def fit(self, X):
        super().fit(X)


@refused_by("fit_starts_anew")
class Remembers(ToyTransform):
    def fit(self, X, y=None):
        before = getattr(self, "mean_", 0.0)
        super().fit(X)
        self.mean_ = self.mean_ + before
        return self


@refused_by("fit_starts_anew")
class ChangesParameter(ToyTransform):
    def fit(self, X, y=None):
        self.scale = self.scale + 1
        return super().fit(X)


@refused_by("use_before_fit_is_refused")
class AnswersUnfitted(ToyIndex):
    def search(self, Q, k, *, where=None):
        if not hasattr(self, "X_"):
            return Hits(np.full((len(Q), k), -1), np.zeros((len(Q), k)))
        return super().search(Q, k, where=where)


@refused_by("use_before_fit_is_refused")
class ForgetsToCheck(ToyIndex):
    def _check_fitted(self):
        return None


@refused_by("state_is_not_hidden")
class Hides(ToyTransform):
    def fit(self, X, y=None):
        super().fit(X)
        self._mean, self.mean_ = self.mean_, np.zeros_like(self.mean_)
        return self

    def transform(self, X):
        return super().transform(X) - getattr(self, "_mean", np.float32(0))


@refused_by("state_is_not_hidden")
class Strays(ToyTransform):
    def fit(self, X, y=None):
        self.stray = 1
        return super().fit(X)


@refused_by("it_survives_saving")
class SavesLess(ToyTransform):
    def save(self, path):
        type(self)(scale=7.0).fit(np.eye(8)).save_all(path)

    def save_all(self, path):
        super().save(path)


@refused_by("it_survives_saving")
class Pickles(ToyEncoder):
    def save(self, path):
        super().save(path)
        (path / "state.pkl").write_bytes(b"\x80\x04N.")


@refused_by("it_survives_saving")
class CannotBeSaved(ToyTransform):
    def fit(self, X, y=None):
        self.names_ = {"a", "set"}
        return super().fit(X)


@refused_by("its_fingerprint_is_stable")
class LearnsInUse(ToyTransform):
    def transform(self, X):
        self.calls_ = getattr(self, "calls_", 0) + 1
        return super().transform(X)


@refused_by("its_fingerprint_is_stable")
class TellsTheTime(ToyEncoder):
    def identity(self):
        return {"now": time.perf_counter_ns()}


@refused_by("wrong_input_is_refused")
class TakesOneText(ToyEncoder):
    def encode(self, items, *, role="document"):
        return super().encode([items] if isinstance(items, str) else items, role=role)


@refused_by("wrong_input_is_refused")
class RaisesPlainErrors(ToyTask):
    def run(self, encoder):
        encoder.encode(["a"])
        return super().run(encoder)
