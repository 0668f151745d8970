"""MovieLens 100k: ratings of films, with what is known of people and films."""

from pathlib import Path

from ..datasets import Columns, DataSet, lines


def _table(file: Path) -> dict[str, list[str]]:
    """Read a file of RecBole: tabs, and in the first line the names of columns, each with its kind."""
    names, *rows = (line.split("\t") for line in lines(file))
    return {name.partition(":")[0]: list(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)}


def _ml_100k(folder: Path) -> Columns:
    """Read one row for each rating; what is known of its user and its item stands in the same row."""
    ratings, users, items = (_table(folder / f"ml-100k.{part}") for part in ("inter", "user", "item"))
    person = {name: row for row, name in enumerate(users["user_id"])}
    film = {name: row for row, name in enumerate(items["item_id"])}
    of_user = [person[name] for name in ratings["user_id"]]
    of_item = [film[name] for name in ratings["item_id"]]
    return {
        "user": ratings["user_id"],
        "item": ratings["item_id"],
        "rating": [float(rating) for rating in ratings["rating"]],
        "timestamp": [int(float(time)) for time in ratings["timestamp"]],
        "age": [int(users["age"][row]) for row in of_user],
        "gender": [users["gender"][row] for row in of_user],
        "occupation": [users["occupation"][row] for row in of_user],
        "title": [items["movie_title"][row] for row in of_item],
        "year": [items["release_year"][row] for row in of_item],
        "genres": [items["class"][row] for row in of_item],
    }


SETS = (
    DataSet(
        "ml-100k",
        "ml-100k",
        _ml_100k,
        "Harper, Konstan (2015), The MovieLens Datasets: History and Context, ACM TiiS 5(4)",
        package="recbole/dataset_example/ml-100k",
    ),
)
