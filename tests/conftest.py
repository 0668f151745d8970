"""What all tests share: no network, no deadline on a busy machine, and the real data where INLAY_DATA names it."""

import os
import signal
import sys
from pathlib import Path

import pytest
from hypothesis import settings

os.environ.setdefault("HF_HUB_OFFLINE", "1")
sys.path.insert(0, str(Path(__file__).parent))  # for house.py

# A shell lets its background jobs ignore Ctrl-C, and they hand that on to what they start.
signal.signal(signal.SIGINT, signal.default_int_handler)

settings.register_profile("inlay", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("inlay")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if not os.environ.get("INLAY_DATA"):
        for item in items:
            if item.get_closest_marker("data"):
                item.add_marker(pytest.mark.skip(reason="needs the real data sets; name their folder in INLAY_DATA"))


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The folder of the real data sets; for tests marked ``data``."""
    return Path(os.environ["INLAY_DATA"])
