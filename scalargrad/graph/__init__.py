"""A computation graph as text and as a picture: its parts in order, formulas, explanations, layouts."""

from .explain import explain as explain
