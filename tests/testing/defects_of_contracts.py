"""Defects that the checks of one contract have to refuse."""

from dataclasses import replace
from itertools import count

import numpy as np
from planted import refused_by
from toys import ToyEncoder, ToyIndex, ToyLoss, ToyMeasure, ToyMultivector, ToyRanker, ToySampler, ToyTask, ToyTransform

from inlay.core.sample import Sample
from inlay.core.values import Encoded, Hits, Ragged, Reading, Search
from inlay.core.vectors import product_top_k


@refused_by("vectors_are_well_formed")
class Float64(ToyEncoder):
    def encode(self, items, *, role="document"):
        return super().encode(items, role=role).astype(np.float64)


@refused_by("vectors_are_well_formed")
class DividesByZero(ToyEncoder):
    def encode(self, items, *, role="document"):
        out = super().encode(items, role=role)
        with np.errstate(invalid="ignore"):
            return out / np.linalg.norm(out, axis=1, keepdims=True)


@refused_by("different_items_differ")
class IgnoresItems(ToyEncoder):
    def encode(self, items, *, role="document"):
        return np.ones_like(super().encode(items, role=role))


@refused_by("different_items_differ")
class EncodesPosition(ToyEncoder):
    def encode(self, items, *, role="document"):
        return super().encode(items, role=role) + np.arange(len(items), dtype=np.float32)[:, None]


@refused_by("nothing_gives_nothing")
class StacksNothing(ToyEncoder):
    def encode(self, items, *, role="document"):
        return super().encode(items, role=role) if len(items) else np.empty(0, np.float32)


@refused_by("nothing_gives_nothing")
class InventsQueries(ToyRanker):
    def rank(self, search):
        return super().rank(search) if len(search.hits) else Search(Hits([[0]], [[1.0]]))


@refused_by("nothing_gives_nothing")
class InventsItems(ToyMultivector):
    def transform(self, items):
        out = super().transform(items)
        return out if len(items) else Ragged.stack([np.ones((1, self.dim_))])


@refused_by("the_rest_is_kept")
class ForgetsTheRest(ToyRanker):
    def rank(self, search):
        return Search(search.hits, search.others, search.Q)


@refused_by("what_is_missing_is_named")
class LooksUnasked(ToyRanker):
    def rank(self, search):
        return super().rank(search) if len(search.X) else search


@refused_by("items_are_well_formed")
class EmptiesItems(ToyMultivector):
    def transform(self, items):
        out = super().transform(items)
        keep = np.repeat(out.lengths > 1, out.lengths)
        return Ragged(out.values[keep], np.append(0, np.cumsum(np.where(out.lengths > 1, out.lengths, 0))))


@refused_by("it_saves_room")
class Widens(ToyMultivector):
    def transform(self, items):
        out = super().transform(items)
        return Ragged(np.tile(out.values, 3), out.offsets)


@refused_by("counts_are_right")
class LosesSilently(ToyEncoder):
    def encode_counted(self, items, *, role="document", progress=None):
        got = super().encode_counted(items, role=role, progress=progress)
        return Encoded(got.vectors, got.tokens, np.zeros_like(got.lost))


@refused_by("it_is_an_estimator")
class ForgetsColumns(ToyTransform):
    def fit(self, X, y=None):
        self.mean_ = np.asarray(X, np.float32).mean(axis=0)
        return self


@refused_by("output_is_well_formed")
class Doubles(ToyTransform):
    def transform(self, X):
        return super().transform(X).astype(np.float64)


@refused_by("output_is_well_formed")
class FitsOtherwise(ToyTransform):
    def fit_transform(self, X, y=None):
        return self.fit(X).transform(X) * np.float32(2)


@refused_by("the_way_back_is_near")
class WrongWayBack(ToyTransform):
    def inverse_transform(self, X):
        return -super().inverse_transform(X)


@refused_by("hits_are_well_formed")
class FindsTwice(ToyIndex):
    def search(self, Q, k, *, where=None):
        hits = super().search(Q, k, where=where)
        return Hits(np.where(hits.ids >= 0, hits.ids[:, :1], -1), hits.scores)


@refused_by("hits_are_well_formed")
class StopsShort(ToyIndex):
    def search(self, Q, k, *, where=None):
        hits = super().search(Q, k, where=where)
        ids = hits.ids.copy()
        ids[:, 80:] = -1
        return Hits(ids, hits.scores)


@refused_by("filters_are_kept")
class FiltersTooLate(ToyIndex):
    def search(self, Q, k, *, where=None):
        hits = super().search(Q, k)
        if where is None:
            return hits
        rows = np.flatnonzero(where) if np.asarray(where).dtype == bool else where
        kept = np.where(np.isin(hits.ids, rows), hits.ids, -1)
        order = np.argsort(kept < 0, axis=1, kind="stable")
        return Hits(np.take_along_axis(kept, order, 1), np.take_along_axis(hits.scores, order, 1))


@refused_by("stored_vectors_are_found")
class Mislays(ToyIndex):
    def fit(self, X):
        super().fit(X)
        self.X_ = self.X_[::-1].copy()
        return self


@refused_by("scores_order_as_products_do")
class FindsTheFarthest(ToyIndex):
    def fit(self, X):
        super().fit(X)
        self.X_ = -self.X_
        return self


@refused_by("odd_sizes_work")
class NeedsVectors(ToyIndex):
    def fit(self, X):
        self.highest_ = float(np.max(X))
        return super().fit(X)


@refused_by("rows_can_be_added")
class AddsInFront(ToyIndex):
    def add(self, X):
        super().add(X)
        self.X_ = np.roll(self.X_, len(X), axis=0)
        return self


@refused_by("rows_can_be_removed")
class RemovesAndRenumbers(ToyIndex):
    def remove(self, rows):
        return self.fit(np.delete(self.X_, rows, axis=0))


@refused_by("hits_are_well_formed")
class ReturnsTheSame(ToyRanker):
    def rank(self, search):
        return search


@refused_by("only_allowed_rows_are_found")
class ForgetsTheFilter(ToyRanker):
    def rank(self, search):
        hits = search.hits
        if search.Q is not None and hits.k:
            hits = product_top_k(search.Q, search.X, hits.k)
        return search.found(hits)


@refused_by("loss_is_a_number")
class LossOfEachRow(ToyLoss):
    def forward(self, a, b, target=None):
        super().forward(a, b)
        return ((a - b) ** 2).sum(dim=1)


@refused_by("loss_is_a_number")
class NoGradient(ToyLoss):
    def forward(self, a, b, target=None):
        return super().forward(a, b) * 0


@refused_by("a_step_down_lowers_it")
class WrongGradient(ToyLoss):
    def forward(self, a, b, target=None):
        loss = super().forward(a, b)
        return 2 * loss.detach() - loss


@refused_by("batches_are_rows")
class CountsFromOne(ToySampler):
    def batches(self, n, rng, scores=None):
        return (batch + 1 for batch in super().batches(n, rng, scores))


@refused_by("batches_are_rows")
class NeverEnds(ToySampler):
    def batches(self, n, rng, scores=None):
        return (batch for _ in count() for batch in super(NeverEnds, self).batches(n, rng, scores))


@refused_by("chance_comes_from_rng")
class OwnChance(ToySampler):
    def batches(self, n, rng, scores=None):
        return super().batches(n, np.random.default_rng(), scores)


@refused_by("readings_are_well_formed")
class NumpyNumbers(ToyMeasure):
    def measure(self, X, Y=None, *, labels=None):
        return [replace(r, value=np.float64(r.value)) for r in super().measure(X, Y, labels=labels)]


@refused_by("readings_are_well_formed")
class OutsideOfItsInterval(ToyTask):
    def run(self, encoder):
        return [Reading("score", 1.0, n=1, interval=(2.0, 3.0)), *super().run(encoder)]


@refused_by("readings_are_well_formed")
class AnotherSample(ToyTask):
    def run(self, encoder):
        return [replace(reading, sample=Sample("mean", ([0.25],))) for reading in super().run(encoder)]
