"""Clustering by k-means."""

from collections.abc import Iterator
from typing import Any, ClassVar, Self

import numpy as np
from scipy.optimize import linear_sum_assignment
from sklearn.cluster import MiniBatchKMeans
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score, v_measure_score
from sklearn.metrics.cluster import contingency_matrix
from threadpoolctl import threadpool_limits

from inlay.core.contracts import Encodes, Task
from inlay.core.errors import ParameterError
from inlay.core.sample import Sample
from inlay.core.values import IdArray, Reading
from inlay.tasks._inputs import check_seed, columns, numbered, vectors


class Clustering(Task):
    r"""Cluster vectors by k-means without looking at the labels, and compare the clusters with them.

    The main score is ``v_measure``, the harmonic mean of homogeneity and completeness,

    .. math:: V = \frac{2 h c}{h + c}, \quad h = 1 - \frac{H(C \mid K)}{H(C)}, \quad c = 1 - \frac{H(K \mid C)}{H(K)}

    for labels C and clusters K. Beside it stand ``ari``, the Rand index adjusted for chance; ``nmi``, the mutual
    information over the geometric mean of the entropies (over their arithmetic mean it would be V again); ``purity``,
    the share of texts that have the most frequent label of their cluster; and ``cluster_accuracy``, the share that is
    right where each cluster is given a label of its own in the best way. Each is the mean over the experiments.

    The protocol is the one MTEB has now, known there as fast clustering: in each experiment `n_samples` vectors are
    drawn with replacement and clustered by mini-batch k-means, with as many clusters as there are labels, batches of
    512, one start, and one seed for all; draws and seed are MTEB's, so equal vectors give equal scores. MTEB's older
    protocol, which clusters given sets of texts once each, is not this one, and MTEB encodes a part of large data sets
    only; here every text is encoded. Use `Classification` where planes between the classes may be learned.

    Parameters
    ----------
    data : ``text`` and ``label``; labels are texts or numbers.
    n_experiments : how often vectors are drawn and clustered, at least 1.
    n_samples : vectors drawn for each experiment, at least the number of labels.
    random_state : seed of the draws and of k-means; 42 is MTEB's.

    References
    ----------
    Rosenberg, Hirschberg (2007). V-Measure: A Conditional Entropy-Based External Cluster Evaluation Measure. EMNLP.

    Muennighoff, Tazi, Magne, Reimers (2023). MTEB: Massive Text Embedding Benchmark. EACL. arXiv:2210.07316

    Examples
    --------
    >>> from inlay.encoders.text import HashingEncoder
    >>> data = {
    ...     "text": ["a cat and a dog", "the cat, the dog", "stocks and bonds", "bonds, then stocks"],
    ...     "label": ["pets", "pets", "money", "money"],
    ... }
    >>> print(Clustering(data, n_experiments=3, n_samples=40).run(HashingEncoder())[0])
    v_measure 1 (n=3, higher is better)
    """

    paper: ClassVar[str] = "rosenberg2007v"

    def __init__(
        self, data: Any = "stackoverflow-short", n_experiments: int = 10, n_samples: int = 16384, random_state: int = 42
    ) -> None:
        self.data = data
        self.n_experiments = n_experiments
        self.n_samples = n_samples
        self.random_state = random_state

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls(
            {
                "text": ["a cat sat", "a dog ran", "cats and dogs", "stocks fell", "bonds rose", "stocks and bonds"],
                "label": [0, 0, 0, 1, 1, 1],
            },
            n_experiments=3,
            n_samples=20,
        )

    def run(self, encoder: Encodes) -> list[Reading]:
        """Score an encoder or a pipeline; the readings are named as MTEB names them, such as ``v_measure``."""
        found = columns(self.data, "text", "label", task="Clustering")
        check_seed(self.random_state)
        labels, classes = numbered(found["label"], task="Clustering")
        if self.n_experiments < 1 or self.n_samples < len(classes):
            raise ParameterError(
                f"n_experiments must be at least 1 and n_samples at least {len(classes)}, the number of labels; "
                f"got {self.n_experiments} and {self.n_samples}."
            )
        X = vectors(encoder, found["text"])
        # The numbers of Python's random.Random(seed), which MTEB draws with; a list is what makes numpy seed alike.
        chance = np.random.RandomState([self.random_state])
        scores = []
        for _ in range(self.n_experiments):
            rows = (chance.random_sample(self.n_samples) * len(X)).astype(np.int64)
            kmeans = MiniBatchKMeans(len(classes), batch_size=512, n_init=1, random_state=self.random_state)
            with threadpool_limits(1):  # sums are rounded otherwise with another number of threads
                clusters = kmeans.fit_predict(X[rows])
            scores.append(_compared(labels[rows], clusters))
        return [Reading.of(name, Sample("mean", (np.array([one[name] for one in scores]),))) for name in scores[0]]


def _compared(labels: IdArray, clusters: IdArray) -> dict[str, float]:
    counts = contingency_matrix(labels, clusters)
    best = linear_sum_assignment(counts, maximize=True)
    return {
        "v_measure": v_measure_score(labels, clusters),
        "ari": adjusted_rand_score(labels, clusters),
        "nmi": normalized_mutual_info_score(labels, clusters, average_method="geometric"),
        "purity": counts.max(axis=0).sum() / len(labels),
        "cluster_accuracy": counts[best].sum() / len(labels),
    }
