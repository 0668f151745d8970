"""Texts on which engines are compared: sentences of many kinds, and a few that are as long as documents."""

_SENTENCES = (
    "How do I reset my password?",
    "The central bank raised interest rates by a quarter of a point on Thursday.",
    "def mean(values): return sum(values) / len(values)",
    "A woman is slicing onions in a small kitchen.",
    "Photosynthesis turns light, water and carbon dioxide into sugar and oxygen.",
    "my card still has not arrived, what should I do",
    "TypeError: unsupported operand type(s) for +: 'int' and 'str'",
    "Patients who received the vaccine had fewer infections than those in the control group (p < 0.01).",
    "Der schnelle braune Fuchs springt über den faulen Hund.",
    "La bibliothèque ferme à dix-neuf heures le samedi.",
    "東京は日本の首都です。",
    "Москва — столица России.",
    "2024-03-15, 1,299.00 EUR, invoice no. 88-1042",
    "A slow, beautiful film that never quite finds its ending.",
    "https://example.org/docs/index.html?page=2#install",
    "Yes.",
    "Return the indices of the smallest elements along an axis, in sorted order.",
    "Snow fell on the mountains all night, and by morning the pass was closed to everything but skis.",
)

PROBES: tuple[str, ...] = (
    *_SENTENCES * 1,
    *(f"{a} {b}" for a, b in zip(_SENTENCES, _SENTENCES[5:], strict=False)),
    " ".join(_SENTENCES),
    " ".join(reversed(_SENTENCES)),
    " ".join(_SENTENCES[::2] * 4),
)
