"""Downloads of results: PNG, JPEG or TIFF files with the recipe embedded."""

from pathlib import Path
from typing import NamedTuple

from rwkeras.digests import bytes_digest
from rwkeras.images.reading import read_picture
from rwkeras.images.writing import write_image
from rwkeras.studio.jobs import Job
from rwkeras.studio.pictures import file_bytes
from rwkeras.studio.store import Store
from rwkeras.validation import check_choice, invalid_argument

# Media types by file name extension.
MEDIA_TYPES = {"png": "image/png", "jpg": "image/jpeg", "tif": "image/tiff"}
# File name extensions by Pillow's name of the format.
EXTENSIONS = {"PNG": "png", "JPEG": "jpg", "TIFF": "tif"}


class Download(NamedTuple):
    """A file to download.

    Attributes:
        name: File name.
        media_type: Media type, such as "image/png".
        content: Bytes of the file.
    """

    name: str
    media_type: str
    content: bytes


def _file_stem(job: Job) -> str:
    """Returns the file name of a result's downloads, without an extension."""
    return f"{job.recipe.kind}-{job.name[:16].lstrip('0')}-seed{job.recipe.seed}"


def download(store: Store, job: Job, extension: str) -> Download:
    """Returns a result as a file; the same picture and recipe give the same bytes.

    Args:
        store: The store with the result.
        job: The job that made it.
        extension: "png", "jpg" or "tif"; or "json" for the recipe alone.

    Raises:
        ValueError: The format is unknown, or the job has no picture.
    """
    check_choice("format", extension, (*MEDIA_TYPES, "json"))
    if extension == "json":
        content = (job.recipe.to_json() + "\n").encode("ascii")
        return Download(f"{_file_stem(job)}.json", "application/json", content)
    path = store.job_file(job.name, "picture.png")
    if path is None or not job.digest:
        raise invalid_argument("job", "a job with a picture", job.name)
    return Download(
        f"{_file_stem(job)}.{extension}",
        MEDIA_TYPES[extension],
        _encoded_file(path, job, extension),
    )


def _encoded_file(path: Path, job: Job, extension: str) -> bytes:
    if extension == "png":
        return path.read_bytes()
    picture = read_picture(path)
    return file_bytes(
        f".{extension}",
        write_image,
        picture.image,
        icc_profile=picture.icc_profile,
        comment=job.recipe.to_json(),
    )


def matches_expected_file(store: Store, job: Job) -> bool | None:
    """Returns whether a result is the job's expected file; None if either is missing."""
    digest, extension = job.expected_file
    if not digest or not job.digest:
        return None
    return bytes_digest(download(store, job, extension).content) == digest
