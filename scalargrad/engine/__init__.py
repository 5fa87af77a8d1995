"""The engine. To read it in one sitting: `rows`, `value`, `backprop`, `contexts`, `many`, `vector`, `matrix`, in order.

`fast_path`, `fast_sweep` and `fast_vectors` hold faster forms of what these define; each can be deleted.
"""

from . import value as value


def install(name: str) -> None:
    """Import a module that may be missing, but not one that misses something itself."""
    try:
        __import__(name)
    except ModuleNotFoundError as missing:
        if missing.name != name and not str(missing.name).startswith(f"{__name__}.fast_"):
            raise


install(f"{__name__}.fast_path")
install(f"{__name__}.fast_sweep")
install(f"{__name__}.fast_vectors")
