"""Classification equals MTEB draw by draw, reproduces its published score, and names what is wrong with its data."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, f1_score

from inlay.core.errors import DataError, ParameterError
from inlay.tasks.classify import Classification


class Drawn:
    """Vectors at random around a centre for each first word, the same for the same text."""

    def encode(self, items, *, role="document"):
        self.seen = [*getattr(self, "seen", []), *items]
        return np.stack([self._vector(item) for item in items]).astype(np.float32)

    def _vector(self, item):
        centre, noise = (np.random.default_rng(list(text.encode())) for text in (item.split()[0], item))
        return centre.standard_normal(8) + 2 * noise.standard_normal(8)


def data(names, n_train=40, n_test=30):
    rng = np.random.default_rng(3)
    train, test = (rng.choice(names, n).tolist() for n in (n_train, n_test))
    return {
        "train_text": [f"{name} train {i}" for i, name in enumerate(train)],
        "train_label": train,
        "text": [f"{name} test {i}" for i, name in enumerate(test)],
        "label": test,
    }


THREE, TWO = data(["pets", "money", "rain"]), data(["no", "yes"])


def by_loops(found, n_experiments, samples_per_label):
    """Draw as MTEB does: one list, shuffled on and on by the same seed, of which the first of each label are taken."""
    X, Z = (Drawn().encode(found[name]) for name in ("train_text", "text"))
    order, scores = list(range(len(X))), []
    for _ in range(n_experiments):
        np.random.RandomState(42).shuffle(order)
        taken, rows = {}, []
        for row in order:
            label = found["train_label"][row]
            if taken.setdefault(label, 0) < samples_per_label:
                taken[label] += 1
                rows.append(row)
        model = LogisticRegression(max_iter=100).fit(X[rows], [found["train_label"][row] for row in rows])
        scores.append(model.predict(Z))
    return scores


@pytest.mark.parametrize("found", [THREE, TWO])
def test_equals_loops_over_the_protocol(found):
    predicted = by_loops(found, 4, 3)
    readings = {r.name: r for r in Classification(found, n_experiments=4, samples_per_label=3).run(Drawn())}
    right = [np.mean([p[i] == one for p in predicted]) for i, one in enumerate(found["label"])]
    assert next(iter(readings)) == "accuracy"
    assert 0.3 < np.mean(right) < 1
    assert readings["accuracy"].sample.columns[0] == pytest.approx(right)
    for name, average in (("f1", "macro"), ("f1_weighted", "weighted")):
        want = [f1_score(found["label"], p, average=average) for p in predicted]
        assert readings[name].value == pytest.approx(np.mean(want)), name
    assert ("ap" in readings) == (found is TWO)
    if found is TWO:
        want = [average_precision_score(np.equal(found["label"], "yes"), p == "yes") for p in predicted]
        assert readings["ap"].value == pytest.approx(np.mean(want))


def test_equals_mteb():
    pytest.importorskip("mteb")
    from datasets import Dataset, DatasetDict
    from mteb import get_task

    numbers = {name: i for i, name in enumerate(sorted(set(THREE["label"])))}
    parts = {
        part: Dataset.from_dict({"text": THREE[text], "label": [numbers[one] for one in THREE[label]]})
        for part, text, label in (("train", "train_text", "train_label"), ("test", "text", "label"))
    }
    task = get_task("Banking77Classification")
    task.dataset, task.data_loaded = DatasetDict(parts), True

    class Model:
        mteb_model_meta = None

        def __init__(self, *args, **kwargs):
            pass

        def encode(self, inputs, *, task_metadata, hf_split, hf_subset, prompt_type=None, **kwargs):
            return Drawn().encode([text for batch in inputs for text in batch["text"]])

        def similarity(self, left, right):
            raise NotImplementedError

        similarity_pairwise = similarity

    want = task.evaluate(Model(), "test", encode_kwargs={})["default"]
    for reading in Classification(THREE).run(Drawn()):
        each = [one[reading.name] for one in want["scores_per_experiment"]]
        assert reading.value == pytest.approx(np.mean(each)), reading.name
        if reading.name != "accuracy":  # whose items are texts
            assert reading.sample.columns[0] == pytest.approx(each), reading.name


def test_only_what_is_drawn_is_encoded_and_once():
    encoder = Drawn()
    Classification(THREE, n_experiments=1, samples_per_label=2).run(encoder)
    assert len(encoder.seen) == len(set(encoder.seen)) == 3 * 2 + len(THREE["text"])


def test_one_part_is_cut_into_folds_that_are_never_learned_from():
    class Apart:
        """Vectors that share nothing, so that only what was learned itself can be known."""

        def encode(self, items, *, role="document"):
            return np.eye(len(items), 64, dtype=np.float32)

    texts = {"text": [f"text {i}" for i in range(20)], "label": [0, 1] * 10}
    reading = Classification(texts, n_experiments=5, samples_per_label=20).run(Apart())[0]
    assert reading.n == 5
    assert reading.value <= 0.5
    assert Classification({**texts, "text": [f"{i % 2} text {i}" for i in range(20)]}).run(Drawn())[0].n == 10


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"label": THREE["label"][:-1]}, "one length"),
        ({"label": ["snow", *THREE["label"][1:]]}, "can not learn the label 'snow'"),
        ({"label": ["pets"] * 30, "train_label": ["pets"] * 40}, "two labels at least"),
        ({"label": [["pets"]] * 30}, "all texts or all numbers"),
        ({"label": [1] * 30}, "all texts or all numbers"),
        ({"label": [float("nan")] * 30, "train_label": [1.0] * 40}, "all texts or all numbers"),
    ],
)
def test_says_what_is_wrong_with_the_data(change, message):
    with pytest.raises(DataError, match=message):
        Classification({**THREE, **change}).run(Drawn())


def test_a_training_part_needs_its_labels():
    with pytest.raises(DataError, match="needs the columns train_text, train_label"):
        Classification({key: THREE[key] for key in ("train_text", "text", "label")}).run(Drawn())


@pytest.mark.parametrize("change", [{"n_experiments": 0}, {"samples_per_label": 0}, {"max_iter": 0}])
def test_counts_have_to_be_positive(change):
    with pytest.raises(ParameterError, match="at least 1, got 0"):
        Classification(THREE, **change).run(Drawn())


def test_a_seed_is_one_that_numpy_takes():
    with pytest.raises(ParameterError, match="random_state must be from 0 to"):
        Classification(THREE, random_state=-1).run(Drawn())


def test_one_experiment_makes_no_folds():
    with pytest.raises(ParameterError, match=r"number of folds where there is no train_text, 2 to 30 here; got 1"):
        Classification({key: THREE[key] for key in ("text", "label")}, n_experiments=1).run(Drawn())


@pytest.mark.data
def test_banking77_is_read_and_scored():
    hashing = pytest.importorskip("inlay.encoders.text").HashingEncoder()
    reading = Classification("banking77", n_experiments=2, samples_per_label=4).run(hashing)[0]
    assert 0.2 < reading.value < 0.8


@pytest.mark.data
@pytest.mark.slow
def test_minilm_reaches_the_published_score():
    text = pytest.importorskip("inlay.encoders.text")
    assert Classification("banking77").run(text.TextEncoder())[0].value == pytest.approx(0.8004, abs=0.003)
