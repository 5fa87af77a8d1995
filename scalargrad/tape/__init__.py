"""TensorFlow's names: tapes, variables, custom gradients, and blocks in which nothing is recorded."""

from .anomaly import detect_anomaly as detect_anomaly
from .custom_gradient import custom_gradient as custom_gradient
from .gradient_tape import GradientTape as GradientTape
from .no_grad import no_grad as no_grad
from .variable import Variable as Variable
from .variable import constant as constant
from .variable import stop_gradient as stop_gradient
