"""The contract checks, for the authors of methods and of plug-ins.

In a test file::

    import pytest
    from inlay.testing import checks

    @pytest.mark.parametrize("check", checks(MyEncoder), ids=str)
    def test_contract(check):
        check()
"""

from .checks import Check, check, checks

__all__ = ["Check", "check", "checks"]
