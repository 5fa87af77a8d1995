"""Pictures: of a computation graph, of its backward pass step by step, of functions, descents, trainings and classes.

As usual in matplotlib, each function draws on the given axes or on a new figure, and returns the axes; it does not show
the figure. The pictures need matplotlib: pip install matplotlib. The graph as SVG, or as text for Graphviz or Mermaid,
needs nothing.
"""

from .. import elsewhere as _elsewhere
from .functions import decision_boundary, derivatives, descent, history
from .graphs import Frames, backward_frames, graph, to_dot, to_mermaid, to_svg
from .style import LINES, new_figure

__all__ = ["graph", "to_dot", "to_mermaid", "to_svg", "Frames", "backward_frames"]
__all__ += ["derivatives", "descent", "history", "decision_boundary", "LINES", "new_figure"]

_elsewhere.say_names_elsewhere(__name__)
