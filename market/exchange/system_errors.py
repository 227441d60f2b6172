"""What an error of the operating system means for the owner of a file."""

import errno
from collections.abc import Mapping

from market.errors import FileRefused
from market.exchange.problems import Source

_CODES = {
    errno.EISDIR: "is_folder",
    errno.EACCES: "no_permission",
    errno.EPERM: "no_permission",
    errno.EEXIST: "exists",
    errno.ENAMETOOLONG: "name_too_long",
    errno.EMFILE: "too_many_open",
    errno.ENFILE: "too_many_open",
    errno.EROFS: "read_only",
    errno.ENOSPC: "disk_full",
    errno.EDQUOT: "disk_full",
    errno.EFBIG: "disk_full",
}
# What is missing is the file when it is read, and its folder when it is written.
READING = _CODES | {errno.ENOENT: "missing", errno.ENOTDIR: "missing"}
WRITING = _CODES | {errno.ENOENT: "folder_missing", errno.ENOTDIR: "folder_missing"}


def refuse_system_error(
    source: Source, error: OSError | ValueError, codes: Mapping[int, str]
) -> FileRefused:
    """The sentence for an error; one without a code is told in the system's own words.

    A ValueError comes from a name that no system call takes (NUL, an unpaired surrogate); each
    version of Python words it differently.
    """
    if not isinstance(error, OSError):
        return source.refuse("name_unusable")
    code = codes.get(error.errno or 0)
    if code is not None:
        return source.refuse(code)
    return source.refuse("system", detail=error.strerror or type(error).__name__)
