"""Answers to analogy questions, block by block over the vocabulary."""

import numpy as np
from numpy.typing import NDArray

from inlay.core.values import FloatArray, IdArray

HELD = 1 << 20  # scores of questions by words that are held at once
EPSILON = 0.001  # of 3CosMul, as in the reference
DIGITS = 9  # scores that differ in less are equal: BLAS rounds the same pair differently from block to block


def solved(asked: FloatArray, words: FloatArray, questions: IdArray, hidden: IdArray) -> dict[str, IdArray]:
    """Return the word that each method finds for each question, as row numbers of `words`; of equal ones the first.

    Parameters
    ----------
    asked : (n asked, d) of length one, the words that stand for a, b or c.
    words : (n words, d) of length one, what is chosen from.
    questions : (n, 3), the rows of `asked` of a, b and c.
    hidden : (n, 3), the rows of `words` of a, b and c, which are no answers.
    """
    n = len(questions)
    best = {name: np.full(n, -np.inf) for name in ("3cosadd", "3cosmul")}
    found = {name: np.zeros(n, np.int64) for name in best}
    step = max(1, HELD // n)
    for start in range(0, len(words), step):
        block = words[start : start + step]
        cosines = asked.astype(np.float64) @ block.T.astype(np.float64)
        a, b, c = (cosines[column] for column in questions.T)
        shifted_a, shifted_b, shifted_c = ((1 + one) / 2 for one in (a, b, c))
        scores = {"3cosadd": b - a + c, "3cosmul": shifted_b * shifted_c / (shifted_a + EPSILON)}
        row, column = np.nonzero((hidden >= start) & (hidden < start + len(block)))
        for name, score in scores.items():
            score[row, hidden[row, column] - start] = -np.inf
            _keep(best[name], found[name], np.round(score, DIGITS), start)
    return found


def _keep(best: NDArray[np.float64], found: IdArray, score: NDArray[np.float64], start: int) -> None:
    """Take over what this block of the vocabulary does better."""
    here = score.argmax(axis=1)
    value = np.take_along_axis(score, here[:, None], 1)[:, 0]
    better = value > best
    best[better], found[better] = value[better], here[better] + start
