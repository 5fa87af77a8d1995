"""Where `Value` was until release 0.1: pickles of then name it."""

from scalargrad.engine.value import Value as Value
