"""People and what they like: a corpus of any size in which every pair of documents is the answer of one query."""

import itertools
import math

import numpy as np

from inlay.core.errors import ParameterError

from ._corpus import Corpus

_FIRST = (
    "Ada Amos Bela Cleo Dora Egon Fritz Gwen Hugo Ida Jonas Kira Leon Mina Nils Olga Pavel Quinn Rosa Sven "
    "Tilda Ugo Vera Wanda Xaver Yara"
)
_LAST = (
    "Abbott Brandt Castro Duval Eriksen Falk Garner Hobbs Ibsen Jansen Keller Lund Marsh Novak Okafor Petit "
    "Quiroga Rossi Sato Thorne Urban Vogel Weiss Yilmaz Zeller"
)
_KINDS = (
    "Amber Ash Bay Birch Blue Bronze Cedar Cliff Cloud Copper Coral Crow Dawn Dusk Elm Fern Fire Frost Gold Green Hill "
    "Holly Iron Ivory Jade Lake Leaf Marsh Mint Moon Moss Night Oak Pearl Pine Red Rose Salt Sand Sea"
)
_THINGS = (
    "apples bells birds boats bowls bugs cakes caps clocks coats combs cups dice dolls drums fans flutes forks gates "
    "gloves hats horns jars kites knots lamps locks maps masks moths mugs nets owls pans pens pins plums pots rings "
    "rugs ships shoes socks spoons stamps tiles towers toys trays wheels"
)
_MOST = 63  # the most documents whose pairs there are things for


def likes(n: int, random_state: int) -> Corpus:
    """Return `n` people, and one query for each pair of them: who likes what those two alone like.

    As in the paper, a document is a name and a list of what is liked, each person likes equally many things, and no
    word is in two of them, so that who reads words finds all. The things are words made of two, such as Moonkites.
    """
    if not 3 <= n <= _MOST:
        raise ParameterError(f"n_documents must be from 3 to {_MOST}, got {n}.")
    rng = np.random.default_rng(random_state)
    names = [f"{first} {last}" for first, last in itertools.product(_FIRST.split(), _LAST.split())]
    things = [f"{kind}{thing}" for kind, thing in itertools.product(_KINDS.split(), _THINGS.split())]
    people = [names[i] for i in rng.choice(len(names), n, replace=False)]
    liked = [things[i] for i in rng.choice(len(things), math.comb(n, 2), replace=False)]
    pairs = list(itertools.combinations(people, 2))
    of: dict[str, list[str]] = {person: [] for person in people}
    for pair, thing in zip(pairs, liked, strict=True):
        for person in pair:
            of[person].append(thing)
    documents = {}
    for person, all_ in of.items():
        *others, last = (all_[i] for i in rng.permutation(len(all_)))
        documents[person] = f"{person} likes {', '.join(others)} and {last}."
    queries = {f"query_{i}": f"Who likes {thing}?" for i, thing in enumerate(liked)}
    return Corpus(
        documents, queries, {query: dict.fromkeys(pair, 1) for query, pair in zip(queries, pairs, strict=True)}
    )
