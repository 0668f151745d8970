"""The checks of every contract. Each demands what its one sentence says."""

import copy
import inspect
import json
import tempfile
from collections.abc import Callable
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import safe_open
from sklearn.utils import get_tags

from inlay.core.description import describe, fitted_state, is_state
from inlay.core.errors import NotFittedError
from inlay.core.fingerprint import fingerprint

from ._randomness import random_states, restore, seed_all
from ._trial import Data, Trial, refused


def parameters_are_stored(trial: Trial) -> None:
    """The constructor stores each argument, the very object, under its own name and does nothing else."""
    params = {name: object() for name in trial.method.get_params(deep=False)}
    made = type(trial.method)(**params)
    assert set(vars(made)) == set(params), (
        f"parameters {sorted(params)}, but attributes {sorted(vars(made))} after construction"
    )
    for name, value in params.items():
        assert getattr(made, name) is value, f"{name} became {getattr(made, name)!r}"


def parameters_are_not_swallowed(trial: Trial) -> None:
    """Every parameter is named: no *args, no **kwargs, and a misspelled one is refused."""
    cls = type(trial.method)
    for name, method in inspect.getmembers(cls, inspect.isfunction):
        inherited = method.__module__.partition(".")[0] in ("sklearn", "torch")
        if name == "__init__" or not (name.startswith("_") or inherited):
            loose = [str(p) for p in inspect.signature(method).parameters.values() if "VAR" in p.kind.name]
            assert not loose, f"{name} takes {', '.join(loose)}"
    try:
        cls(no_such_parameter=1)
    except TypeError:
        pass
    else:
        raise AssertionError("the parameter no_such_parameter was accepted")


def parameters_can_be_set(trial: Trial) -> None:
    """What get_params says can be given to set_params, and both see the same."""
    for name in trial.method.get_params(deep=False):
        other, value = trial.fresh(), object()
        assert other.set_params(**{name: value}) is other, "set_params did not return self"
        assert other.get_params(deep=False)[name] is value, f"{name} is still {other.get_params(deep=False)[name]!r}"


def examples_are_fresh(trial: Trial) -> None:
    """examples() yields at least one instance of the class itself, new in each call and not fitted."""
    cls = type(trial.method)
    first, second = list(cls.examples()), list(cls.examples())
    assert first, "examples() yields nothing"
    assert all(type(e) is cls for e in first), f"examples() yields {[type(e).__name__ for e in first]}"
    assert not any(a is b for a in first for b in second), "examples() yields the same object twice"
    fitted = sorted(chain.from_iterable(filter(is_state, vars(e)) for e in first))
    assert not fitted, f"an example has the fitted attributes {fitted}"


def it_is_documented(trial: Trial) -> None:
    """The class names its paper; its docstring has a first sentence, all parameters, references, and examples."""
    cls = type(trial.method)
    text = inspect.cleandoc(cls.__dict__.get("__doc__") or "")
    assert text.partition("\n")[0].endswith("."), "the docstring does not start with a sentence on one line"
    assert isinstance(getattr(cls, "paper", None), str), "the class has no paper"
    assert cls.paper.isidentifier(), f"paper is {cls.paper!r}, which is no key of a bib entry"
    parameters = [name for name in inspect.signature(cls).parameters if name != "self"]
    unnamed = [name for name in parameters if name not in text]
    assert not unnamed, f"the docstring does not mention {unnamed}"
    for section in (["Parameters"] if parameters else []) + ["References", "Examples"]:
        assert f"\n{section}\n{'-' * len(section)}\n" in text, f"the docstring has no section {section}"
    assert ">>> " in text, "the docstring has no example to run"


def inputs_are_not_changed(trial: Trial) -> None:
    """No call writes into what it was given."""
    data, before = trial.data(), trial.data()
    trial.run(data)
    for name, value in before.items():
        same = np.array_equal(value, data[name]) if isinstance(value, np.ndarray) else value == data[name]
        assert same, f"{name} was changed"


def any_form_of_input_will_do(trial: Trial) -> None:
    """Arrays that cannot be written, in another memory order or of float64, nested lists and tuples give the same."""
    want = trial.run()
    for form, change in _FORMS.items():
        data = {name: change(value) for name, value in trial.data().items()}
        trial.same(trial.run(data), want, f"with {form}")


def _read_only(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        value.flags.writeable = False
    return value


def _if_floats(change: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: change(value) if isinstance(value, np.ndarray) and value.dtype == np.float32 else value


_FORMS: dict[str, Callable[[Any], Any]] = {
    "arrays that cannot be written": _read_only,
    "arrays in column order": _if_floats(np.asfortranarray),
    "arrays of float64": _if_floats(lambda value: value.astype(np.float64)),
    "nested lists": _if_floats(lambda value: value.tolist()),
    "tuples for lists": lambda value: tuple(value) if isinstance(value, list) else value,
}


def global_randomness_is_left_alone(trial: Trial) -> None:
    """Neither the state of a global random generator changes, nor does the output depend on it."""
    outputs = []
    saved = random_states()
    try:
        for seed in (1, 2):
            seed_all(seed)
            before = random_states()
            outputs.append(trial.run())
            for name, state in random_states().items():
                assert state == before.get(name, state), f"the global state of {name} was used or set"
    finally:
        restore(saved)
    trial.same(outputs[1], outputs[0], "under another global seed")


def it_is_deterministic(trial: Trial) -> None:
    """Two equal instances give the same, and one instance used twice does too."""
    data = trial.data()
    method = trial.fitted(data)
    want = trial.use(method, data)
    trial.same(trial.use(method, data), want, "when used again")
    trial.same(trial.run(), want, "from an equal instance")


def rows_do_not_depend_on_each_other(trial: Trial) -> None:
    """Parts give what the whole gives, and another order gives the same in that order."""
    data = trial.data()
    method = trial.fitted(data)
    want = trial.use(method, data)
    n = len(next(iter(want.values())))
    for when, rows in (
        ("alone", np.arange(1)),
        ("in the first part", np.arange(n // 3)),
        ("in the second part", np.arange(n // 3, n)),
        ("in another order", np.random.default_rng(5).permutation(n)),
    ):
        part = trial.way.take(data, rows)
        if part is not None:
            trial.same(trial.use(method, part), {name: value[rows] for name, value in want.items()}, when)


def fit_starts_anew(trial: Trial) -> None:
    """Fit returns the object itself, changes no parameter, and a second fit forgets the first."""
    if not trial.learns:
        return
    data = trial.data()
    method = trial.fresh()
    params = dict(method.get_params(deep=False))
    assert trial.way.fit(method, _other(data)) is method, "fit did not return self"
    assert trial.way.fit(method, data) is method, "fit did not return self"
    changed = [name for name, value in method.get_params(deep=False).items() if value is not params[name]]
    assert not changed, f"fit changed the parameters {changed}"
    trial.same(trial.use(method, data), trial.run(data), "after a fit on other data before")


def _other(data: Data) -> Data:
    def change(value: Any) -> Any:
        if isinstance(value, list):
            return value[::-1]
        return value[::-1] * value.dtype.type(0.5) if value.dtype.kind == "f" else value

    return {name: change(value) for name, value in data.items()}


def use_before_fit_is_refused(trial: Trial) -> None:
    """What has to be fitted says so, with NotFittedError, when it is not."""
    if not trial.learns or not get_tags(trial.method).requires_fit:
        return
    try:
        trial.use(trial.fresh())
    except NotFittedError:
        return
    raise AssertionError("it was used without fit")


def state_is_not_hidden(trial: Trial) -> None:
    """Parameters and the attributes that end in _ are everything: a copy of only those gives the same."""
    data = trial.data()
    method = trial.fitted(data)
    want = trial.use(method, data)
    twin = type(method)(**method.get_params(deep=False))
    vars(twin).update(copy.deepcopy(fitted_state(method)))
    trial.same(trial.use(twin, data), want, "from a copy of parameters and fitted attributes")
    stray = [n for n in vars(method) if n not in method.get_params(deep=False) and not is_state(n) and n[0] != "_"]
    assert not stray, f"the attributes {stray} are neither parameters, nor end or start with _"


def it_survives_saving(trial: Trial) -> None:
    """What load reads does what was saved did, also mapped and after a second round; files are JSON and safetensors."""
    data = trial.data()
    method = trial.fitted(data)
    want = trial.use(method, data)
    with tempfile.TemporaryDirectory() as folder:
        method.save(Path(folder, "first"))
        for file in Path(folder, "first").rglob("*"):
            assert file.suffix in (".json", ".safetensors"), f"save wrote {file.name}"
            if file.suffix == ".json":
                json.loads(file.read_text(encoding="utf-8"))
            else:
                with safe_open(file, "numpy"):
                    pass
        for mmap in (False, True):
            loaded = type(method).load(Path(folder, "first"), mmap=mmap)
            trial.same(trial.use(loaded, data), want, f"after load(mmap={mmap})")
            assert describe(loaded).digest() == describe(method).digest(), "load gave other parameters or another state"
            loaded.save(Path(folder, "second"))
            again = type(method).load(Path(folder, "second"))
            trial.same(trial.use(again, data), want, "after a second save")


def its_fingerprint_is_stable(trial: Trial) -> None:
    """Equal instances have equal fingerprints, use changes none, and the values of identity() can be stored."""
    data = trial.data()
    method = trial.fitted(data)
    before = fingerprint(method)
    trial.use(method, data)
    assert fingerprint(method) == before, "use changed the fingerprint"
    assert fingerprint(trial.fitted(trial.data())) == before, "an equal instance has another fingerprint"


def wrong_input_is_refused(trial: Trial) -> None:
    """Wrong input raises an InlayError that says what is wrong."""
    data = trial.data()
    method = trial.fitted(data)
    refused(trial.way.wrong(method, data).items())


FOR_LOSSES = (
    parameters_are_not_swallowed,
    examples_are_fresh,
    it_is_documented,
    inputs_are_not_changed,
    global_randomness_is_left_alone,
    it_is_deterministic,
    wrong_input_is_refused,
)
CHECKS = (
    parameters_are_stored,
    *FOR_LOSSES,
    parameters_can_be_set,
    any_form_of_input_will_do,
    rows_do_not_depend_on_each_other,
    fit_starts_anew,
    use_before_fit_is_refused,
    state_is_not_hidden,
    it_survives_saving,
    its_fingerprint_is_stable,
)
