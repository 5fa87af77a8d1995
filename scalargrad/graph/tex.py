"""TeX between dollars in labels: where it is, about how long it is when set, and plain characters in place of it."""

from __future__ import annotations

import re

LONGEST_NAME, LONGEST_SOURCE = 16, 120  # letters of a name, and characters of one with TeX, which is never cut
TEX = re.compile(r"\$(?! )[^$]+(?<! )\$(?!\d)")  # but not prices: "$5 and $6"
UNSEEN = re.compile(r"(\\)[A-Za-z]+|[{}_^$ ]")  # in TeX: a command counts as one letter, signs and spaces do not count
GREEK, SCRIPT = re.compile(r"\\([A-Za-z]+) ?"), re.compile(r"([_^])(\{[^{}]+\}|[^{}\\])")
NAMES = "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho  sigma tau upsilon phi"
GREEK_LETTERS = dict(zip([*NAMES.split(" "), "chi", "psi", "omega"], "αβγδεζηθικλμνξοπρςστυφχψω"))
GREEK_LETTERS |= {name.capitalize(): letter.upper() for name, letter in GREEK_LETTERS.items()}
GREEK_LETTERS |= dict(zip(["ell", "partial", "nabla", "cdot", "top"], "\u2113∂∇·T"))
ACCENT, FONT = re.compile(r"\\(hat|bar|tilde|vec) ?(\{\w\}|\w)"), re.compile(r"\\(?:math[a-z]+|text) ?(\{[^{}]*\}|\w)")
FRACTION = re.compile(r"\\frac ?\{([^{}+ -]+)\}\{([^{}+ -]+)\}")
ACCENTS = dict(zip(["hat", "bar", "tilde", "vec"], "\u0302\u0304\u0303\u20d7"))  # they combine with the letter before
SCRIPTS = {
    "_": dict(zip("0123456789+-=()aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ")),
    "^": dict(zip("0123456789+-=()in", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁱⁿ")) | {"*": "*", "T": "ᵀ"},
}


def without_tex(text: str) -> str:
    """Text with plain characters in place of TeX, `x₁` for `$x_1$`; TeX without such characters stays as it is."""
    return TEX.sub(lambda found: signs_for(found[0][1:-1]) or found[0], text)


def signs_for(tex: str) -> str:
    """Plain characters for TeX, or "" if there are none."""
    text = GREEK.sub(lambda found: GREEK_LETTERS.get(found[1], found[0]), tex)
    text = FONT.sub(lambda found: found[1].strip("{}"), text)
    text = ACCENT.sub(lambda found: found[2].strip("{}") + ACCENTS[found[1]], text)
    text = SCRIPT.sub(lambda found: script(found[1], found[2].strip("{}")) or found[0], text)
    text = FRACTION.sub(r"\1/\2", text)
    return "" if set(text) & set("\\{}_^$") else text


def script(kind: str, text: str) -> str:
    """Superscript or subscript characters for a text, or "" if there are none."""
    signs = SCRIPTS[kind]
    return "".join([signs[x] for x in text]) if {*text} <= {*signs} else ""


def shortened(name: str) -> str:
    """A name, with the middle of a long one left out."""
    half = LONGEST_NAME // 2
    return f"{name[:half]}…{name[1 - half :]}" if len(name) > LONGEST_NAME else name


def set_length(text: str) -> int:
    """About the number of letters of a text when its TeX is set."""
    return len(TEX.sub(lambda found: UNSEEN.sub(r"\1", found[0]), text))
