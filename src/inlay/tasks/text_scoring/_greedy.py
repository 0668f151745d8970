"""BERTScore of texts whose tokens have vectors: greedy matching, many pairs at a time."""

import numpy as np
from numpy.typing import NDArray

from inlay.core.errors import ShapeError
from inlay.core.values import IdArray, Ragged

_HELD = 1 << 22  # numbers at a time
_DIGITS = 9  # so that the same tokens have the same score, whatever is computed with them

Floats = NDArray[np.float64]


def bert_scores(
    candidates: Ragged,
    references: Ragged,
    candidate_weights: Floats | None = None,
    reference_weights: Floats | None = None,
) -> tuple[Floats, Floats, Floats]:
    """Return precision, recall and F1 of each pair, (n,) each; zero where a text has no token of any weight.

    Parameters
    ----------
    candidates, references : the vectors of the tokens of n texts each.
    candidate_weights, reference_weights : one for each token, at least 0; all count alike where None.
    """
    n = len(candidates)
    if len(references) != n or candidates.values.shape[1:] != references.values.shape[1:]:
        raise ShapeError(
            f"bert_scores needs as many candidates as references, of one dimension, got {n} and {len(references)} of "
            f"{candidates.values.shape[1]} and {references.values.shape[1]}."
        )
    precision, recall = np.zeros(n), np.zeros(n)
    sides = [
        (_unit(side), side, np.ones(len(side.values)) if weights is None else weights)
        for side, weights in ((candidates, candidate_weights), (references, reference_weights))
    ]
    longest = np.maximum(candidates.lengths, references.lengths)
    filled = np.flatnonzero((candidates.lengths > 0) & (references.lengths > 0))
    order = filled[np.argsort(longest[filled], kind="stable")]
    dim, start = candidates.values.shape[1], 0
    while start < len(order):
        # texts of like length together, so that little is padded
        width = longest[order[start:]]
        cost = np.arange(1, len(width) + 1) * width * (2 * dim + width)
        part = order[start : start + max(1, int(np.searchsorted(cost, _HELD, side="right")))]
        start += len(part)
        (C, seen_c, w_c), (R, seen_r, w_r) = (_padded(*side, part) for side in sides)
        S = C @ R.transpose(0, 2, 1)
        S = np.where(seen_c[:, :, None] & seen_r[:, None, :], S, -np.inf)
        precision[part] = _mean(np.where(seen_c, S.max(2), 0), w_c)
        recall[part] = _mean(np.where(seen_r, S.max(1), 0), w_r)
    precision, recall = precision.round(_DIGITS), recall.round(_DIGITS)
    both = precision + recall
    return precision, recall, np.divide(2 * precision * recall, both, out=np.zeros(n), where=both != 0)


def take(items: Ragged, rows: IdArray) -> IdArray:
    """Return the numbers of the vectors that the items `rows` own, one item after another."""
    lengths = items.lengths[rows]
    within = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    found: IdArray = np.repeat(items.offsets[:-1][rows], lengths) + within
    return found


def _unit(items: Ragged) -> Floats:
    """Scale vectors to length one, a zero vector aside; in float64, where a token is as near to itself as can be."""
    X = items.values.astype(np.float64)
    length = np.linalg.norm(X, axis=1, keepdims=True)
    scaled: Floats = np.divide(X, length, out=X, where=length > 0)
    return scaled


def _padded(X: Floats, items: Ragged, weights: Floats, rows: IdArray) -> tuple[Floats, NDArray[np.bool_], Floats]:
    lengths = items.lengths[rows][:, None]
    seen = np.arange(lengths.max()) < lengths
    place = np.where(seen, items.offsets[:-1][rows][:, None] + np.arange(lengths.max()), 0)
    return X[place], seen, np.where(seen, weights[place], 0)


def _mean(best: Floats, weights: Floats) -> Floats:
    total = weights.sum(1)
    mean: Floats = np.divide((best * weights).sum(1), total, out=np.zeros(len(total)), where=total > 0)
    return mean
