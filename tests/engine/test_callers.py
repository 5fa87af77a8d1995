"""Where the code stands that calls this package, as messages have it."""

from __future__ import annotations

import pytest

import scalargrad as sg


def test_it_names_the_users_own_file_and_line() -> None:
    x = sg.Value(1e200)
    with sg.detect_anomaly(), pytest.raises(FloatingPointError) as caught:
        sg.Vector([x, x]).prod()
    line = caught.traceback[0].lineno + 1
    assert str(caught.value) == f"prod(1e+200, 1e+200) gave inf, at {__file__}, line {line}"
