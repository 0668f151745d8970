"""Lists of hits of the data of claims: by vectors, by words, and both fused; whole, and without what is relevant."""

import numpy as np
from _vectors import corpus

from inlay.core.extras import load as extra
from inlay.core.values import Hits
from inlay.core.vectors import top_k

DEPTH = 100  # hits of each list that are fused


def scores_of(columns, queries=None):
    """Return the scores of all documents for each query, by cosine of all-MiniLM-L6-v2 and by BM25, and judgments.

    Parameters
    ----------
    columns : a retrieval set.
    queries : another retrieval set, whose queries are asked in place of its own; nothing is relevant to them.
    """
    X, Q, relevant = corpus(columns)
    judged = columns["relevant"]
    asked = [columns["queries"][q] for q in columns["queries"] if any(g > 0 for g in judged.get(q, {}).values())]
    if queries is not None:
        _, Q, _ = corpus(queries)
        judged = queries["relevant"]
        asked = [queries["queries"][q] for q in queries["queries"] if any(g > 0 for g in judged.get(q, {}).values())]
        relevant = [{} for _ in asked]
    return {"cosine": Q @ X.T, "BM25": _bm25(list(columns["documents"].values()), asked)}, relevant


def lists(scores, k, without=None):
    """Return the best `k` hits of each query in both lists and fused by reciprocal ranks.

    Parameters
    ----------
    scores : of `scores_of`.
    without : for each query rows that are not to be found.
    """
    found = {}
    for name, S in scores.items():
        # BM25 finds what shares a word with the query.
        allowed = S > 0 if name == "BM25" else np.ones(S.shape, bool)
        for i, rows in enumerate(without or ()):
            allowed[i, list(rows)] = False
        ids, best = top_k(np.where(allowed, S, -np.inf), DEPTH)
        found[name] = Hits(np.where(best > -np.inf, ids, -1), best)
    sums = np.zeros(scores["cosine"].shape)
    for hits in found.values():
        query, place = np.nonzero(hits.ids >= 0)
        sums[query, hits.ids[query, place]] += 1 / (61 + place)
    ids, best = top_k(sums, DEPTH)
    found["fused"] = Hits(np.where(best > 0, ids, -1), np.where(best > 0, best, -np.inf))
    return {name: hits.top(k) for name, hits in found.items()}


def _bm25(documents, queries):
    bm25s, stemmer = extra("bm25s", extra="lexical"), extra("Stemmer", extra="lexical").Stemmer("english")
    index = bm25s.BM25()
    index.index(bm25s.tokenize(documents, stemmer=stemmer, show_progress=False), show_progress=False)
    words = bm25s.tokenize(queries, stemmer=stemmer, show_progress=False, return_ids=False)
    return np.stack([index.get_scores(one) if one else np.zeros(len(documents), np.float32) for one in words])
