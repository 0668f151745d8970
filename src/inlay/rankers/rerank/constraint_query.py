"""Queries of several constraints, each of which has to be met by some part of an item."""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Self, cast

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from inlay.core.catalogue import methods
from inlay.core.contracts import Encoder, Grades, Ranker
from inlay.core.errors import ParameterError, ShapeError
from inlay.core.judgments import judgments
from inlay.core.values import FloatArray, IdArray, Ragged, Search
from inlay.core.vectors import as_vectors, normalize

from ._constraints import Parses, constraints, sentences_of
from ._members import first, ordered, with_parts
from ._parts import blocks

Array = NDArray[np.float64]
STEEPEST = 1e-3  # the smallest temperature that fit comes to, where a threshold parts the hits without a fault


class ConstraintQuery(Ranker):
    r"""Take a query apart into its constraints, and ask of an item that it meets all of them, each in some part.

    One vector of "born in Ohio, and a test pilot" is near everything about Ohio. Here each constraint :math:`c_i` is
    encoded by itself and compared with the parts :math:`p_j` of an item, mostly its sentences, and the score is the
    logarithm of the probability that all hold,

    .. math:: \log P = \sum_i \log \mathrm{sigmoid}\!\Bigl(\frac{\max_j \cos(c_i, p_j) - b}{\tau}\Bigr)

    So an item that meets one constraint perfectly and another not at all loses against one that meets both well. The
    sum of similarities of `LateInteraction`, given the constraints as parts, may not see that; where no item is so
    lopsided, it does as well.

    A query is a list of constraints, or a text that is taken apart by `parser`, and without one at semicolons and at
    the words and, but, that, which and who. The parts of items are `X_parts` of the search where it has them; else
    those of the hits are encoded in each call, from `items` that are lists of parts or texts of sentences.

    Use it on the first hits of queries that name several things which an item of many sentences has to have; with one
    constraint it orders items by their best part. Where an item is a sentence or two, one vector of the whole query
    is as good. `CrossEncoder` reads query and item together, at the cost of a run of a model for each pair;
    `SentenceTransport` is for queries that are documents.

    NS3 parses a query into a tree of nouns and verbs, has a network for either that finds it among the tokens of code,
    trained together with the encoder, and multiplies what the networks of the steps say. Here the steps are clauses,
    side by side and not nested, and what finds them is a similarity with a threshold, of which two numbers at most
    are learned.

    A hit without parts is left out, and a query without constraints has none.

    Parameters
    ----------
    encoder : turns constraints into vectors, as queries, and parts where the search has no `X_parts`, as documents.
    parser : takes queries that are texts apart: any object with ``parse(text)``, which returns a list of texts; None
        takes them apart as above.
    bias : the cosine b at which it is even whether a constraint is met. That of all-MiniLM-L6-v2 for a phrase in a
        sentence is about 0.5.
    temperature : :math:`\tau`, above 0, in units of cosines: the smaller, the more a constraint counts that is missed.
    n_reranked : how many of the first hits are scored, at least 1; those behind are left out. None scores all.

    Attributes
    ----------
    bias_, temperature_ : what `fit` found, in the place of the parameters; `rank` can do without.

    References
    ----------
    Arakelyan, Hakhverdyan, Allamanis, Garcia, Hauser, Ren (2022). NS3: Neuro-Symbolic Semantic Code Search. NeurIPS.
    arXiv:2205.10674.

    Examples
    --------
    >>> from inlay.core.values import Hits
    >>> from inlay.encoders.text import HashingEncoder
    >>> items = ["A red shirt. Red linen, a shirt so red.", "A red shirt. It is sewn by hand. Spain made it."]
    >>> search = Search(Hits([[0, 1]], [[0.9, 0.8]]), queries=["red shirt and made in Spain"], items=items)
    >>> hits = ConstraintQuery(HashingEncoder(dim=256)).rank(search).hits
    >>> hits.ids, np.exp(hits.scores).round(2)
    (array([[1, 0]]), array([[0.84, 0.01]], dtype=float32))
    """

    paper: ClassVar[str] = "arakelyan2022ns3"

    bias_: float
    temperature_: float

    def __init__(
        self,
        encoder: Encoder,
        *,
        parser: Parses | None = None,
        bias: float = 0.5,
        temperature: float = 0.1,
        n_reranked: int | None = None,
    ) -> None:
        self.encoder = encoder
        self.parser = parser
        self.bias = bias
        self.temperature = temperature
        self.n_reranked = n_reranked

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        # By the catalogue, for a ranker names no encoder.
        encoder = next(entry for entry in methods() if entry.name == "HashingEncoder").load()
        yield cls(encoder(dim=8))
        yield cls(encoder(dim=8), bias=0.2, temperature=0.5, n_reranked=5)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.requires_fit = False
        return tags

    def fit(self, search: Search, y: Grades | None = None) -> Self:
        """Find the threshold and the temperature at which the judgments are likeliest; `rank` can do without.

        That an item is irrelevant does not tell which constraint it misses, so that the likelihood is that of the
        whole product, with Platt's targets in the place of 0 and 1.

        Parameters
        ----------
        search : with the members that `rank` needs.
        y : for each query the grades of rows; a hit is relevant where its grade is above 0.

        Raises
        ------
        ParameterError
            If a parameter is not allowed, `y` or a member of the search is missing, or all hits are of one kind.
        ShapeError
            If there is not one entry of `y` for each query, or vectors are not of the encoder's dimension.
        """
        y = judgments("ConstraintQuery", len(search.hits), y)
        ids, met = self._met(search)
        good = np.array([y[i].get(int(row), 0) > 0 for i, rows in enumerate(ids) for row in rows], bool)
        n, n_good = len(good), int(good.sum())
        if not 0 < n_good < n:
            raise ParameterError(
                f"ConstraintQuery needs hits of both kinds: of {n} hits {n_good} are relevant by y. Search deeper, or "
                "judge more queries."
            )
        target = np.where(good, (n_good + 1) / (n_good + 2), 1 / (n - n_good + 2))
        cosines = np.concatenate([S.ravel() for S in met])
        starts = np.cumsum([0, *(S.shape[1] for S in met for _ in S)])[:-1]  # of each hit's constraints

        def loss(at: Array) -> float:
            log_p = np.minimum(np.add.reduceat(_log_sigmoid((cosines - at[0]) * np.exp(at[1])), starts), -1e-12)
            return -float(np.mean(target * log_p + (1 - target) * np.log(-np.expm1(log_p))))

        begin = np.array([self.bias, -np.log(self.temperature)])
        bounds = [(-1.0, 1.0), (0.0, -np.log(STEEPEST))]
        found = minimize(loss, np.clip(begin, *np.transpose(bounds)), method="L-BFGS-B", bounds=bounds)
        self.bias_, self.temperature_ = float(found.x[0]), float(np.exp(-found.x[1]))
        return self

    def rank(self, search: Search) -> Search:
        """Order the first hits of each query by the logarithm of the probability that they meet all constraints.

        Equal ones stay as they stood.

        Raises
        ------
        ParameterError
            If a parameter is not allowed, the search has no `queries`, or neither `X_parts` nor `items`.
        ShapeError
            If the parts are not of the encoder's dimension, or a hit is a row that `X_parts` or `items` lacks.
        """
        ids, met = self._met(search)
        bias, temperature = getattr(self, "bias_", self.bias), getattr(self, "temperature_", self.temperature)
        out = first(search.hits, self.n_reranked)
        scores = np.full(out.shape, -np.inf, np.float32)
        for i, (rows, S) in enumerate(zip(ids, met, strict=True)):
            scores[i, np.isin(out[i], rows)] = _log_sigmoid((S - bias) / temperature).sum(axis=1)
        return search.found(ordered(out, scores))

    def _met(self, search: Search) -> tuple[list[IdArray], list[Array]]:
        """Return for each query the hits that can be scored, and how well each of them meets each constraint."""
        if not -1 <= self.bias <= 1 or not 0 < self.temperature < np.inf:
            raise ParameterError(
                f"bias must be a cosine from -1 to 1, and temperature above 0, got {self.bias!r} and "
                f"{self.temperature!r}."
            )
        search.need("ConstraintQuery", "queries")
        asked = [constraints(query, self.parser) for query in cast(Sequence[Any], search.queries)]
        ids = first(search.hits, self.n_reranked)
        nothing = np.empty(0, np.int64), np.empty((0, 0))
        if not any(asked):
            return [nothing[0] for _ in ids], [nothing[1] for _ in ids]
        vectors = self._vectors([one for some in asked for one in some], "query")
        queries = Ragged(vectors, np.cumsum([0, *map(len, asked)]))
        items = self._parts(search, ids, vectors.shape[1])
        rows_of, met = [], []
        for query, row in zip(queries, ids, strict=True):
            rows = row[row >= 0] if len(query) else nothing[0]
            rows = rows[items.lengths[rows] > 0]
            rows_of.append(rows)
            met.append(_best(query, items, rows))
        return rows_of, met

    def _parts(self, search: Search, ids: IdArray, dim: int) -> Ragged:
        """Return the parts of all items; where they have to be encoded, those of the ones that were found."""
        if search.X_parts is not None:
            with_parts(search.X_parts, ids)  # for what it says of rows that are not there
            if search.X_parts.values.shape[1] != dim:
                raise ShapeError(
                    f"ConstraintQuery compares constraints and parts of one dimension, got {dim} of the encoder and "
                    f"{search.X_parts.values.shape[1]} of X_parts."
                )
            return search.X_parts
        if search.items is None:
            raise ParameterError("ConstraintQuery looks at X_parts or items of the search, which it does not have.")
        if ids.max(initial=-1) >= len(search.items):
            raise ShapeError(f"Row {ids.max()} was found, but there are {len(search.items)} items.")
        texts: list[list[Any]] = [[] for _ in search.items]
        for row in np.unique(ids[ids >= 0]):
            texts[row] = list(sentences_of(search.items[row]))
        flat = [text for some in texts for text in some]
        values = self._vectors(flat, "document", dim=dim) if flat else np.zeros((0, dim), np.float32)
        return Ragged(values, np.cumsum([0, *map(len, texts)]))

    def _vectors(self, texts: list[Any], role: str, *, dim: int | None = None) -> FloatArray:
        return as_vectors(self.encoder.encode(texts, role=role), "the encoder's vectors", dim=dim)


def _best(query: FloatArray, items: Ragged, rows: IdArray) -> Array:
    """Return the cosine of each constraint with the part of each item that is nearest to it, (items, constraints)."""
    out = np.empty((len(rows), len(query)))
    C = normalize(query).astype(np.float64)
    for which, lengths, values in blocks(items, rows, 2 * len(query)):
        S = normalize(values).astype(np.float64) @ C.T
        out[which] = np.maximum.reduceat(S, np.cumsum(lengths) - lengths, axis=0)
    return out


def _log_sigmoid(z: Array) -> Array:
    out: Array = -np.logaddexp(0, -z)
    return out
