"""`save` and `load`: exact to the bit, whole after a crash, and clear about what does not fit."""

from __future__ import annotations

import errno
import json
import math
import os
import re
import shutil
import struct
import threading
from fractions import Fraction
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import scalargrad as sg
from scalargrad import nn, optim
from scalargrad.nn import saving

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def bits(numbers: Any) -> list[bytes]:
    return ["nan" if math.isnan(x) else struct.pack("<d", x) for x in numbers]  # type: ignore[misc]


def trained(seed: int = 1) -> tuple[nn.MLP, optim.Adam]:
    model = nn.MLP(2, [3, 1], seed=seed)
    optimizer = optim.Adam(model.parameters(), lr=0.1)
    for _ in range(3):
        optimizer.zero_grad()
        nn.mse_loss(model([1.0, 2.0]), float(seed)).backward()
        optimizer.step()
    return model, optimizer


@given(st.lists(st.floats() | st.sampled_from([math.inf, -math.inf, math.nan, -0.0, 5e-324]), min_size=1, max_size=6))
def test_numbers_come_back_to_the_bit(tmp_path_factory: pytest.TempPathFactory, numbers: list[float]) -> None:
    path = tmp_path_factory.mktemp("run") / "run.json"
    model, other = nn.Neuron(len(numbers)), nn.Neuron(len(numbers))
    model.w.assign(numbers)
    nn.save(path, model=model)
    nn.load(str(path), model=other)
    assert bits(other.w.tolist()) == bits(numbers)


def test_training_goes_on_from_a_file_as_if_it_had_not_stopped(tmp_path: Path) -> None:
    model, optimizer = trained()
    nn.save(tmp_path / "run.json", model=model, optimizer=optimizer)
    other = nn.MLP(2, [3, 1], seed=9)
    later = optim.Adam(other.parameters(), lr=0.1)
    nn.load(tmp_path / "run.json", model=other, optimizer=later)
    for this, that in ((model, optimizer), (other, later)):
        that.zero_grad()
        nn.mse_loss(this([1.0, 2.0]), 5.0).backward()
        that.step()
    assert other.state_dict() == model.state_dict()
    assert later.state_dict() == optimizer.state_dict()
    assert os.listdir(tmp_path) == ["run.json"]


def test_a_part_of_a_file_is_loaded_alone(tmp_path: Path) -> None:
    model, optimizer = trained()
    nn.save(tmp_path / "run.json", model=model, optimizer=optimizer)
    other = nn.MLP(2, [3, 1])
    nn.load(tmp_path / "run.json", model=other)
    assert other.state_dict() == model.state_dict()


def test_a_link_still_points_to_the_file_that_is_written(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    link = tmp_path / "run.json"
    link.symlink_to(tmp_path / "there" / "run.json")
    nn.save(link, model=nn.Neuron(1))
    assert link.is_symlink()
    assert os.listdir(tmp_path / "there") == ["run.json"]


@pytest.mark.parametrize(
    ("name", "when"),
    [*product(["open", "fsync", "chown", "chmod", "replace"], ["before", "after"]), ("remove", "before")],
)
def test_an_interrupt_on_the_way_leaves_the_old_file_whole_or_the_new_one_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, when: str
) -> None:
    path = tmp_path / "run.json"
    nn.save(path, model=nn.Neuron(2, seed=1))
    old = path.read_bytes()
    nn.save(path, model=nn.Neuron(2, seed=2))
    new = path.read_bytes()
    path.write_bytes(old)
    function = getattr(os, name)

    def interrupted(*args: Any) -> None:
        if when == "after":
            function(*args)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(os, name, interrupted)
        with pytest.raises(KeyboardInterrupt):
            nn.save(path, model=nn.Neuron(2, seed=2))
    assert path.read_bytes() == (new if name == "remove" or (name, when) == ("replace", "after") else old)
    assert os.listdir(tmp_path) == ["run.json"]


@pytest.mark.parametrize("name", ["fsync", "chmod", "replace"])
def test_an_error_of_the_system_names_the_file_and_leaves_it_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    path = tmp_path / "run.json"
    nn.save(path, model=nn.Neuron(1))
    old = path.read_bytes()

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "another name", None, "a third")

    monkeypatch.setattr(os, name, full)
    with pytest.raises(OSError, match=rf"^\[Errno {errno.ENOSPC}\] No space left on device: '{re.escape(str(path))}'$"):
        nn.save(path, model=nn.Neuron(2))
    assert path.read_bytes() == old
    assert os.listdir(tmp_path) == ["run.json"]


def test_where_no_new_file_can_be_made_for_want_of_space_the_old_one_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "run.json"
    nn.save(path, model=nn.Neuron(1))
    old = path.read_bytes()

    def full(*_: Any) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "open", full)
    with pytest.raises(OSError, match="No space left on device"):
        nn.save(path, model=nn.Neuron(2))
    assert path.read_bytes() == old


def permissions(path: Path) -> str:
    return oct(path.stat().st_mode & 0o777)


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664, 0o606])
def test_a_file_keeps_its_permissions_and_nobody_else_sees_the_new_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: int
) -> None:
    path = tmp_path / "run.json"
    nn.save(path, model=nn.Neuron(1))
    path.chmod(mode)
    seen: list[str] = []

    def look(descriptor: int) -> None:
        seen.extend(permissions(file) for file in tmp_path.iterdir() if file != path)
        assert os.fstat(descriptor).st_mode & 0o077 == 0

    monkeypatch.setattr(os, "fsync", look)
    nn.save(path, model=nn.Neuron(1))
    assert seen == ["0o600"]
    assert permissions(path) == oct(mode)


def test_a_new_file_has_the_permissions_that_open_gives(tmp_path: Path) -> None:
    for umask in (0o022, 0o077, 0o002):
        before = os.umask(umask)
        try:
            nn.save(tmp_path / f"{umask}.json", model=nn.Neuron(1))
            (tmp_path / f"{umask}.txt").touch()
        finally:
            os.umask(before)
        assert permissions(tmp_path / f"{umask}.json") == permissions(tmp_path / f"{umask}.txt")


def test_what_a_group_may_do_is_not_for_another_group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "run.json"
    nn.save(path, model=nn.Neuron(1))
    path.chmod(0o664)
    stat = os.stat

    def of_another_group(name: Any, **options: Any) -> os.stat_result:
        found = stat(name, **options)
        return os.stat_result((*found[:5], found.st_gid + (name == str(path)), *found[6:]))

    def refused(*_: Any) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    with monkeypatch.context() as patch:
        patch.setattr(os, "stat", of_another_group)
        patch.setattr(os, "chown", refused)
        nn.save(path, model=nn.Neuron(1))
    assert permissions(path) == "0o604"


def test_a_file_that_may_not_be_written_to_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "run.json"
    nn.save(path, model=nn.Neuron(1))
    old, real = path.read_bytes(), open

    def refuse(name: Any, mode: str = "r", **options: Any) -> Any:  # as for anyone who is not root
        if str(name) == str(path) and mode != "rb":
            raise PermissionError(errno.EACCES, "Permission denied", name)
        return real(name, mode, **options)

    monkeypatch.setattr(saving, "open", refuse, raising=False)
    with pytest.raises(PermissionError, match=r"run\.json"):
        nn.save(path, model=nn.Neuron(2))
    assert path.read_bytes() == old
    assert os.listdir(tmp_path) == ["run.json"]


@pytest.mark.parametrize("reason", [errno.EACCES, errno.EPERM, errno.EROFS, errno.ENAMETOOLONG])
def test_in_a_folder_that_takes_no_new_file_a_file_is_written_in_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reason: int
) -> None:
    path = tmp_path / "run.json"
    nn.save(path, model=nn.Neuron(2, seed=1))

    def refuse(*_: Any) -> int:
        raise OSError(reason, "refused")

    monkeypatch.setattr(os, "open", refuse)
    nn.save(path, model=nn.Neuron(2, seed=2))
    other = nn.Neuron(2)
    nn.load(path, model=other)
    assert other.state_dict() == nn.Neuron(2, seed=2).state_dict()


def test_a_name_as_long_as_can_be_is_a_name(tmp_path: Path) -> None:
    path = tmp_path / ("n" * 255)
    for seed in (1, 2):
        nn.save(path, model=nn.Neuron(1, seed=seed))
    other = nn.Neuron(1)
    nn.load(path, model=other)
    assert other.state_dict() == nn.Neuron(1, seed=2).state_dict()


def test_a_path_as_long_as_can_be_is_a_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    folder = "/".join(["d" * 250] * 16)
    os.makedirs(folder)
    path = f"{folder}/{'n' * (4095 - len(folder) - 1)}"
    nn.save(path, model=nn.Neuron(1))
    nn.save(path, model=nn.Neuron(1))
    nn.load(path, model=nn.Neuron(1))
    shutil.rmtree(tmp_path / ("d" * 250))


# A device is written like a pipe. There is no test of it: if one failed as root, it would replace the machine's device.
def test_a_pipe_is_written_to_and_stays_a_pipe(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    received: list[bytes] = []
    reader = threading.Thread(target=lambda: received.append(path.read_bytes()), daemon=True)
    reader.start()
    nn.save(path, model=nn.Neuron(2, seed=1))
    assert path.is_fifo()
    reader.join()
    (tmp_path / "run.json").write_bytes(received[0])
    other = nn.Neuron(2)
    nn.load(tmp_path / "run.json", model=other)
    assert other.state_dict() == nn.Neuron(2, seed=1).state_dict()


def test_a_link_to_nothing_makes_the_file_that_it_points_to(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    link = tmp_path / "run.json"
    link.symlink_to("there/run.json")
    for _ in range(2):
        nn.save(link, model=nn.Neuron(1))
        assert link.is_symlink()
        assert os.listdir(tmp_path / "there") == ["run.json"]
    around = tmp_path / "around"
    around.symlink_to("around")
    with pytest.raises(OSError, match="around"):
        nn.save(around, model=nn.Neuron(1))
    assert sorted(os.listdir(tmp_path)) == ["around", "run.json", "there"]


def test_what_is_no_path_of_a_file_is_an_error_of_the_system(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for name, kind in (("", IsADirectoryError), ("none/", OSError), ("file/", OSError), ("file/run", OSError)):
        with pytest.raises(kind) as caught:
            nn.save(f"{tmp_path}/{name}", model=nn.Neuron(1))
        assert caught.value.filename == f"{tmp_path}/{name}"
    with pytest.raises(FileNotFoundError):
        nn.save("", model=nn.Neuron(1))
    for function in (nn.save, nn.load):
        with pytest.raises(TypeError, match=r"expected str, bytes or os\.PathLike object, not int"):
            function(1, model=nn.Neuron(1))  # type: ignore[arg-type]
    assert os.listdir(tmp_path) == ["file"]


def test_a_name_can_be_bytes(tmp_path: Path) -> None:
    path = os.fsencode(tmp_path / "run.json")
    nn.save(path, model=nn.Neuron(1))
    nn.load(path, model=nn.Neuron(1))
    assert os.listdir(tmp_path) == ["run.json"]


@pytest.mark.parametrize("version", ["true", "1.0", '"1"', "null"])
def test_a_number_of_the_format_that_is_no_integer_is_refused(tmp_path: Path, version: str) -> None:
    path = tmp_path / "run.json"
    nn.save(path, model=nn.Neuron(1))
    path.write_text(path.read_text(encoding="utf-8").replace('"scalargrad": 1', f'"scalargrad": {version}'))
    with pytest.raises(ValueError, match=r"run\.json is of another format"):
        nn.load(path, model=nn.Neuron(1))


def test_a_folder_that_is_not_there_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        nn.save(tmp_path / "none" / "run.json", model=nn.Neuron(1))
    with pytest.raises(FileNotFoundError):
        nn.load(tmp_path / "run.json", model=nn.Neuron(1))


def test_the_file_is_json_that_others_read(tmp_path: Path) -> None:
    neuron = nn.Neuron(1)
    neuron.w.assign([0.1])
    nn.save(tmp_path / "run.json", model=neuron)
    document = json.loads((tmp_path / "run.json").read_text(encoding="utf-8"))
    assert document["parts"] == {"model": {"w": [0.1], "b": 0.0}}


def test_every_file_that_was_cut_short_or_changed_in_a_byte_is_damaged(tmp_path: Path) -> None:
    path, broken = tmp_path / "run.json", tmp_path / "broken.json"
    neuron = nn.Neuron(2, seed=1)
    nn.save(path, model=neuron)
    content = path.read_bytes().rstrip()
    other = nn.Neuron(2, seed=2)
    before = other.state_dict()
    changed = [content[:i] for i in range(len(content))]
    changed += [content[:i] + b"7" + content[i + 1 :] for i in range(len(content)) if content[i] != ord("7")]
    changed += [content[:i] + b"\xff" + content[i + 1 :] for i in range(len(content))]
    for damaged in changed:
        broken.write_bytes(damaged)
        with pytest.raises(ValueError, match=r"broken\.json is "):
            nn.load(broken, model=other)
        assert other.state_dict() == before


@pytest.mark.parametrize("content", ["", "[" * 100_000, "{}", "[]", "3", "null", '{"parts": 3, "crc32": 1}', "text"])
def test_a_file_of_another_kind_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "other.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match=r"other\.json is damaged, or not a file that scalargrad's save wrote"):
        nn.load(path, model=nn.Neuron(1))


def test_a_file_of_another_format_says_so(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    nn.save(path, model=nn.Neuron(1))
    path.write_text(path.read_text(encoding="utf-8").replace('"scalargrad": 1', '"scalargrad": 2'), encoding="utf-8")
    with pytest.raises(ValueError, match=r"run\.json is of another format, 2; expected"):
        nn.load(path, model=nn.Neuron(1))


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        (
            {"model": nn.MLP(2, [3, 2])},
            r"run\.json, model: expected numbers of shape \(2, 3\) for layers\.1\.w, got \(1",
        ),
        ({"model": nn.MLP(2, [3])}, r"run\.json, model: expected a state of the \d+ variables of this module; it has"),
        (
            {"model": nn.MLP(1, [3, 1])},
            r"run\.json, model: expected numbers of shape \(3, 1\) for layers\.0\.w, got \(3, 2\)",
        ),
        ({"other": nn.MLP(2, [3, 1])}, r"run\.json has no part 'other'; its parts are 'model', 'optimizer'"),
        ({"optimizer": nn.MLP(2, [3, 1])}, r"run\.json, optimizer: expected a state of the 4 variables"),
        ({"optimizer": optim.SGD()}, r"run\.json, optimizer: expected the state of SGD, got that of Adam"),
        ({"optimizer": optim.Adam()}, r"run\.json, optimizer: expected the states of 0 parameters, got 13"),
        ({"model": optim.Adam()}, r"run\.json, model: expected the state_dict\(\) of an optimiser, got"),
    ],
)
def test_what_does_not_fit_is_told_and_nothing_is_assigned(tmp_path: Path, parts: Any, said: str) -> None:
    model, optimizer = trained()
    nn.save(tmp_path / "run.json", model=model, optimizer=optimizer)
    fits, _ = trained(2)
    before = fits.state_dict()
    with pytest.raises(ValueError, match=said):
        nn.load(tmp_path / "run.json", **{"model": fits, **parts})
    assert fits.state_dict() == before


def test_a_number_that_no_float_holds_is_refused_before_another_part_is_assigned(tmp_path: Path) -> None:
    class Huge(nn.Module):
        def state_dict(self) -> dict[str, Any]:
            return {"w": [10**400], "b": 0.0}

    path = tmp_path / "run.json"
    nn.save(path, first=nn.Neuron(1), second=Huge())
    first, second = nn.Neuron(1), nn.Neuron(1)
    before = first.state_dict()
    with pytest.raises(ValueError, match=r"run\.json, second: expected a number that a float can hold"):
        nn.load(path, first=first, second=second)
    assert first.state_dict() == before


def test_a_number_that_json_has_not_is_refused_before_the_file_is_touched(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    neuron = nn.Neuron(1)
    nn.save(path, model=neuron)
    before = path.read_bytes()
    neuron.b.assign(Fraction(1, 3))
    with pytest.raises(TypeError, match=r"save writes floats and integers, not Fraction\(1, 3\) \(Fraction\); convert"):
        nn.save(path, model=neuron)
    assert path.read_bytes() == before


@pytest.mark.parametrize("function", [nn.save, nn.load])
def test_only_parts_with_a_state_are_saved_and_loaded(tmp_path: Path, function: Callable[..., None]) -> None:
    path = tmp_path / "run.json"
    with pytest.raises(TypeError, match=r"takes modules and optimisers, not Value\(2\.0\) \(Value\) as model"):
        function(path, model=sg.Value(2.0))
    with pytest.raises(ValueError, match=r"got no parts; name them, as in (save|load)\("):
        function(path)


def test_a_file_keeps_its_permissions(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    nn.save(path, model=nn.Neuron(2))
    path.chmod(0o600)
    nn.save(path, model=nn.Neuron(2))
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_class_is_no_part(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="takes modules and optimisers, not <class"):
        nn.save(tmp_path / "run.json", model=nn.Neuron)  # type: ignore[arg-type]


def test_where_the_folder_is_not_there_the_error_names_the_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as error:
        nn.save(tmp_path / "nowhere" / "run.json", model=nn.Neuron(1))
    assert error.value.filename == str(tmp_path / "nowhere" / "run.json")
