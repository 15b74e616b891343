"""Text metadata of image files: tEXt of PNG, COM of JPEG, ImageDescription of TIFF."""

import os
from typing import Any

from PIL import Image, PngImagePlugin, TiffImagePlugin

from rwkeras.images.opening import existing_file
from rwkeras.validation import invalid_argument

# Keyword of the text in PNG files.
_KEY = "Comment"
_DESCRIPTION = 270
# The 16-bit length of a JPEG segment includes its own two bytes.
_JPEG_BYTES = 65533
_FORMATS = ("PNG", "JPEG", "TIFF")


def check_comment(comment: Any, format_name: str) -> None:
    """Raises `ValueError` unless a format can hold a text.

    Args:
        comment: The text.
        format_name: The format, by Pillow's name.
    """
    if format_name not in _FORMATS:
        raise invalid_argument(
            "comment", f"None with {format_name}, which does not support it", comment
        )
    if not isinstance(comment, str) or not comment or not comment.isascii() or "\0" in comment:
        raise invalid_argument("comment", "non-empty ASCII text without null characters", comment)
    if format_name == "JPEG" and len(comment) > _JPEG_BYTES:
        expected = f"at most {_JPEG_BYTES} characters in a JPEG file"
        raise invalid_argument("comment", expected, f"{len(comment)} characters")


def comment_options(comment: str, format_name: str) -> dict[str, Any]:
    """Returns Pillow's options for saving a text in a file.

    Args:
        comment: A text that passed `check_comment`.
        format_name: The format, by Pillow's name.
    """
    if format_name == "PNG":
        info = PngImagePlugin.PngInfo()
        info.add_text(_KEY, comment)
        return {"pnginfo": info}
    if format_name == "JPEG":
        return {"comment": comment.encode("ascii")}
    return {"description": comment}


def read_comment(path: str | os.PathLike[str], name: str = "image") -> str | None:
    """Returns the text in an image file's metadata, without decoding its pixels.

    Args:
        path: The file.
        name: The argument, as the caller spells it, for messages.

    Returns:
        The text; None if the file has no text that `write_image` could have written, or is not an
        image.

    Raises:
        ValueError: The file does not exist.
    """
    file = existing_file(path, name)
    try:
        with Image.open(file) as image:
            found = _comment(image)
    except Exception:  # Pillow's decoders raise many kinds on other files.
        return None
    text = found.decode("ascii", "replace") if isinstance(found, bytes) else found
    return text if isinstance(text, str) and text and text.isascii() else None


def _comment(image: Image.Image) -> Any:
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        return image.tag_v2.get(_DESCRIPTION)
    if image.format not in _FORMATS:
        return None
    return image.info.get(_KEY if image.format == "PNG" else "comment")
