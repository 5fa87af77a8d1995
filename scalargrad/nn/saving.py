"""Models and optimisers on disk: `save` writes their states as JSON, `load` reads them back to the last bit."""

from __future__ import annotations

import errno
import json
import os
import stat
from contextlib import suppress
from reprlib import repr as brief
from zlib import crc32

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Protocol

    class Part(Protocol):
        """What can be saved: a module, or an optimiser."""

        def state_dict(self) -> dict[str, Any]: ...
        def check_state(self, state: Any, /) -> Callable[[], None]: ...


FORMAT = 1
# Where a name is as long as it can be, or the folder may not be written to, no file can be made beside another.
NOTHING_BESIDE = errno.ENAMETOOLONG, errno.EACCES, errno.EPERM, errno.EROFS


def save(path: str | bytes | os.PathLike[str] | os.PathLike[bytes], **parts: Part) -> None:
    """Write the states of modules and optimisers to a file, so that a crash on the way leaves an older file whole.

    The text goes to a new file beside it, which takes its place, with its permissions, when all of it is on the disk.
    Where no new file can be made beside it, it is written in place, and so is what is no regular file, such as a pipe.
    The text is JSON as Python's `json` writes it: the shortest digits that give each float back, and the words NaN and
    Infinity.

    Args:
        path: the file; of a link, the file that it points to.
        parts: what to save, by names of your choice: `save("run.json", model=model, optimizer=optimizer)`.

    Raises:
        TypeError: a part is neither a module nor an optimiser, or holds a number that JSON has not, as a Fraction.
        ValueError: there are no parts.
        OSError: the file cannot be written.

    >>> import os, tempfile
    >>> from scalargrad import nn
    >>> model, twin = nn.Neuron(2, seed=1), nn.Neuron(2, seed=2)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     nn.save(os.path.join(folder, "run.json"), model=model)
    ...     nn.load(os.path.join(folder, "run.json"), model=twin)
    >>> twin.w == model.w
    True
    """
    require_parts("save", parts)
    text = json.dumps({name: part.state_dict() for name, part in parts.items()}, default=refuse_number)
    content = f'{{"scalargrad": {FORMAT}, "crc32": {crc32(text.encode())}, "parts": {text}}}\n'
    name = os.fsdecode(path)
    try:
        write(name, content.encode())
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            told = f"{error.strerror}: {brief(name)} has {len(name):,} characters; give the file a shorter name"
            raise OSError(error.errno, told) from None
        raise OSError(error.errno, error.strerror, name) from None  # not the name of the new file beside it


def write(name: str, content: bytes) -> None:
    """Write a file so that it is as it was before, or holds all of the content; if that can be."""
    old = None
    with suppress(FileNotFoundError):
        old = os.stat(name)
    if old is not None:
        if not stat.S_ISREG(old.st_mode):
            write_in_place(name, content)
            return
        with open(name, "r+b"):  # which is refused if it may not be written to
            pass
    target = os.path.realpath(name) if os.path.islink(name) else name
    beside = os.path.join(os.path.dirname(target), f".{os.urandom(8).hex()}.tmp")
    try:
        try:
            # Nobody else may read it as long as it has not the permissions of the old file.
            file = open(beside, "xb", opener=None if old is None else open_in_private)  # noqa: SIM115
        except OSError as error:
            if error.errno not in NOTHING_BESIDE:
                raise
            write_in_place(name, content)
            return
        with file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if old is not None:
            give_permissions(beside, old)
        os.replace(beside, target)
    finally:
        with suppress(OSError):
            os.remove(beside)


def write_in_place(name: str, content: bytes) -> None:
    with open(name, "wb") as file:
        file.write(content)


def open_in_private(name: str, flags: int) -> int:
    return os.open(name, flags, 0o600)


def give_permissions(name: str, old: os.stat_result) -> None:
    """Give a file the owner of another one, if that is allowed, and its permissions."""
    with suppress(OSError, AttributeError):  # Windows has no owners
        os.chown(name, old.st_uid, old.st_gid)
    kept = 0o777 if os.stat(name).st_gid == old.st_gid else 0o707  # what one group may do is not for another
    os.chmod(name, old.st_mode & kept)


def load(path: str | bytes | os.PathLike[str] | os.PathLike[bytes], **parts: Part) -> None:
    """Read the states of modules and optimisers from a file that `save` wrote; all of them are taken over, or none.

    Args:
        path: the file.
        parts: what to load into, by the names that they were saved under. Other parts of the file are left alone.

    Raises:
        TypeError: a part is neither a module nor an optimiser.
        ValueError: there are no parts; the file is damaged or is not one of `save`'s; it has no part of a name, or one
            that does not fit: other variables, other lengths, another optimiser. The message names the file.
        OSError: the file cannot be read.

    >>> import os, tempfile
    >>> from scalargrad import nn
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "run.json")
    ...     nn.save(path, model=nn.Neuron(2))
    ...     try:
    ...         nn.load(path, model=nn.Neuron(3))
    ...     except ValueError as error:
    ...         print(str(error).removeprefix(folder))
    /run.json, model: expected 3 numbers for w, got 2 numbers
    """
    require_parts("load", parts)
    path = os.fsdecode(path)
    with open(path, "rb") as file:
        content = file.read()
    try:
        document = json.loads(content)
        states, checksum, version = document["parts"], document["crc32"], document["scalargrad"]
        intact = crc32(json.dumps(states).encode()) == checksum and isinstance(states, dict)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        why = f"{type(error).__name__}, {error}"
        raise ValueError(f"{path} is damaged, or not a file that scalargrad's save wrote: {why}") from None
    if not intact or type(version) is not int or version != FORMAT:
        what = f"of another format, {version!r}" if intact else "damaged: its checksum is not that of its content"
        raise ValueError(f"{path} is {what}; expected what scalargrad's save wrote, as it wrote it")
    takers = []
    for name, part in parts.items():
        if name not in states:
            raise ValueError(f"{path} has no part {name!r}; its parts are {', '.join(map(repr, states)) or '(none)'}")
        try:
            takers.append(part.check_state(states[name]))
        except (TypeError, ValueError, OverflowError) as error:
            raise ValueError(f"{path}, {name}: {error}") from None
    for take in takers:
        take()


def require_parts(name: str, parts: dict[str, Part]) -> None:
    if not parts:
        raise ValueError(f'{name} got no parts; name them, as in {name}("run.json", model=model)')
    for key, part in parts.items():
        if isinstance(part, type) or not hasattr(part, "state_dict") or not hasattr(part, "check_state"):
            raise TypeError(f"{name} takes modules and optimisers, not {part!r} ({type(part).__name__}) as {key}")


def refuse_number(x: object) -> Any:
    raise TypeError(f"save writes floats and integers, not {x!r} ({type(x).__name__}); assign float() of it before")
