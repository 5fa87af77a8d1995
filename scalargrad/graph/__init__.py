"""A computation graph as text and as a picture: its nodes in order, formulas, explanations, layouts."""

from .explain import explain as explain
