"""The list of planted defects."""

import pytest

PLANTED = []


def refused_by(name):
    def plant(cls):
        PLANTED.append(pytest.param(cls, name, id=f"{name}-{cls.__name__}"))
        return cls

    return plant
