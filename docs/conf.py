"""Configuration of the documentation, built by ``make docs``."""

import inlay

project = "Inlay"
author = "the Inlay authors"
release = version = inlay.__version__
copyright = "the Inlay authors, Apache-2.0"

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.mathjax", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = f"Inlay {release}"

default_role = "code"
# Several classes have a member of one name, such as weight, and a parameter of that name links to none of them.
suppress_warnings = ["ref.python"]
nitpicky = False
myst_enable_extensions = ["deflist", "dollarmath"]
myst_heading_anchors = 3

autodoc_default_options = {"members": True, "show-inheritance": False}
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the docstrings say it in words
napoleon_google_docstring = False
napoleon_use_rtype = False


def skip(app, what, name, member, skipped, options):
    """Leave out what scikit-learn adds to every estimator for the routing of metadata."""
    return skipped or (name.startswith("set_") and name.endswith("_request")) or None


def setup(app):
    """Connect the above."""
    app.connect("autodoc-skip-member", skip)
