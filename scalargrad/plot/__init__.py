"""Pictures: of a computation graph, of its backward pass step by step, of functions, descents, trainings and classes.

As matplotlib has it, a function draws on the axes that it is given, or on a figure of its own, and returns the axes; it
shows nothing by itself. It needs matplotlib: pip install matplotlib. The graph as text, for Graphviz or Mermaid or
as SVG, needs nothing.
"""

from .functions import decision_boundary, derivatives, descent, history
from .graphs import Frames, backward_frames, graph, to_dot, to_mermaid, to_svg
from .style import LINES, new_figure

__all__ = ["graph", "to_dot", "to_mermaid", "to_svg", "Frames", "backward_frames"]
__all__ += ["derivatives", "descent", "history", "decision_boundary", "LINES", "new_figure"]
