"""How Sphinx makes the site of these pages; docs/design.md says how to build it."""

from __future__ import annotations

import inspect
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sphinx.application import Sphinx

HERE = Path(__file__).parent
ROOT = HERE.parent
sys.path.insert(0, str(ROOT))  # the package beside these pages, whatever is installed

import scalargrad  # noqa: E402

project = "scalargrad"
author = "the authors of scalargrad"
version = release = scalargrad.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
root_doc = "index"

# The pages are Markdown that a forge shows as well: links to headings are made as forges make them.
myst_heading_anchors = 3

# The reference. Docstrings are Google's style, with single backticks, which link to what they name if it is there.
default_role = "py:obj"
autodoc_typehints = "none"  # the text tells the types
autodoc_member_order = "bysource"
napoleon_numpy_docstring = False
napoleon_use_rtype = False
add_module_names = False
python_maximum_signature_line_length = 80
toc_object_entries_show_parents = "hide"

html_theme = "furo"
html_title = f"scalargrad {version}"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_copyright = False
html_theme_options: dict[str, Any] = {"top_of_page_buttons": []}

# The playground is built by a command of its own. The landing page links to it if it is there.
PLAYGROUND = ROOT / "playground" / "dist"


def signature_of_class(*given: Any) -> tuple[str, None] | None:
    """The parameters of `__init__`, unless the page gives none, also where a class inherits a `__new__`."""
    _, what, _, thing, _, written, _ = given
    if what != "class" or written == "()" or "__new__" in vars(thing) or not inspect.isfunction(thing.__init__):
        return None
    signature = inspect.signature(thing.__init__)
    parameters = [each.replace(annotation=inspect.Parameter.empty) for each in [*signature.parameters.values()][1:]]
    return str(inspect.Signature(parameters)), None


def link_to_playground(_: Sphinx, page: str, source: list[str]) -> None:
    """Put a link where the landing page has a mark for it, which no reader sees."""
    if page == "index" and PLAYGROUND.is_dir():
        link = '<a href="playground/index.html">Play with it here in the browser</a>'
        source[0] = source[0].replace("<!-- playground -->", link)


def copy_playground(app: Sphinx, error: Exception | None) -> None:
    """Put the playground into the site as it is."""
    if error is None and PLAYGROUND.is_dir():
        shutil.copytree(PLAYGROUND, app.outdir / "playground", dirs_exist_ok=True)


def setup(app: Sphinx) -> dict[str, Any]:
    """Sphinx calls this."""
    app.connect("autodoc-process-signature", signature_of_class)
    app.connect("source-read", link_to_playground)
    app.connect("build-finished", copy_playground)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
