"""Word similarity: pairs of English words with what people said of them, as wordvectors.org collected them."""

from functools import partial
from pathlib import Path

from ...core.errors import MissingData
from ..datasets import Columns, DataSet, lines


def _read(folder: Path, name: str) -> Columns:
    file = folder / f"EN-{name}.txt"
    if not file.is_file():
        raise MissingData(f"The word pairs {name} are not on this machine: there is no file {file}.")
    word1, word2, score = zip(*(line.split() for line in lines(file) if line.strip()), strict=True)
    return {"word1": list(word1), "word2": list(word2), "score": [float(one) for one in score]}


_SOURCES = {
    "simlex999": ("SIMLEX-999", "Hill, Reichart, Korhonen (2015), SimLex-999, Computational Linguistics"),
    "wordsim353": ("WS-353-ALL", "Finkelstein, Gabrilovich et al. (2002), Placing Search in Context, TOIS"),
    "wordsim353-similarity": ("WS-353-SIM", "Agirre, Alfonseca et al. (2009), A Study on Similarity, NAACL"),
    "wordsim353-relatedness": ("WS-353-REL", "Agirre, Alfonseca et al. (2009), A Study on Similarity, NAACL"),
    "men": ("MEN-TR-3k", "Bruni, Boleda, Baroni, Tran (2012), Distributional Semantics in Technicolor, ACL"),
    "rareword": ("RW-STANFORD", "Luong, Socher, Manning (2013), Better Word Representations, CoNLL"),
    "simverb3500": ("SimVerb-3500", "Gerz, Vulić, Hill, Reichart, Korhonen (2016), SimVerb-3500, EMNLP"),
    "mturk287": ("MTurk-287", "Radinsky, Agichtein et al. (2011), A Word at a Time, WWW"),
    "mturk771": ("MTurk-771", "Halawi, Dror, Gabrilovich, Koren (2012), Large-scale Learning of Relatedness, KDD"),
    "rg65": ("RG-65", "Rubenstein, Goodenough (1965), Contextual Correlates of Synonymy, CACM"),
    "mc30": ("MC-30", "Miller, Charles (1991), Contextual Correlates of Semantic Similarity"),
    "yp130": ("YP-130", "Yang, Powers (2006), Verb Similarity on the Taxonomy of WordNet, GWC"),
    "verb143": ("VERB-143", "Baker, Reichart, Korhonen (2014), An Unsupervised Model for Instance Level, EMNLP"),
}

SETS = tuple(
    DataSet(name, "wordsim_faruqui", partial(_read, name=file), source) for name, (file, source) in _SOURCES.items()
)
