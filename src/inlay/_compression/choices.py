"""The ways to store vectors that are tried, by name."""

import re
from collections.abc import Callable, Sequence

from inlay.core.contracts import Codec, Index, SearchesCodes, Transform
from inlay.core.errors import ParameterError
from inlay.indexes import Coded, Exact, SparseCoded, TurboVec
from inlay.indexes.turbo_vec import BITS
from inlay.transforms import Chain
from inlay.transforms.hash import IterativeQuantization, RandomHyperplanes, SemanticHashing
from inlay.transforms.quantize import (
    BinaryQuantizer,
    MoPQ,
    OptimizedProductQuantizer,
    Poeem,
    ProductQuantizer,
    RaBitQ,
    RecurrentBinarizer,
    ResidualQuantizer,
    ScalarQuantizer,
    TurboQuant,
    VectorQuantizer,
)
from inlay.transforms.reduce import (
    MPAD,
    TLDR,
    Autoencoder,
    ContractiveAutoencoder,
    LocalityPreserving,
    MatryoshkaTruncation,
    PrincipalComponents,
    RandomProjection,
)
from inlay.transforms.sparse import SparseCodes, TopKSparseAutoencoder

# name -> what makes the codec or the step of it, given the number in the name
_STEPS: dict[str, Callable[[int], Transform]] = {
    "pca": lambda n: PrincipalComponents(dim=n),
    "cut": lambda n: MatryoshkaTruncation(dim=n),
    "random": lambda n: RandomProjection(dim=n),
    "locality": lambda n: LocalityPreserving(dim=n),
    # On SciFact it keeps as much as the defaults, in a third of their time.
    "mpad": lambda n: MPAD(dim=n, n_rows=4000, n_steps=30),
    "tldr": lambda n: TLDR(dim=n),
    "auto": lambda n: Autoencoder(dim=n),
    # Of one layer, so that its Jacobian is that of the encoder and is known without being written out.
    "contractive": lambda n: ContractiveAutoencoder(dim=n, hidden_dims=(), contracts="layers"),
}
_CODECS: dict[str, Callable[[int], Codec | SearchesCodes]] = {
    "int": lambda n: ScalarQuantizer(bits=n),
    "pq": lambda n: ProductQuantizer(n_subvectors=n),
    "opq": lambda n: OptimizedProductQuantizer(n_subvectors=n, n_rotations=10),
    "rq": lambda n: ResidualQuantizer(n_codebooks=n),
    "poeem": lambda n: Poeem(n_subvectors=n),
    "mopq": lambda n: MoPQ(n_subvectors=n),
    "vq": lambda n: VectorQuantizer(n_codebooks=n, dim=8 * n),
    "bebr": lambda n: RecurrentBinarizer(bits=n),
    "turbo": lambda n: TurboQuant(bits=n),
    "itq": lambda n: IterativeQuantization(bits=n),
    "lsh": lambda n: RandomHyperplanes(bits=n),
    "semantic": lambda n: SemanticHashing(bits=n),
    "binary": lambda n: BinaryQuantizer(),
    "rabitq": lambda n: RaBitQ(),
}
_SPARSE: dict[str, Callable[[int], Transform]] = {
    # With less strength, sparse codes of sentences take more bytes than the vectors.
    "sparse": lambda n: SparseCodes(dim=n, strength=10.0),
    "topk": lambda n: TopKSparseAutoencoder(dim=n),
}
_NUMBERLESS = ("binary", "rabitq")
_JUDGED = ("poeem", "mopq")  # learn from queries and their documents
_LAST = (*_JUDGED, "lsh", "semantic")  # nothing stands before them: their scores are not products with what came in
N_FIT = 20_000  # rows from which codecs learn

GRAMMAR = (
    "float32, float16, int8, int4, pqN, opqN, rqN, vqN, poeemN and mopqN (N bytes; the last two learn from judgments), "
    "turbovecN, turboN and bebrN (N bits a dimension), itqN, lshN and semanticN (N bits), sparseN and topkN (sparse "
    "codes of N dimensions), binary, rabitq; before all but poeem, mopq, turbovec, lsh, semantic, sparse and topk "
    "pcaN+, cutN+, randomN+, localityN+, mpadN+, tldrN+, autoN+ or contractiveN+ (N dimensions); behind all but "
    "float32 and float16 +rescoreN (N times k full vectors are read from disk)"
)


def names(dim: int, *, thorough: bool = False) -> list[str]:
    """Return the choices that are tried for vectors of `dim` numbers where the user names none.

    With `thorough` those that take long to learn, and those that another one is nearly always better than, as well.

    Examples
    --------
    >>> names(64)[:6]
    ['float32', 'float16', 'int8', 'int4', 'pca32+int8', 'pca16+int8']
    """
    some = [dim // part for part in (2, 4) if dim // part]
    found = ["float32", "float16", "int8", "int4"]
    found += [f"pca{n}+int8" for n in some if n >= 8]
    found += [f"cut{n}+int8" for n in some[:1] if n >= 8]
    for part in (4, 8, 16):
        if dim % part == 0 and dim // part >= 1:
            found += [f"opq{dim // part}", f"opq{dim // part}+rescore10"]
            found += [f"{word}{dim // part}" for word in ("pq", *_JUDGED)] if thorough else []
    found += [
        "int4+rescore4",
        "turbovec4",
        "turbovec2",
        "turbovec2+rescore4",
        "binary",
        "binary+rescore10",
        "binary+rescore40",
        "rabitq",
    ]
    if thorough:
        found += [f"{word}{n}+int8" for word in _STEPS if word != "pca" for n in some]
        found += [f"{word}{max(1, dim // part)}" for word in ("rq", "vq") for part in (8, 16)]
        found += [f"{word}{n}" for word in ("itq", "lsh", "semantic") for n in (dim, *some[:1])]
        found += [f"pca{n}+{word}" for word in _NUMBERLESS for n in some[:1]]
        found += ["turbo4", "turbo2", "bebr2", "bebr3", "bebr4", "bebr2+rescore10"]
        found += [f"{word}{n}" for word in _SPARSE for n in (512, 1024, 2048)]
        found += ["sparse1024+rescore10"]
    return list(dict.fromkeys(found))


def index(name: str) -> Index:
    """Return the index that a name stands for, not fitted.

    Raises
    ------
    ParameterError
        If the name stands for none.

    Examples
    --------
    >>> index("pca16+int8+rescore4")
    Coded(codec=Chain(steps=[PrincipalComponents(dim=16), ScalarQuantizer()]),
          n_fit=20000, rescore=4)
    """
    found: Index
    if name in ("float32", "float16"):
        found = Exact(name)
        return found
    parts = [re.fullmatch(r"([a-z]+)(\d*)", part) for part in name.split("+")]
    words = [(part[1], int(part[2] or 0)) for part in parts if part]
    rescore = words.pop()[1] if words and words[-1][0] == "rescore" else 0
    alone = len(words) == 1 and len(parts) == 1 + (rescore > 0)
    if alone and words[0][0] in _SPARSE and words[0][1]:
        found = SparseCoded(_SPARSE[words[0][0]](words[0][1]), rescore=rescore, n_fit=N_FIT)
        return found
    if alone and words[0][0] == "turbovec" and words[0][1] in BITS:
        found = TurboVec(words[0][1], rescore=rescore)
        return found
    steps: list[Transform] = [_STEPS[word](n) for word, n in words[:-1] if word in _STEPS and n]
    known = len(words) == len(parts) - ("rescore" in name) and len(steps) == len(words) - 1
    known = known and not (steps and words[-1][0] in _LAST)
    if not known or not words or words[-1][0] not in _CODECS or (words[-1][1] == 0) != (words[-1][0] in _NUMBERLESS):
        raise ParameterError(f"There is no way {name!r} to store vectors; there are {GRAMMAR}.")
    codec = _CODECS[words[-1][0]](words[-1][1])
    found = Coded(Chain([*steps, codec]) if steps else codec, rescore=rescore, n_fit=N_FIT)
    return found


def learns_from_judgments(name: str) -> bool:
    """Say whether a way learns from queries and their documents.

    Examples
    --------
    >>> learns_from_judgments("poeem24+rescore10"), learns_from_judgments("opq24")
    (True, False)
    """
    return name.startswith(_JUDGED)


def bytes_of(size: str | int) -> int:
    """Return a number of bytes that is given as ``64``, ``"64B"``, ``"1.5kB"`` or ``"2KB"``.

    Raises
    ------
    ParameterError
        If it is none, or less than one byte.
    """
    found = re.fullmatch(r"\s*([\d.]+)\s*([kK]?)[bB]?\s*", str(size))
    try:
        value = float(found[1]) * (1000 if found[2] else 1) if found else 0.0
    except ValueError:
        value = 0.0
    if value < 1:
        raise ParameterError(f"budget must be bytes for each vector, such as 64B, got {size!r}.")
    return int(value)


def checked(given: Sequence[str] | None, dim: int, *, thorough: bool = False) -> list[str]:
    """Return the names to try, with float32 first, which everything is compared with."""
    chosen = names(dim, thorough=thorough) if given is None else list(dict.fromkeys(given))
    return ["float32", *(name for name in chosen if name != "float32")]
