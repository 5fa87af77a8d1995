"""The engine. To read it in one sitting: `rows`, `value`, `backprop`, `vector`, `contexts`, in this order.

`fast_path` and `fast_sweep` hold faster forms of what these define; either can be deleted.
"""

from . import value as value


def install(name: str) -> None:
    """Import a module that may be missing, but not one that misses something itself."""
    try:
        __import__(name)
    except ModuleNotFoundError as missing:
        if missing.name != name:
            raise


install(f"{__name__}.fast_path")
install(f"{__name__}.fast_sweep")
