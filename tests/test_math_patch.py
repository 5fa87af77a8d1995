"""`scalargrad.math.patch`: other people's code made differentiable with it."""

from __future__ import annotations

import colorsys
import math
import threading
import types
from typing import TYPE_CHECKING, Any

import blackscholes
import blackscholes.base
import blackscholes.call
import blackscholes.put
import geographiclib.geodesic
import geographiclib.geodesicline
import geographiclib.geomath
import pytest
from geographiclib.geodesic import Geodesic
from hypothesis import assume, given
from hypothesis import strategies as st

import scalargrad as sg
from tests.support.oracles import extrapolated_difference

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


# ---- Patching --------------------------------------------------------------------------------------------------------


def make_module() -> types.ModuleType:
    module = types.ModuleType("theirs")
    source = "import math\nfrom math import sqrt as root, pi\ndef f(x): return root(x) + math.sin(pi * x)"
    exec(source, vars(module))
    return module


def is_patched(module: types.ModuleType) -> bool:
    names = [vars(module)["math"] is sg.math, vars(module)["root"] is sg.math.sqrt]
    assert len(set(names)) == 1, "half patched"
    assert names[0] or (vars(module)["math"] is math and vars(module)["root"] is math.sqrt)
    return names[0]


def test_patched_code_is_differentiable_and_gives_the_same_numbers() -> None:
    module = make_module()
    x = sg.Value(0.25)
    with pytest.raises(TypeError, match="would lose its gradient"):
        module.f(x)
    with sg.math.patch(module):
        y = module.f(x)
        assert module.f(0.25) == y.data
    assert not is_patched(module)
    assert module.f(0.25) == y.data
    y.backward()
    assert x.grad == pytest.approx(1 + math.pi * math.cos(math.pi / 4), rel=1e-15)


def test_blocks_that_overlap_in_any_order_restore_when_the_last_one_ends() -> None:
    module, other = make_module(), make_module()
    first, second, third = sg.math.patch(module), sg.math.patch(module, other), sg.math.patch(module)
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert is_patched(module)
    assert is_patched(other)
    third.__enter__()
    second.__exit__(None, None, None)
    assert is_patched(module)
    assert not is_patched(other)
    third.__exit__(None, None, None)
    assert not is_patched(module)


def test_one_patch_is_entered_again_and_a_module_may_be_named_twice() -> None:
    module = make_module()
    patch = sg.math.patch(module, module)
    with patch:
        with patch:
            assert is_patched(module)
        assert is_patched(module)
    assert not is_patched(module)
    with patch:
        assert is_patched(module)
    assert not is_patched(module)


def test_an_exception_restores() -> None:
    module = make_module()
    with pytest.raises(ZeroDivisionError), sg.math.patch(module):
        1 / 0  # noqa: B018
    assert not is_patched(module)


def test_a_name_that_the_module_binds_anew_meanwhile_is_left_alone() -> None:
    module = make_module()
    with sg.math.patch(module):
        module.root = abs
        with sg.math.patch(module):
            assert module.root is abs
    assert module.root is abs
    assert module.math is math


def test_a_name_bound_to_math_since_is_patched_by_the_next_block_and_restored() -> None:
    module = make_module()
    with sg.math.patch(module):
        module.late = math.cos
        with sg.math.patch(module):
            assert module.late is sg.math.cos
    assert module.late is math.cos
    assert not is_patched(module)


def test_threads_that_patch_one_module_leave_it_as_it_was() -> None:
    module = make_module()
    wrong: list[str] = []

    def use() -> None:
        for _ in range(200):
            with sg.math.patch(module):
                if not is_patched(module):
                    wrong.append("not patched inside a block")

    threads = [threading.Thread(target=use) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert not is_patched(module)
    assert sg.math._patched == {}


@pytest.mark.parametrize("wrong", ["geographiclib", 3, math.sin, None])
def test_only_modules_can_be_patched(wrong: Any) -> None:
    with pytest.raises(TypeError, match="patch takes imported modules, not "):
        sg.math.patch(make_module(), wrong)
    with pytest.raises(TypeError, match="at least one module"):
        sg.math.patch()


# ---- Other people's code ---------------------------------------------------------------------------------------------


def check_against_differences(function: Callable[..., float], point: Sequence[float], widths: Sequence[float]) -> None:
    """Compare value and gradient of a function of floats, which was written for them, on values."""
    leaves = [sg.Value(x) for x in point]
    result: Any = function(*leaves)
    result.backward()
    assert result.data.hex() == function(*point).hex()
    for index, (leaf, width) in enumerate(zip(leaves, widths)):

        def along(x: float, index: int = index) -> float:
            return function(*point[:index], x, *point[index + 1 :])

        expected, error, _ = extrapolated_difference(along, point[index], width)
        assert error <= 1e-6 * abs(expected) + 1e-9
        assert leaf.grad == pytest.approx(expected, rel=1e-6, abs=1e-9), f"by argument {index}"


GEODESY = (geographiclib.geodesic, geographiclib.geomath, geographiclib.geodesicline)
LATITUDES = st.floats(5.0, 35.0)


@given(LATITUDES, st.floats(-60.0, 60.0), LATITUDES, st.floats(10.0, 100.0))
def test_geographiclib_differentiates_the_distance_on_the_ellipsoid(
    lat1: float, lon1: float, gap: float, turn: float
) -> None:
    def distance(*point: Any) -> Any:
        return Geodesic.WGS84.Inverse(*point)["s12"]

    with sg.math.patch(*GEODESY):
        check_against_differences(distance, (lat1, lon1, lat1 + gap, lon1 + turn), (0.01,) * 4)


def test_geographiclib_differentiates_where_a_journey_ends() -> None:
    with sg.math.patch(*GEODESY):
        for name in ("lat2", "azi2"):

            def end(latitude: Any, azimuth: Any, length: Any, name: str = name) -> Any:
                return Geodesic.WGS84.Direct(latitude, -73.8, azimuth, length)[name]

            check_against_differences(end, (40.6, 51.0, 5.5e6), (0.01, 0.01, 1e3))


OPTIONS = (blackscholes.base, blackscholes.call, blackscholes.put)


@given(st.floats(40.0, 70.0), st.floats(40.0, 70.0), st.floats(0.2, 2.0), st.floats(0.0, 0.1), st.floats(0.1, 0.5))
def test_blackscholes_gives_its_own_greeks_as_derivatives_of_its_price(
    spot: float, strike: float, time: float, rate: float, sigma: float
) -> None:
    call = blackscholes.BlackScholesCall(spot, strike, time, rate, sigma)
    with sg.math.patch(*OPTIONS):
        leaves = [sg.Value(x) for x in (spot, strike, time, rate, sigma)]
        with sg.GradientTape() as outer:
            with sg.GradientTape() as tape:
                price = blackscholes.BlackScholesCall(*leaves).price()
            greeks = tape.gradient(price, leaves)
        curvature = outer.gradient(greeks[0], leaves[0])
    assert price.data.hex() == call.price().hex()
    expected = [call.delta(), -call.dual_delta(), -call.theta(), call.rho(), call.vega()]
    assert [g.data for g in greeks] == pytest.approx(expected, rel=1e-9, abs=1e-12)
    assert curvature.data == pytest.approx(call.gamma(), rel=1e-9, abs=1e-12)


SHADES = st.integers(1, 30).map(lambda k: k / 32)


@given(SHADES, SHADES, SHADES)
def test_colorsys_needs_no_patch(r: float, g: float, b: float) -> None:
    assume(len({r, g, b}) == 3 and max(r, g, b) + min(r, g, b) != 1)  # or else there are kinks
    for convert in (colorsys.rgb_to_hls, colorsys.rgb_to_hsv, colorsys.rgb_to_yiq):
        there = {colorsys.rgb_to_hls: colorsys.hls_to_rgb, colorsys.rgb_to_hsv: colorsys.hsv_to_rgb}
        for index in range(3):
            check_against_differences(lambda *rgb: convert(*rgb)[index], (r, g, b), (2.0**-9,) * 3)  # noqa: B023
        if convert in there:
            leaves = [sg.Value(x) for x in (r, g, b)]
            back = there[convert](*convert(*leaves))
            for index, channel in enumerate(back):
                with sg.GradientTape() as tape:
                    channel = there[convert](*convert(*leaves))[index]
                row = [x.data for x in tape.gradient(channel, leaves, unconnected_gradients="zero")]
                assert row == pytest.approx([float(i == index) for i in range(3)], abs=1e-12)


@pytest.mark.parametrize("module", [math, sg, sg.math])
def test_math_itself_is_not_patched(module: types.ModuleType) -> None:
    with pytest.raises(ValueError, match="patch takes modules that compute with math, not"):
        sg.math.patch(module)
