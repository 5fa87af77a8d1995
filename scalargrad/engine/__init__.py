"""The engine. To read it in one sitting: `rows`, `value`, `backprop`, `vector`, `contexts`, in this order.

`fast_path` and `fast_sweep` hold faster forms of what these define; either can be deleted.
"""

from importlib import import_module

from . import value as value

for _name in ("fast_path", "fast_sweep"):
    try:
        import_module(f"{__name__}.{_name}")
    except ModuleNotFoundError as missing:
        if missing.name != f"{__name__}.{_name}":
            raise
