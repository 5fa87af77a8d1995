"""Where values were restored until release 0.1: pickles of then name it."""

from scalargrad.tape.pickling import restore_leaf as restore_leaf
from scalargrad.tape.pickling import restore_scalar_variable as restore_scalar_variable
from scalargrad.tape.pickling import restore_value as restore_value
from scalargrad.tape.pickling import restore_vector as restore_vector
from scalargrad.tape.pickling import restore_vector_variable as restore_vector_variable
