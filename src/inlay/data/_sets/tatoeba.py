"""Tatoeba: short sentences in 112 languages, each with its English translation, as LASER selected them."""

import tarfile
from functools import partial
from pathlib import Path

from ...core.errors import DataError
from ..datasets import Columns, DataSet

_LANGUAGES = """
afr amh ang ara arq arz ast awa aze bel ben ber bos bre bul cat cbk ceb ces cha cmn cor csb cym dan deu dsb dtp ell
epo est eus fao fin fra fry gla gle glg gsw heb hin hrv hsb hun hye ido ile ina ind isl ita jav jpn kab kat kaz khm
kor kur kzj lat lfn lit lvs mal mar max mhr mkd mon nds nld nno nob nov oci orv pam pes pms pol por ron rus slk slv
spa sqi srp swe swg swh tam tat tel tgl tha tuk tur tzl uig ukr urd uzb vie war wuu xho yid yue zsm
"""


def _read(folder: Path, language: str) -> Columns:
    """Read one language; the archive is read as it lies, from its start to its end."""
    file = folder / "tatoeba_v1.tar.gz"
    wanted = {f"tatoeba.{language}-eng.{side}": name for side, name in ((language, "source"), ("eng", "target"))}
    found = {}
    with tarfile.open(file, "r:gz") as archive:
        for member in archive:
            name = wanted.get(Path(member.name).name)
            part = archive.extractfile(member) if name else None
            if name and part:
                text = part.read().decode("utf-8").removesuffix("\n")
                found[name] = [line.rstrip("\r") for line in text.split("\n")]
    if set(found) != {"source", "target"}:
        raise DataError(f"{file} does not hold {' and '.join(wanted)}.")
    return {name: found[name] for name in ("source", "target")}


SETS = tuple(
    DataSet(
        f"tatoeba-{language}",
        "tatoeba_laser",
        partial(_read, language=language),
        "Artetxe, Schwenk (2019), Massively Multilingual Sentence Embeddings, TACL",
    )
    for language in _LANGUAGES.split()
)
