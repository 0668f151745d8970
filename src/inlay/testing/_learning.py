"""The checks of losses and samplers."""

from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inlay.core import extras

from ._data import vectors
from ._trial import Data, Outputs, Trial

MANY = 10_000  # batches after which a sampler counts as endless


def loss_is_a_number(trial: Trial) -> None:
    """Forward gives a finite scalar, and finite gradients that are not all zero."""
    out = trial.run()
    for name, value in out.items():
        assert np.isfinite(value).all(), f"{name} has NaN or infinity"
    assert out["gradient of a"].any(), "the gradient of a is zero"


def a_step_down_lowers_it(trial: Trial) -> None:
    """A small step of the embeddings against the gradient gives a smaller loss."""
    data = trial.data()
    out = trial.run(data)
    gradient = out["gradient of a"]
    assert gradient.any(), "the gradient is zero"
    data["a"] = data["a"] - 1e-3 * gradient / np.linalg.norm(gradient)
    after = trial.run(data)["loss"]
    assert after < out["loss"], f"{out['loss']:.6g} became {after:.6g}"


class Loss:
    """How losses are used."""

    CHECKS = (loss_is_a_number, a_step_down_lowers_it)

    @staticmethod
    def data(method: Any, items: Sequence[Any] | None) -> Data:
        """Return two batches of embeddings and a target between 0 and 1."""
        a = vectors(10, 8, seed=8).astype(np.float64)
        b = a + 0.8 * vectors(10, 8, seed=9)
        return {"a": a, "b": b, "target": np.linspace(0.0, 1.0, 10)}

    @staticmethod
    def use(method: Any, data: Data) -> Outputs:
        """Go forward and backward in float64."""
        torch = extras.load("torch", extra="text", purpose="Checking a loss")
        a, b = (torch.from_numpy(data[name]).requires_grad_() for name in "ab")
        loss = method.double()(a, b, torch.from_numpy(data["target"]))
        assert loss.ndim == 0, f"forward gave the shape {tuple(loss.shape)}, not one number"
        loss.backward()
        gradients = {f"gradient of {n}": t.grad.numpy() for n, t in (("a", a), ("b", b)) if t.grad is not None}
        return {"loss": loss.detach().numpy(), **gradients}

    @staticmethod
    def wrong(method: Any, data: Data) -> dict[str, Callable[[], object]]:
        """Return calls that have to be refused."""
        torch = extras.load("torch", extra="text", purpose="Checking a loss")
        a, b, target = (torch.from_numpy(data[name]) for name in ("a", "b", "target"))
        return {
            "embeddings of two dimensions": lambda: method(a, b[:, 1:], target),
            "one embedding instead of a batch": lambda: method(a[0], b[0], target),
        }


def batches_are_rows(trial: Trial) -> None:
    """Batches gives one-dimensional int64 arrays of rows from 0 to n - 1, none empty, and comes to an end."""
    for n in (1, 2, 7, 50):
        batches = list(islice(trial.fresh().batches(n, np.random.default_rng(0), np.linspace(0, 1, n)), MANY))
        assert batches, f"no batch for {n} rows"
        assert len(batches) < MANY, f"more than {MANY} batches for {n} rows"
        for batch in batches:
            assert isinstance(batch, np.ndarray), f"a {type(batch).__name__}"
            assert batch.dtype == np.int64, f"{batch.dtype}"
            assert batch.ndim == 1, f"shape {batch.shape}"
            assert len(batch), "an empty batch"
            assert 0 <= batch.min() <= batch.max() < n, f"rows from {batch.min()} to {batch.max()} of {n}"
    assert not list(trial.fresh().batches(0, np.random.default_rng(0), np.empty(0))), "batches of no rows"


def chance_comes_from_rng(trial: Trial) -> None:
    """Generators in the same state give the same batches, also from an object that was used before."""
    sampler = trial.fresh()
    runs = [[b.tolist() for b in islice(sampler.batches(30, np.random.default_rng(1)), MANY)] for _ in range(2)]
    assert runs[0] == runs[1], "the same seed gave other batches"


class Sampler:
    """How samplers are used."""

    CHECKS = (batches_are_rows, chance_comes_from_rng)

    @staticmethod
    def data(method: Any, items: Sequence[Any] | None) -> Data:
        """Return a score for each row."""
        return {"scores": np.random.default_rng(10).random(40)}

    @staticmethod
    def fit(method: Any, data: Data) -> Any:
        """Fit on the scores."""
        return method.fit(data["scores"])

    @staticmethod
    def use(method: Any, data: Data) -> Outputs:
        """Draw the batches of one epoch."""
        n = len(data["scores"])
        batches = list(islice(method.batches(n, np.random.default_rng(0), data["scores"]), MANY))
        return {"rows": np.concatenate(batches), "lengths": np.array([len(batch) for batch in batches])}

    @staticmethod
    def take(data: Data, rows: NDArray[Any]) -> None:
        """Rows of a batch belong together."""

    @staticmethod
    def wrong(method: Any, data: Data) -> dict[str, Callable[[], object]]:
        """Return calls that have to be refused."""
        rng, scores = np.random.default_rng(0), data["scores"]
        return {
            "n=-1": lambda: list(method.batches(-1, rng)),
            "fewer scores than rows": lambda: list(method.batches(len(scores) + 1, rng, scores)),
        }
