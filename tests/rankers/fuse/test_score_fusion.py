import numpy as np
import pytest

from inlay.core.errors import ParameterError, ShapeError
from inlay.core.values import Hits, Search
from inlay.rankers.fuse import ScoreFusion


def lists(n=40, rows=30, k=12, seed=0, noise=(1.0, 1.0)):
    """Two noisy views of one relevance, of other scales, and the grades."""
    rng = np.random.default_rng(seed)
    truth = rng.normal(size=(n, rows))
    found = []
    for much, scale, base in zip(noise, (0.1, 7.0), (0.2, 3.0), strict=True):
        S = (truth + much * rng.normal(size=truth.shape)) * scale + base
        ids = np.argsort(-S, axis=1)[:, : k - len(found)]
        found.append(Hits(ids, np.take_along_axis(S, ids, 1)))
    grades = [{int(row): 2.0 - place for place, row in enumerate(np.argsort(-t)[:2])} for t in truth]
    return Search(found[0], tuple(found[1:])), grades


def loops(search, weights, minimum):
    """TM2C2 by loops."""
    out = []
    for query in range(len(search.hits)):
        total = {}
        for one, weight, least in zip((search.hits, *search.others), weights, minimum, strict=True):
            top = one.scores[query, 0]
            for row, score in zip(one.ids[query].tolist(), one.scores[query], strict=True):
                total[row] = total.get(row, 0) + weight * (max(score, least) - least) / (top - least)
        out.append(sorted(total.items(), key=lambda one: (-one[1], one[0]))[: search.hits.k])
    return out


def ndcg(hits, grades, k=10):
    discount = 1 / np.log2(np.arange(2, k + 2))
    return np.mean(
        [
            sum(discount[place] * wanted.get(int(row), 0) for place, row in enumerate(ids[:k]))
            / sum(discount[place] * grade for place, grade in enumerate(sorted(wanted.values(), reverse=True)))
            for ids, wanted in zip(hits.ids, grades, strict=True)
        ]
    )


def test_equals_loops():
    search, _ = lists()
    minimum = (-1.0, 0.0)
    hits = ScoreFusion((0.3, 0.7), minimum=minimum).fit(search).rank(search).hits
    for query, want in enumerate(loops(search, (0.3, 0.7), minimum)):
        assert hits.ids[query].tolist() == [row for row, _ in want]
        np.testing.assert_allclose(hits.scores[query], [score for _, score in want], rtol=1e-5)


def test_zscores_equal_their_definition():
    search, _ = lists()
    method = ScoreFusion(normalization="zscore").fit(search)
    out = method.rank(search)
    legs = np.where(np.isnan(out.legs), [one.scores.min() for one in (search.hits, *search.others)], out.legs)
    mean, spread = (
        [getattr(one.scores.astype(float), what)() for one in (search.hits, *search.others)] for what in ("mean", "std")
    )
    np.testing.assert_allclose(out.hits.scores, ((legs - mean) / spread).mean(axis=2), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("normalization", ["theoretical", "zscore"])
def test_the_depth_of_a_list_does_not_move_the_scores(normalization):
    search, _ = lists()
    method = ScoreFusion(normalization=normalization, minimum=(-5, -90)).fit(search)
    deep, short = method.rank(search), method.rank(Search(search.hits.top(6), (search.others[0].top(6),)))
    for query, ids in enumerate(short.hits.ids):
        for place, row in enumerate(ids):
            if not np.isnan(short.legs[query, place]).any() and row in deep.hits.ids[query]:
                there = deep.hits.ids[query].tolist().index(row)
                assert short.hits.scores[query, place] == deep.hits.scores[query, there]


def test_the_better_list_learns_the_larger_weight():
    search, grades = lists(noise=(0.3, 3.0))
    learned = ScoreFusion().fit(search, grades)
    assert learned.weights_[0] > 0.6
    swapped = ScoreFusion().fit(Search(search.others[0], (search.hits,)), grades)
    assert swapped.weights_[1] > 0.6


def test_no_grid_point_is_better_than_what_is_learned():
    search, grades = lists(noise=(0.7, 1.5))
    learned = ScoreFusion().fit(search, grades)
    reached = ndcg(learned.rank(search).hits, grades)
    for share in np.linspace(0, 1, 11):
        other = ScoreFusion((share, 1 - share)).fit(search).rank(search).hits
        assert ndcg(other, grades) <= reached + 1e-12


def test_three_lists_learn_to_do_without_noise():
    search, grades = lists(noise=(0.5, 0.5))
    rng = np.random.default_rng(1)
    noise = Hits(
        rng.permuted(np.tile(np.arange(30), (40, 1)), axis=1)[:, :12], np.tile(np.arange(12.0, 0, -1), (40, 1))
    )
    learned = ScoreFusion().fit(Search(search.hits, (*search.others, noise)), grades)
    assert learned.weights_[2] < 0.1
    assert learned.weights_.sum() == pytest.approx(1)


def test_without_judgments_the_weights_are_equal():
    search, _ = lists()
    assert ScoreFusion().fit(search).weights_.tolist() == [0.5, 0.5]


def test_an_empty_list_is_no_trouble():
    empty = Hits(np.full((1, 2), -1), np.full((1, 2), -np.inf))
    search = Search(Hits([[3, 1]], [[0.5, 0.2]]), (empty,))
    for normalization in ("theoretical", "zscore"):
        assert ScoreFusion(normalization=normalization).fit(search).rank(search).hits.ids.tolist() == [[3, 1]]


def test_wrong_input_is_refused():
    search, grades = lists()
    with pytest.raises(ParameterError, match="normalization must be one of"):
        ScoreFusion(normalization="minmax").fit(search)
    with pytest.raises(ParameterError, match="k must be at least 1"):
        ScoreFusion(k=0).fit(search)
    with pytest.raises(ParameterError, match="got both"):
        ScoreFusion((1, 1)).fit(search, grades)
    with pytest.raises(ParameterError, match="minimum must be a finite number for each of the 2 lists"):
        ScoreFusion(minimum=(0,)).fit(search)
    with pytest.raises(ShapeError, match="has 40 queries, but y has judgments for 39"):
        ScoreFusion().fit(search, grades[1:])
    with pytest.raises(ParameterError, match="fitted on 2 lists"):
        ScoreFusion().fit(search).rank(Search(search.hits))


@pytest.mark.parametrize("seed", [33, 144])
def test_weights_are_the_best_for_the_list_that_is_made(seed):
    rng = np.random.default_rng(seed)
    lists = []
    for _ in range(2):
        ids = np.stack([rng.permutation(12)[:4] for _ in range(4)])
        lists.append(Hits(ids, -np.sort(-rng.random((4, 4)), axis=1)))
    y = [dict.fromkeys(rng.permutation(12)[:5].tolist(), 1.0) for _ in range(4)]
    search = Search(lists[0], others=(lists[1],))

    def ndcg(ranker):
        gains = np.array(
            [[y[q].get(int(row), 0.0) for row in rows] for q, rows in enumerate(ranker.rank(search).hits.ids)]
        )
        discount = 1 / np.log2(np.arange(2, 12))
        return (gains @ discount[: gains.shape[1]] / discount[:5].sum()).mean()

    made = ndcg(ScoreFusion(minimum=(0, 0)).fit(search, y))
    tried = [ndcg(ScoreFusion((1 - w, w), minimum=(0, 0)).fit(search)) for w in np.arange(101) / 100]
    assert made >= max(tried) - 1e-9


@pytest.mark.parametrize("wrong", [(-np.inf, 0), (np.nan, 0)])
def test_a_minimum_is_a_finite_number(wrong):
    hits = Hits([[0, 1]], [[2.0, 1.0]])
    with pytest.raises(ParameterError, match="finite number"):
        ScoreFusion(minimum=wrong).fit(Search(hits, others=(hits,)))


def test_parameters_that_are_set_later_are_checked():
    hits = Hits([[0, 1]], [[2.0, 1.0]])
    search = Search(hits, others=(hits,))
    ranker = ScoreFusion().fit(search).set_params(normalization="z-score")
    with pytest.raises(ParameterError, match="z-score"):
        ranker.rank(search)


def test_an_infinite_score_is_named():
    hits = Hits([[0, 1]], [[np.inf, 1.0]])
    with pytest.raises(ShapeError, match="infinite"):
        ScoreFusion().fit(Search(hits, others=(hits,))).rank(Search(hits, others=(hits,)))


def test_a_fit_that_fails_changes_nothing():
    hits = Hits([[0, 1]], [[2.0, 1.0]])
    ranker = ScoreFusion().fit(Search(hits, others=(hits,)))
    with pytest.raises(ParameterError, match="each of the 3 lists"):
        ranker.set_params(weights=(1, 1)).fit(Search(hits, others=(hits, hits)))
    assert ranker.minimum_.shape == ranker.weights_.shape == ranker.mean_.shape == (2,)
