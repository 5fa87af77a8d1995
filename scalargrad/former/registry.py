"""Where operations were found until release 0.1: pickles of then name it."""

from scalargrad.operations.operation import find_operation as find_operation
