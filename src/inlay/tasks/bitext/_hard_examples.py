"""English sentences that look like another and mean something else, made by rules.

Causality: a negation is added or taken away, or a word becomes its opposite. Entities: a name becomes another name of
the same texts. Numbers: a number becomes another of as many digits, or a number word another one.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

_Spans = list[tuple[int, int, list[str]]]  # from, to, and what may stand there

_OPPOSITES = """
able/unable accept/refuse after/before agree/disagree alive/dead all/none always/never answer/question appear/disappear
arrive/leave asleep/awake bad/good beautiful/ugly began/ended begin/end best/worst better/worse big/small
boring/interesting bought/sold boy/girl brother/sister buy/sell cheap/expensive clean/dirty close/open closed/opened
cold/hot come/go correct/incorrect dangerous/safe dark/light day/night deep/shallow difficult/easy dry/wet early/late
empty/full enemy/friend evening/morning everybody/nobody everyone/nobody everything/nothing failed/succeeded fast/slow
fat/thin father/mother few/many find/lose first/last forget/remember forgot/remembered found/lost happy/sad
hard/soft hate/love healthy/sick heavy/light her/his he/she high/low husband/wife important/unimportant
increase/decrease inside/outside kind/cruel large/small laugh/cry left/right less/more likely/unlikely
long/short loved/hated loud/quiet lucky/unlucky man/woman married/single men/women minimum/maximum
modern/ancient near/far necessary/unnecessary new/old noisy/quiet north/south often/rarely over/under peace/war
poor/rich possible/impossible push/pull raise/lower same/different send/receive son/daughter start/stop started/stopped
strong/weak tall/short true/false up/down usually/rarely win/lose with/without won/lost wrong/right yes/no young/old
"""

_AUXILIARY = ("is", "are", "was", "were", "has", "had", "will", "would", "should", "must", "could", "may", "might")
_NEGATED = {word: f"{word} not" for word in _AUXILIARY}
_NEGATED |= {"can": "cannot", "am": "am not"}
_POSITIVE = {negative: word for word, negative in _NEGATED.items()} | {"won't": "will", "can't": "can"}
_POSITIVE |= {f"{word}n't": word for word in _AUXILIARY if word not in ("will", "may", "might")}
# "did not go" becomes "did go", which is English, if with a stress
_POSITIVE |= {"don't": "do", "do not": "do", "doesn't": "does", "does not": "does", "didn't": "did", "did not": "did"}

_NUMBERS = "two three four five six seven eight nine ten eleven twelve thirteen fifteen sixteen eighteen twenty"
_NUMBERS += " thirty forty fifty sixty seventy eighty ninety"
_CLOSED = {  # names of a kind change among themselves
    word: group.split()
    for group in (
        "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
        "January February March April June July August September October November December",
        "English French German Spanish Italian Russian Chinese Japanese Arabic Portuguese",
    )
    for word in group.split()
}
_NAME = re.compile(r"(?<=[a-z,] )[A-Z][a-z]+(?: [A-Z][a-z]+)*\b")
_NO_NAMES = {*ENGLISH_STOP_WORDS, "mr", "mrs", "ms", "dr", "yes", "no"}


@dataclass(frozen=True, slots=True)
class HardExample:
    """A changed sentence, the row of the one it was made of, and what was changed."""

    text: str
    row: int
    kind: str


def hard_examples(texts: Sequence[str], n_examples: int, random_state: int) -> list[HardExample]:
    """Make up to `n_examples` of each kind of every text; none of them is one of the texts, and none comes twice."""
    rng = np.random.default_rng(random_state)
    rules: dict[str, Callable[[str, np.random.Generator], _Spans]] = {
        "causality": _causality,
        "entity": _Names(texts),
        "number": _numbers,
    }
    taken, out = set(texts), []
    first = {text: row for row, text in reversed(list(enumerate(texts)))}
    for text, row in reversed(first.items()):
        for kind, rule in rules.items():
            changed = [f"{text[:a]}{new}{text[b:]}" for a, b, words in rule(text, rng) for new in words]
            fresh = [one for one in dict.fromkeys(changed) if one not in taken]
            kept = [fresh[i] for i in sorted(rng.permutation(len(fresh))[:n_examples])]
            out += [HardExample(one, row, kind) for one in kept]
            taken.update(kept)
    return out


def _table() -> dict[str, list[str]]:
    table: dict[str, list[str]] = {}
    for pair in _OPPOSITES.split():
        a, b = pair.split("/")
        table.setdefault(a, []).append(b)
        table.setdefault(b, []).append(a)
    return table


_CHANGES = {**_table()}
_CHANGES |= {word: [*_CHANGES.get(word, []), negative] for word, negative in _NEGATED.items()}
_CHANGES |= {negative: [word] for negative, word in _POSITIVE.items()}
_CAUSAL = re.compile(r"\b(?:" + "|".join(sorted(map(re.escape, _CHANGES), key=len, reverse=True)) + r")\b", re.I)
_NUMBER = re.compile(r"\d+|\b(?:" + "|".join(_NUMBERS.split()) + r")\b", re.I)


def _causality(text: str, rng: np.random.Generator) -> _Spans:
    return [(m.start(), m.end(), [_cased(new, m[0]) for new in _CHANGES[m[0].lower()]]) for m in _CAUSAL.finditer(text)]


def _numbers(text: str, rng: np.random.Generator) -> _Spans:
    return [(m.start(), m.end(), list(_other_numbers(m[0], rng))) for m in _NUMBER.finditer(text)]


def _other_numbers(number: str, rng: np.random.Generator) -> Iterator[str]:
    if not number.isdecimal():
        words = [word for word in _NUMBERS.split() if word != number.lower()]
        yield from (_cased(words[i], number) for i in rng.permutation(len(words)))
        return
    width = min(len(number), 15)
    low = 10 ** (width - 1) if width > 1 and number[0] != "0" else 0
    for drawn in rng.integers(low, 10**width, 16):
        if (new := f"{drawn:0{width}d}{number[width:]}") != number:
            yield new


class _Names:
    """Names of the texts: what is written with a capital within a sentence and nowhere without, also at its start."""

    def __init__(self, texts: Sequence[str]) -> None:
        small = _NO_NAMES.union(*(re.findall(r"\b[a-z]+\b", text) for text in texts))
        found = dict.fromkeys(m[0] for text in texts for m in _NAME.finditer(text))
        names = [name for name in found if not small.intersection(name.lower().split())]
        self.open = [name for name in names if name not in _CLOSED]
        every = "|".join(sorted(map(re.escape, {*names, *_CLOSED} - {"May", "March"}), key=lambda n: (-len(n), n)))
        self.known = re.compile(rf"\b(?:{every})\b")

    def __call__(self, text: str, rng: np.random.Generator) -> _Spans:
        return [(m.start(), m.end(), self._others(m[0], rng)) for m in self.known.finditer(text)]

    def _others(self, name: str, rng: np.random.Generator) -> list[str]:
        names = _CLOSED.get(name, self.open)
        return [names[i] for i in rng.permutation(len(names))[:16] if names[i] != name]


def _cased(new: str, old: str) -> str:
    return new[0].upper() + new[1:] if old[0].isupper() else new
