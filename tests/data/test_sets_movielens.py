"""MovieLens 100k has the ratings, people and films that its authors count."""

from collections import Counter
from importlib.util import find_spec

import pytest

from inlay.data._sets import movielens
from inlay.data.datasets import load


def test_rows_of_users_and_items_are_joined_to_ratings(tmp_path):
    (tmp_path / "ml-100k.inter").write_text(
        "user_id:token\titem_id:token\trating:float\ttimestamp:float\n2\t7\t4\t881250949\n1\t7\t1\t881250950\n"
    )
    (tmp_path / "ml-100k.user").write_text(
        "user_id:token\tage:token\tgender:token\toccupation:token\tzip_code:token\n"
        "1\t24\tM\ttechnician\t85711\n2\t53\tF\tother\t94043\n"
    )
    (tmp_path / "ml-100k.item").write_text(
        "item_id:token\tmovie_title:token_seq\trelease_year:token\tclass:token_seq\n"
        "7\tTwelve Monkeys\t1995\tDrama Sci-Fi\n"
    )
    assert movielens._ml_100k(tmp_path) == {
        "user": ["2", "1"],
        "item": ["7", "7"],
        "rating": [4.0, 1.0],
        "timestamp": [881250949, 881250950],
        "age": [53, 24],
        "gender": ["F", "M"],
        "occupation": ["other", "technician"],
        "title": ["Twelve Monkeys"] * 2,
        "year": ["1995"] * 2,
        "genres": ["Drama Sci-Fi"] * 2,
    }


@pytest.mark.skipif(not find_spec("recbole"), reason="needs the data: pip install --no-deps recbole")
def test_ml_100k():
    found = load("ml-100k")
    assert {len(column) for column in found.values()} == {100_000}
    assert len(set(found["user"])) == 943
    assert len(set(found["item"])) == 1682
    assert Counter(found["rating"]) == {4.0: 34174, 3.0: 27145, 5.0: 21201, 2.0: 11370, 1.0: 6110}
    assert min(Counter(found["user"]).values()) == 20
    assert [found[name][0] for name in ("age", "occupation", "title", "genres")] == [49, "writer", "Kolya", "Comedy"]
