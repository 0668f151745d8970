"""A learned similarity of two strings: their characters, encoded, are aligned by optimal transport."""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from inlay.core.contracts import Grades, Ranker
from inlay.core.errors import DataError, ParameterError, ShapeError
from inlay.core.extras import load
from inlay.core.judgments import judgments, relevant_rows
from inlay.core.parameters import check_numbers
from inlay.core.values import FloatArray, IdArray, Search

from ._members import asked, ordered


class CharacterTransport(Ranker):
    r"""Order strings by how well their characters align with those of the query, as learned from aliases.

    The characters of either string pass an embedding and an LSTM in both directions, which gives :math:`H` and
    :math:`H'`. Their similarities :math:`S = H H'^\top` are aligned softly by a transport plan, in which each
    character of a string has the same mass, the cost is :math:`C = \max(S) - S`, and :math:`E` is the entropy:

    .. math:: \hat P = \operatorname*{argmin}_{P \ge 0} \sum_{ij} C_{ij} P_{ij} - \epsilon\, E(P), \qquad
        P 1 = 1 / L, \quad P^\top 1 = 1 / L'

    so that what stands in another order, or was left out, can be told from what is different. Layers of convolution
    with rectified units read :math:`\hat P \circ S`, the largest of each two by two cells is kept, and a linear layer
    gives the score :math:`f`. It learns from triples of a query, an item that it names and one that it does not,

    .. math:: -\log \sigma\big(f(q, p) - f(q, n)\big)

    where half of the wrong items, rounded up, are other hits of the query, and the others any items.

    Use it where names differ by rule (translated, abbreviated, with words in another order, with what tells namesakes
    apart in brackets) and some hundred aliases or more are known to learn the rules from. Without any, edit distance
    finds as much; and where rare words and numbers decide, as in names of products, runs of characters weighted by
    their rarity find more. `EntityLinking` has two weights to learn, and looks at contexts too; `CrossEncoder` reads
    sentences, of which single characters say little.

    The paper stops Sinkhorn's iterations by their progress, which in a batch depends on the other pairs; here their
    number is fixed. Cells where a string has ended stay zero, whereas there each layer adds its bias to them. Biases
    start at zero and the linear layer alike at all places, whereas there both start at random; gradients are not cut.

    Parameters
    ----------
    dim : of a character's vector and of its encoding in either direction, at least 1; the paper takes 64 to 256.
    n_filters : of each convolution, at least 1; the paper takes 25.
    n_layers : convolutions, 1 to 4; the paper takes 3 or 4, which need far more aliases to learn.
    max_length : characters of a string that are looked at, at least 2.
    epsilon : weight of the entropy, above 0; small ones align each character with few. The paper's 1 goes with longer
        encodings, whose similarities are larger.
    n_iterations : of Sinkhorn, each over rows and columns, at least 1.
    n_negatives : wrong items drawn for each named one in each epoch, at least 1.
    n_epochs : passes over the named items, at least 0.
    batch_size : named items in a step, each with its wrong ones; at least 1.
    learning_rate : of AdamW, above 0; falls to zero along a cosine.
    random_state : seed of the first weights, of the order of pairs and of wrong items.

    Attributes
    ----------
    characters_ : text of the characters that were seen twice or more; all others are alike.
    weights_ : arrays by name, of the network.
    losses_ : (n_epochs,) the mean loss of each epoch; 0.69 is that of a guess.

    References
    ----------
    Tam, Monath, Kobren, Traylor, Das, McCallum (2019). Optimal Transport-based Alignment of Learned Character
    Representations for String Similarity. ACL. arXiv:1907.10165.

    Examples
    --------
    One list has initials and surnames, the other surnames and first names. What it learns serves names that it never
    saw, to which a string that takes fewer edits is no answer:

    >>> from inlay.core.values import Hits
    >>> first = ["Anna", "Emil", "Ida", "Olaf", "Ruth", "Hugo"]
    >>> last = ["Berg", "Falk", "Holm", "Lund", "Nord", "Dahl"]
    >>> whole = [(a, b) for a in first for b in last]
    >>> items, queries = [f"{b}, {a}" for a, b in whole], [f"{a[0]}. {b}" for a, b in whole]
    >>> search = Search(Hits([range(36)] * 36, np.zeros((36, 36))), queries=queries, items=items)
    >>> ranker = CharacterTransport(dim=16, n_filters=4, max_length=12, n_epochs=15, learning_rate=0.02)
    >>> ranker = ranker.fit(search, [{i: 1} for i in range(36)])
    >>> candidates = ["Bo Lidin", "Lind, Bea", "Lund, Bea"]
    >>> candidates[ranker.score_pairs(["B. Lind"] * 3, candidates).argmax()]
    'Lind, Bea'
    """

    paper: ClassVar[str] = "tam2019optimal"
    requires: ClassVar[tuple[str, ...]] = ("nn",)

    characters_: str
    weights_: dict[str, NDArray[np.float32]]
    losses_: NDArray[np.float64]

    def __init__(
        self,
        *,
        dim: int = 32,
        n_filters: int = 8,
        n_layers: int = 1,
        max_length: int = 64,
        epsilon: float = 0.3,
        n_iterations: int = 10,
        n_negatives: int = 3,
        n_epochs: int = 5,
        batch_size: int = 16,
        learning_rate: float = 5e-3,
        random_state: int = 0,
    ) -> None:
        self.dim = dim
        self.n_filters = n_filters
        self.n_layers = n_layers
        self.max_length = max_length
        self.epsilon = epsilon
        self.n_iterations = n_iterations
        self.n_negatives = n_negatives
        self.n_epochs = n_epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.random_state = random_state

    @classmethod
    def examples(cls) -> Iterator[Self]:
        """Yield small instances for the contract checks."""
        yield cls(dim=3, n_filters=2, n_layers=2, max_length=8, n_iterations=3, n_epochs=1)
        yield cls(dim=2, n_filters=1, max_length=5, epsilon=1.0, n_iterations=2, n_epochs=1, random_state=1)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags

    def fit(self, search: Search, y: Grades | None = None) -> Self:
        """Learn from queries whose items are known.

        Parameters
        ----------
        search : any search with `queries` and `items`, strings; its hits are what the right items are told from.
        y : for each query the grades of rows; those above 0 are what it names.

        Raises
        ------
        ParameterError
            If a parameter is out of its range, there is no `y`, the search lacks queries or items, or the network
            does not come to finite numbers.
        ShapeError
            If `y` has not a mapping for each query, or names a row that there is not.
        DataError
            If something is no text, or no query names an item.
        """
        self._check()
        queries, items = asked(search, "CharacterTransport")
        _check_rows(search.hits.ids, len(items))
        pairs = _named(judgments("CharacterTransport", len(queries), y, n_rows=len(items)))
        network = load("inlay.nn.character_transport", extra="nn", purpose="CharacterTransport")
        counts: dict[str, int] = {}
        for text in (*_texts("a query", queries), *_texts("an item", items)):
            for character in text[: self.max_length]:
                counts[character] = counts.get(character, 0) + 1
        characters = "".join(sorted(character for character, n in counts.items() if n > 1))
        aligner = network.made(len(characters) + 2, self.random_state, self._shape())
        losses = network.learn(
            aligner,
            self._codes(queries, characters),
            self._codes(items, characters),
            pairs,
            search.hits.ids,
            n_negatives=self.n_negatives,
            n_epochs=self.n_epochs,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            random_state=self.random_state,
        )
        weights = {name: part.detach().numpy().copy() for name, part in aligner.state_dict().items()}
        if not all(np.isfinite(part).all() for part in weights.values()):
            raise ParameterError(
                "CharacterTransport did not come to finite numbers; lower learning_rate, which is "
                f"{self.learning_rate!r}."
            )
        self.characters_, self.weights_, self.losses_ = characters, weights, np.array(losses)
        return self

    def score_pairs(self, queries: Sequence[str], items: Sequence[str]) -> FloatArray:
        """Return the (n,) scores of n queries, each with the item at its place; larger is better.

        Raises
        ------
        NotFittedError
            If `fit` has not been called.
        ShapeError
            If there are not as many items as queries.
        DataError
            If something given is no text.
        """
        self._check_fitted()
        if len(queries) != len(items):
            raise ShapeError(
                f"score_pairs takes an item for each query, got {len(queries)} queries, {len(items)} items."
            )
        a, b = (
            self._codes(texts, self.characters_) for texts in (_texts("a query", queries), _texts("an item", items))
        )
        if not len(a):
            return np.empty(0, np.float32)
        self._check()
        network = load("inlay.nn.character_transport", extra="nn", purpose="CharacterTransport")
        aligner = network.restored(self.weights_, len(self.characters_) + 2, self._shape())
        scores: FloatArray = network.scores(aligner, a, b)
        return scores

    def rank(self, search: Search) -> Search:
        """Order the hits of each query by their scores, equal ones as they stood.

        Raises
        ------
        NotFittedError
            If `fit` has not been called.
        ParameterError
            If the search lacks queries or items.
        ShapeError
            If a hit is no row of the items.
        DataError
            If a query or an item that was found is no text.
        """
        queries, items = asked(search, "CharacterTransport")
        self._check_fitted()
        ids = search.hits.ids
        _check_rows(ids, len(items))
        scores = np.full(ids.shape, -np.inf, np.float32)
        at = np.nonzero(ids >= 0)
        found = [items[row] for row in ids[at].tolist()]
        scores[at] = self.score_pairs([queries[i] for i in at[0].tolist()], found)
        return search.found(ordered(ids, scores))

    def _codes(self, texts: Sequence[str], characters: str) -> IdArray:
        """Return the codes of characters, (n, max_length): 0 beyond the end, 1 for what is not known."""
        codes = {character: number for number, character in enumerate(characters, start=2)}
        out = np.zeros((len(texts), self.max_length), np.int64)
        for row, text in zip(out, texts, strict=True):
            known = [codes.get(character, 1) for character in text[: self.max_length]]
            row[: max(1, len(known))] = known or 1  # a text without characters is one that is not known
        return out

    def _shape(self) -> dict[str, Any]:
        names = ("dim", "n_filters", "n_layers", "n_iterations", "epsilon", "max_length")
        return {name: getattr(self, name) for name in names}

    def _check(self) -> None:
        counts = {"n_filters": 1, "n_layers": 1, "max_length": 2, "n_iterations": 1, "n_negatives": 1}
        check_numbers(
            self,
            at_least={"dim": 1, **counts, "n_epochs": 0, "batch_size": 1},
            above={"epsilon": 0, "learning_rate": 0},
            at_most={"n_layers": 4},
        )


def _check_rows(ids: IdArray, n: int) -> None:
    if ids.size and ids.max() >= n:
        raise ShapeError(f"Row {ids.max()} was found, but there are {n} items.")


def _texts(name: str, texts: Sequence[Any]) -> Sequence[str]:
    for text in texts:
        if not isinstance(text, str):
            raise DataError(f"CharacterTransport compares texts, but {name} is {type(text).__name__}: {text!r:.60}")
    return texts


def _named(y: Grades) -> IdArray:
    """Return the pairs of a query and an item that it names, (p, 2)."""
    pairs = np.array([(i, row) for i, rows in enumerate(relevant_rows(y)) for row in rows], np.int64)
    if not len(pairs):
        raise DataError("CharacterTransport learns from queries that name an item, but no grade in y is above 0.")
    return pairs
