"""Text that image files hold: tEXt of PNG, COM of JPEG, ImageDescription of TIFF."""

import os
from typing import Any

from PIL import Image, PngImagePlugin, TiffImagePlugin

from rwkeras.images.opening import existing_file
from rwkeras.validation import invalid_argument

# By this name PNG and Pillow know it.
_KEY = "Comment"
_DESCRIPTION = 270
# A segment of JPEG counts its bytes, and the two that count them, in two bytes.
_JPEG_BYTES = 65533
_FORMATS = ("PNG", "JPEG", "TIFF")


def check_comment(comment: Any, format_name: str) -> None:
    """Raises `ValueError` unless a format holds a text.

    Args:
        comment: The text.
        format_name: The format, by Pillow's name.
    """
    if format_name not in _FORMATS:
        raise invalid_argument("comment", f"None with {format_name}, which holds none", comment)
    if not isinstance(comment, str) or not comment or not comment.isascii() or "\0" in comment:
        raise invalid_argument("comment", "ASCII text without zeros, not empty", comment)
    if format_name == "JPEG" and len(comment) > _JPEG_BYTES:
        expected = f"at most {_JPEG_BYTES} characters in a JPEG file"
        raise invalid_argument("comment", expected, f"{len(comment)} characters")


def comment_options(comment: str, format_name: str) -> dict[str, Any]:
    """Returns what Pillow is to be told to write a text into a file.

    Args:
        comment: What `check_comment` has let through.
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
    """Returns the text that an image file holds beside its pixels, which are not decoded.

    Args:
        path: The file.
        name: The argument, as the caller spells it, for messages.

    Returns:
        The text; None where there is none that `write_image` could have written, or no picture.

    Raises:
        ValueError: There is no such file.
    """
    file = existing_file(path, name)
    try:
        with Image.open(file) as image:
            found = _comment(image)
    except Exception:  # Pillow's decoders raise many kinds; what is no picture has no comment.
        return None
    text = found.decode("ascii", "replace") if isinstance(found, bytes) else found
    return text if isinstance(text, str) and text and text.isascii() else None


def _comment(image: Image.Image) -> Any:
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        return image.tag_v2.get(_DESCRIPTION)
    if image.format not in _FORMATS:
        return None
    return image.info.get(_KEY if image.format == "PNG" else "comment")
