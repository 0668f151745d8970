"""Every method that is found passes the checks of its contract, on each of its examples."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from inlay.core.catalogue import Entry, methods
from inlay.core.errors import MissingExtra
from inlay.core.method import Method
from inlay.testing import checks


@pytest.mark.parametrize("entry", methods(), ids=lambda entry: entry.name)
def test_method_passes_its_checks(entry: Entry, subtests: pytest.Subtests) -> None:
    try:
        found = list(checks(entry.load()))
    except MissingExtra as error:
        pytest.skip(str(error))
    assert len(found) > 10
    for check in found:
        with subtests.test(str(check)):
            try:
                check()
            except MissingExtra as error:
                pytest.skip(str(error))


OUTPUTS = """
import sys, numpy as np
from inlay.core.catalogue import methods
from inlay.core.errors import MissingExtra
from inlay.testing._trial import Trial
from inlay.testing.checks import WAYS
found = {}
for entry in methods():
    try:
        for i, example in enumerate(entry.load().examples()):
            for name, value in Trial(example, WAYS[entry.contract]).run().items():
                found[f"{entry.name} {i} {name}"] = value
    except MissingExtra:
        pass
np.savez(sys.argv[1], **found)
"""


def test_outputs_are_the_same_in_another_process_with_other_hashes_and_threads(tmp_path: Path) -> None:
    runs = []
    for n in ("1", "2"):
        file = tmp_path / f"{n}.npz"
        env = {**os.environ, "PYTHONHASHSEED": n, "OMP_NUM_THREADS": n, "OPENBLAS_NUM_THREADS": n}
        subprocess.run([sys.executable, "-c", OUTPUTS, str(file)], env=env, check=True)
        with np.load(file, allow_pickle=False) as outputs:
            runs.append(dict(outputs))
    assert runs[0].keys() == runs[1].keys()
    assert len(runs[0]) > 10
    tolerance = {entry.name: getattr(entry.load(), "tolerance", Method.tolerance) for entry in methods()}
    for name, value in runs[0].items():
        if value.dtype.kind == "f":
            atol = tolerance[name.split()[0]] * max(1.0, float(np.abs(value[np.isfinite(value)]).max(initial=0)))
            np.testing.assert_allclose(runs[1][name], value, rtol=0, atol=atol, err_msg=name)
        else:
            np.testing.assert_array_equal(runs[1][name], value, err_msg=name)
