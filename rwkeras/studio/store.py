"""Store of the studio: pictures by the SHA-256 of their bytes, and a folder for each job.

File names are generated from hexadecimal digits. Names in requests are validated against that
format and symbolic links are not followed, so that no request reaches files outside the store.
"""

import contextlib
import fcntl
import os
import re
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from rwkeras.digests import bytes_digest
from rwkeras.images.files import whole_file
from rwkeras.studio.jobs import Job, parse_job
from rwkeras.studio.names import is_digest, is_job_name
from rwkeras.studio.pictures import write_preview_of_file
from rwkeras.studio.settings import StudioSettings
from rwkeras.validation import invalid_argument

_RECORD_FILE = "job.json"
# Files of a job's folder that a browser may fetch.
_PUBLIC_FILES = re.compile(r"picture\.png|view\.jpg|strip\.jpg|recipe\.json|stage-[0-9]{6}\.jpg")


class Store:
    """The studio's folder, locked against other processes.

    Args:
        settings: Settings with the folder and the storage limits.

    Raises:
        ValueError: The folder cannot be written to, or another studio has locked it.
    """

    def __init__(self, settings: StudioSettings):
        self._settings = settings
        self.root = Path(settings.folder).resolve()
        self._pictures, self._jobs = self.root / "pictures", self.root / "jobs"
        try:
            for folder in (self.root, self._pictures, self._jobs):
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
                if folder.is_symlink():
                    raise OSError(None, "a link")
            self._lock = _lock_file(self.root / "lock")
        except OSError as error:
            expected = "a writable folder that is not used by another studio"
            raise invalid_argument("folder", expected, f"{self.root} ({error.strerror})") from error

    def close(self) -> None:
        """Releases the lock."""
        self._lock.close()

    def add_picture(self, content: bytes, name: str) -> str:
        """Stores a picture; returns the SHA-256 of its bytes.

        Args:
            content: Bytes of the image file.
            name: The user's name of the file, for error messages.

        Raises:
            ValueError: The file is not a complete image, is too large, or the store is full.
        """
        if len(content) > self._settings.max_bytes:
            raise ValueError(
                f"{name} has {len(content)} bytes: the limit is {self._settings.max_bytes} bytes"
            )
        digest = bytes_digest(content)
        if self.has_picture(digest):
            os.utime(self._pictures / digest)
            return digest
        self._evict_pictures(name, len(content))
        path, preview = self._pictures / digest, self._pictures / f"{digest}.jpg"
        _remove_links(path, preview)
        with whole_file(path) as temporary:
            temporary.write_bytes(content)
            write_preview_of_file(temporary, preview, name)
        return digest

    def _evict_pictures(self, name: str, size: int) -> None:
        """Removes the oldest pictures that no job uses, until another fits into the limits."""
        stored, settings = self.pictures(), self._settings
        if size > settings.max_kept:
            raise ValueError(
                f"{name} has {size} bytes: the limit of all files together is {settings.max_kept} "
                "bytes"
            )
        # A job that ended without a picture is not in the history, where it could be removed.
        used = {
            digest
            for job in self.jobs()
            if job.digest or not job.ended
            for digest in job.recipe.input_digests
        }
        unused = [digest for digest in stored if digest not in used]
        count = len(stored)
        while unused and (count >= settings.max_pictures or self.size() + size > settings.max_kept):
            self._remove_picture(unused.pop(0))
            count -= 1
        if count >= settings.max_pictures:
            raise ValueError(
                f"{name} exceeds the limit of {settings.max_pictures} pictures: {count} are in "
                "use by results. Remove results"
            )

    def _remove_picture(self, digest: str) -> None:
        for path in (self._pictures / digest, self._pictures / f"{digest}.jpg"):
            path.unlink(missing_ok=True)

    def pictures(self) -> list[str]:
        """Returns the digests of all pictures, the least recently added first."""
        paths = [path for path in self._pictures.iterdir() if is_digest(path.name)]
        return [path.name for path in sorted(paths, key=lambda path: path.stat().st_mtime_ns)]

    def has_picture(self, digest: str) -> bool:
        """Returns whether a picture is stored."""
        return is_digest(digest) and _is_regular_file(self._pictures / digest)

    def picture_path(self, digest: str) -> Path:
        """Returns the file of a picture; raises `ValueError` if it is not stored."""
        if not self.has_picture(digest):
            raise invalid_argument("picture", "the SHA-256 of a stored picture", digest)
        return self._pictures / digest

    def preview_path(self, digest: str) -> Path | None:
        """Returns the file of a picture's preview, or None."""
        path = self._pictures / f"{digest}.jpg"
        return path if is_digest(digest) and _is_regular_file(path) else None

    def job_folder(self, name: str) -> Path:
        """Returns the folder of a job; raises `ValueError` if the name is malformed."""
        if not is_job_name(name):
            raise invalid_argument("job", "the name of a job", name)
        return self._jobs / name

    def job_file(self, name: str, file: str) -> Path | None:
        """Returns a file of a job that a browser may fetch, or None."""
        if not is_job_name(name) or _PUBLIC_FILES.fullmatch(file) is None:
            return None
        folder = self._jobs / name
        path = folder / file
        return path if not folder.is_symlink() and _is_regular_file(path) else None

    def filmstrip_frames(self, name: str) -> list[str]:
        """Returns the names of a job's filmstrip frames, by iteration."""
        files = sorted(path.name for path in self.job_folder(name).glob("stage-*.jpg"))
        return [file for file in files if self.job_file(name, file) is not None]

    def save_job(self, job: Job) -> None:
        """Writes a job's record and recipe to its folder."""
        folder = self.job_folder(job.name)
        _remove_links(folder, folder / _RECORD_FILE, folder / "recipe.json")
        folder.mkdir(exist_ok=True)
        for name, text in (
            (_RECORD_FILE, job.to_json()),
            ("recipe.json", job.recipe.to_json() + "\n"),
        ):
            with whole_file(folder / name) as temporary:
                temporary.write_text(text, encoding="ascii")

    def jobs(self) -> list[Job]:
        """Returns all readable jobs, the oldest first."""
        return list(self._read_jobs())

    def _read_jobs(self) -> Iterator[Job]:
        for folder in sorted(self._jobs.iterdir()):
            if is_job_name(folder.name) and not folder.is_symlink():
                with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
                    record = folder / _RECORD_FILE
                    job = (
                        parse_job(record.read_text(encoding="ascii"))
                        if _is_regular_file(record)
                        else None
                    )
                    if job is not None and job.name == folder.name:
                        yield job

    def prepare_job(self, name: str) -> Path:
        """Returns the folder that a job writes to, without symbolic links in it."""
        folder = self.job_folder(name)
        _remove_links(folder, *folder.rglob("*"))
        folder.mkdir(exist_ok=True)
        return folder

    def clear_job(self, name: str) -> None:
        """Removes all files of a job but its record."""
        for path in self.job_folder(name).iterdir():
            if path.name != _RECORD_FILE and _is_regular_file(path):
                path.unlink()

    def remove_job(self, name: str) -> None:
        """Removes a job and its picture."""
        shutil.rmtree(self.job_folder(name), ignore_errors=True)

    def size(self) -> int:
        """Returns the total size of pictures and results in bytes."""
        return _size(self._pictures) + _size(self._jobs)

    @property
    def is_over_limit(self) -> bool:
        """Whether pictures and results take more than is allowed."""
        return self.size() > self._settings.max_kept

    def trim(self, keep: str) -> list[str]:
        """Removes the oldest ended jobs until the store fits its limit; returns their names.

        Args:
            keep: Name of a job that stays.
        """
        removed: list[str] = []
        ended = [job for job in self.jobs() if job.ended and job.name != keep]
        while self.is_over_limit and ended:
            job = ended.pop(0)
            self.remove_job(job.name)
            removed.append(job.name)
            used = {digest for other in self.jobs() for digest in other.recipe.input_digests}
            for digest in set(job.recipe.input_digests) - used:
                self._remove_picture(digest)
        return removed


def _remove_links(*paths: Path) -> None:
    """Removes symbolic links, through which files elsewhere would be written."""
    for path in paths:
        if path.is_symlink():
            path.unlink()


def _is_regular_file(path: Path) -> bool:
    """Returns whether a path is a regular file and not a symbolic link."""
    try:
        return stat.S_ISREG(os.lstat(path).st_mode)
    except (OSError, ValueError):
        return False


def _size(folder: Path) -> int:
    sizes = (path.lstat().st_size for path in folder.rglob("*") if _is_regular_file(path))
    return sum(sizes)


def _lock_file(path: Path) -> IO[str]:
    """Opens a file with an exclusive lock, which closing it releases."""
    file = open(os.open(path, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW, 0o600), "w")  # noqa: SIM115
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        raise OSError(error.errno, "in use by another studio") from error
    return file
