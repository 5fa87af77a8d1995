"""The engine. Read it in this order: `rows`, `value`, `backprop`, `contexts`, `many`, `vector`, `matrix`.

`fast_path`, `fast_sweep` and `fast_vectors` hold faster forms of what these define; each can be deleted.
"""

from . import value as value


def install(name: str) -> None:
    """Import a fast form, unless its file, or that of another fast form that it needs, has been deleted."""
    try:
        __import__(name)
    except ModuleNotFoundError as missing:
        if missing.name != name and not str(missing.name).startswith(f"{__name__}.fast_"):
            raise


install(f"{__name__}.fast_path")
install(f"{__name__}.fast_sweep")
install(f"{__name__}.fast_vectors")
