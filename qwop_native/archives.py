"""What Python's zip, pickle and array readers raise on damaged files, as one clear ValueError."""

from __future__ import annotations

import errno
import functools
import lzma
import os
import pickle
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Concatenate, ParamSpec, TypeVar

_Rest = ParamSpec("_Rest")
_Result = TypeVar("_Result")
_Path = TypeVar("_Path", bound="str | os.PathLike[str]")

_OF_DAMAGE = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    SyntaxError,  # NumPy's, with the next, of an array's head
    tokenize.TokenError,
    RuntimeError,  # zipfile's of encryption, torch's; NotImplementedError of other compressions
    TypeError,
    lzma.LZMAError,
    pickle.UnpicklingError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)


@contextmanager
def damage_refused(path: str | os.PathLike[str], message: str) -> Iterator[None]:
    """Makes one ValueError of whatever the readers within stumble over.

    Args:
        path: The file that is read.
        message: What the error says of the file after its name, such as "is no model".

    Raises:
        ValueError: The file is damaged; one raised within that names the file is left as it is.
        OSError: The file cannot be read.
    """
    try:
        yield
    except ValueError as error:
        if os.fspath(path) in str(error):
            raise
        raise ValueError(f"{path} {message}") from error
    except OSError as error:
        if error.errno not in (None, errno.EINVAL):  # bz2's own, and a seek before the beginning
            raise
        raise ValueError(f"{path} {message}") from error
    except _OF_DAMAGE as error:
        raise ValueError(f"{path} {message}") from error


def refuses_damage(
    message: str,
) -> Callable[
    [Callable[Concatenate[_Path, _Rest], _Result]], Callable[Concatenate[_Path, _Rest], _Result]
]:
    """Decorates a function whose first argument is the path of what it reads; see above."""

    def decorate(
        read: Callable[Concatenate[_Path, _Rest], _Result],
    ) -> Callable[Concatenate[_Path, _Rest], _Result]:
        @functools.wraps(read)
        def wrapped(path: _Path, *args: _Rest.args, **kwargs: _Rest.kwargs) -> _Result:
            with damage_refused(path, message):
                return read(path, *args, **kwargs)

        return wrapped  # type: ignore[return-value]  # the parameter is called path

    return decorate
