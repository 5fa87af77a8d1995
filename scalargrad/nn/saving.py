"""Models and optimisers on disk: `save` writes their states as JSON, `load` restores them to the last bit."""

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
    from collections.abc import Callable, Sequence
    from typing import Any, Never, Protocol

    class Part(Protocol):
        """Something that can be saved: a module or an optimiser."""

        def state_dict(self) -> dict[str, Any]: ...
        def check_state(self, state: Any, /) -> Callable[[], None]: ...


FORMAT = 1
# No file can be made beside another if the name is as long as it can be or the folder is not writable.
NOTHING_BESIDE = errno.ENAMETOOLONG, errno.EACCES, errno.EPERM, errno.EROFS


def save(path: str | bytes | os.PathLike[str] | os.PathLike[bytes], *unnamed: Never, **parts: Part) -> None:
    """Write the states of modules and optimisers to a file; a crash meanwhile leaves an existing file as it was.

    The text goes to a new file in the same folder. Once all of it is on disk, this file replaces the old one and takes
    its permissions. If no such file can be made, or if the old one is not a regular file (a pipe, say), the text is
    written in place. It is JSON as Python's `json` writes it: the fewest digits that give each float back, and the
    words NaN and Infinity.

    Args:
        path: the file; for a link, the file that it points to.
        parts: modules and optimisers under names of your choice: `save("run.json", model=model, optimizer=optimizer)`.

    Raises:
        TypeError: a part is neither a module nor an optimiser, or holds a number that JSON lacks, such as a Fraction.
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
    require_parts("save", unnamed, parts)
    text = json.dumps({name: part.state_dict() for name, part in parts.items()}, default=refuse_number)
    content = f'{{"scalargrad": {FORMAT}, "crc32": {crc32(text.encode())}, "parts": {text}}}\n'
    name = os.fsdecode(path)
    try:
        write(name, content.encode())
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            told = f"{error.strerror}: {brief(name)} has {len(name):,} characters; give the file a shorter name"
            raise OSError(error.errno, told) from None
        raise OSError(error.errno, error.strerror, name) from None  # without the name of the new file


def write(name: str, content: bytes) -> None:
    """Write a file so that, where possible, it ends up either unchanged or with all of the content."""
    old = None
    with suppress(FileNotFoundError):
        old = os.stat(name)
    if old is not None:
        if not stat.S_ISREG(old.st_mode):
            write_in_place(name, content)
            return
        with open(name, "r+b"):  # raises if the file is not writable
            pass
    target = os.path.realpath(name) if os.path.islink(name) else name
    beside = os.path.join(os.path.dirname(target), f".{os.urandom(8).hex()}.tmp")
    try:
        try:
            # Nobody else may read it until it has the permissions of the old file.
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
    """Give a file the permissions of another one and, if allowed, its owner."""
    with suppress(OSError, AttributeError):  # Windows has no owners
        os.chown(name, old.st_uid, old.st_gid)
    kept = 0o777 if os.stat(name).st_gid == old.st_gid else 0o707  # another group gets none of them
    os.chmod(name, old.st_mode & kept)


def load(path: str | bytes | os.PathLike[str] | os.PathLike[bytes], *unnamed: Never, **parts: Part) -> None:
    """Load the states of modules and optimisers from a file that `save` wrote: all of them or none.

    Args:
        path: the file.
        parts: modules and optimisers, under the names they were saved with. Other parts of the file are ignored.

    Raises:
        TypeError: a part is neither a module nor an optimiser.
        ValueError: there are no parts; the file is damaged or was not written by `save`; it lacks a part, or has one
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
    require_parts("load", unnamed, parts)
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
        what = f"of another format, {version!r}" if intact else "damaged: its checksum does not match its content"
        raise ValueError(f"{path} is {what}; expected a file as scalargrad's save wrote it")
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


def require_parts(name: str, unnamed: Sequence[object], parts: dict[str, Part]) -> None:
    if unnamed:
        what = type(unnamed[0]).__name__
        raise TypeError(f'{name} got a part without a name ({what}); name it, as in {name}("run.json", model=model)')
    if not parts:
        raise ValueError(f'{name} got no parts; name them, as in {name}("run.json", model=model)')
    for key, part in parts.items():
        if isinstance(part, type) or not hasattr(part, "state_dict") or not hasattr(part, "check_state"):
            raise TypeError(f"{name} takes modules and optimisers, not {part!r} ({type(part).__name__}) as {key}")


def refuse_number(x: object) -> Any:
    raise TypeError(f"save writes floats and integers, not {x!r} ({type(x).__name__}); convert it with float() first")
