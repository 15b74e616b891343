"""EXIF orientation of encoded images, parsed and applied in a graph.

TensorFlow decodes pixels as stored. Phones store them as the sensor lies, with an orientation from
1 to 8 in the EXIF tag 0x0112. JPEG holds EXIF in an APP1 segment, PNG in an eXIf chunk; XMP is not
read.
"""

from collections.abc import Callable

import tensorflow as tf

_TAG, _UPRIGHT = 0x0112, 1
# JPEG markers without a length: fill, TEM, RST0 to RST7 and SOI. Image data begin after SOS.
_FILL, _TEM, _RST0, _SOI, _EOI, _SOS = 0xFF, 0x01, 0xD0, 0xD8, 0xD9, 0xDA
_APP1, _EXIF = 0xE1, b"Exif\0\0"
_PNG_SIGNATURE, _PNG_CHUNK = 8, 12
_EXIF_CHUNK, _END_CHUNK = 0x65584966, 0x49454E44
# Entry of a TIFF directory: its length, and offsets of its type and value. Types of values.
_FIELD, _FIELD_TYPE, _FIELD_VALUE = 12, 2, 8
_BYTE, _SHORT, _LONG = 1, 3, 4


def _big_endian(data: tf.Tensor, at: tf.Tensor, count: int) -> tf.Tensor:
    """Returns a big-endian number, int64, or -1 if it is not within the data.

    Args:
        data: uint8, [bytes].
        at: Position of the number, int64, [].
        count: Its number of bytes.
    """
    inside = (at >= 0) & (at + count <= tf.size(data, tf.int64))
    part = tf.cond(
        inside,
        lambda: tf.cast(data[at : at + count], tf.int64),
        lambda: tf.zeros([count], tf.int64),
    )
    weights = tf.constant([256**place for place in reversed(range(count))], tf.int64)
    return tf.where(inside, tf.reduce_sum(tf.ensure_shape(part, [count]) * weights), -1)


def _little_endian(data: tf.Tensor, at: tf.Tensor, count: int) -> tf.Tensor:
    """Like `_big_endian`, for a little-endian number."""
    return _big_endian(tf.reverse(data, [0]), tf.size(data, tf.int64) - at - count, count)


def _of_tiff(tiff: tf.Tensor) -> tf.Tensor:
    """Returns the orientation in a TIFF's first directory, int64, []; 1 if there is none."""
    little = tf.equal(_big_endian(tiff, tf.constant(0, tf.int64), 2), 0x4949)

    def number(at: tf.Tensor, count: int) -> tf.Tensor:
        return tf.where(little, _little_endian(tiff, at, count), _big_endian(tiff, at, count))

    directory = number(tf.constant(4, tf.int64), 4)
    size = tf.size(tiff, tf.int64)
    start = tf.clip_by_value(directory + 2, 0, size)
    count = tf.minimum(number(directory, 2), (size - start) // _FIELD)
    count = tf.where(directory < 0, tf.constant(0, tf.int64), tf.maximum(count, 0))
    fields = tf.reshape(tiff[start : start + _FIELD * count], [-1, _FIELD])
    ordered = tf.cast(fields, tf.int64)

    def column(first: int, length: int) -> tf.Tensor:
        part = ordered[:, first : first + length]
        weights = tf.constant([256**place for place in range(length)], tf.int64)
        return tf.reduce_sum(part * tf.where(little, weights, tf.reverse(weights, [0])), axis=1)

    kind = column(_FIELD_TYPE, 2)
    value = tf.where(
        tf.equal(kind, _LONG),
        column(_FIELD_VALUE, 4),
        tf.where(tf.equal(kind, _SHORT), column(_FIELD_VALUE, 2), column(_FIELD_VALUE, 1)),
    )
    known = tf.equal(kind, _BYTE) | tf.equal(kind, _SHORT) | tf.equal(kind, _LONG)
    found = tf.boolean_mask(value, known & tf.equal(column(0, 2), _TAG))
    last = tf.concat([[tf.constant(_UPRIGHT, tf.int64)], found], 0)[-1]
    return tf.where((last >= 1) & (last <= 8), last, _UPRIGHT)


def _find_tiff(
    data: tf.Tensor,
    start: int,
    step: Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]],
) -> tf.Tensor:
    """Walks through the parts of a file and returns its TIFF data, uint8, [bytes]; may be empty.

    Args:
        data: The file, uint8, [bytes].
        start: Position of the first part.
        step: Takes the position of a part. Returns the position of the next one, whether the walk
            ends, and the begin and end of TIFF data in the part, equal if there are none.
    """

    def body(at, *_):
        return step(at)

    zero = tf.constant(0, tf.int64)
    loop = (tf.constant(start, tf.int64), tf.constant(False), zero, zero)
    _, _, first, last = tf.while_loop(
        lambda at, ended, first, last: ~ended & (last <= first), body, loop, parallel_iterations=1
    )
    size = tf.size(data, tf.int64)
    return data[tf.minimum(first, size) : tf.minimum(tf.maximum(first, last), size)]


def _jpeg_exif(data: tf.Tensor) -> tf.Tensor:
    """Returns the TIFF data in a JPEG's first EXIF segment, uint8, [bytes]."""
    exif = tf.constant(list(_EXIF), tf.uint8)

    def step(at):
        marker, length = _big_endian(data, at, 2), _big_endian(data, at + 2, 2)
        code = marker - 0xFF00
        fill = tf.equal(code, _FILL)
        single = tf.equal(code, _TEM) | ((code >= _RST0) & (code <= _SOI))
        ended = (code <= 0) | (code > _FILL) | tf.equal(code, _EOI) | tf.equal(code, _SOS)
        ended |= ~fill & ~single & (length < 2)
        behind = tf.where(fill, at + 1, tf.where(single, at + 2, at + 2 + length))
        first = at + 4 + len(_EXIF)
        named = tf.equal(code, _APP1) & (first <= tf.minimum(behind, tf.size(data, tf.int64)))
        named = tf.cond(
            named & ~ended,
            lambda: tf.reduce_all(tf.equal(data[at + 4 : first], exif)),
            lambda: tf.constant(False),
        )
        return behind, ended, first, tf.where(named, behind, first)

    return _find_tiff(data, 2, step)


def _png_exif(data: tf.Tensor) -> tf.Tensor:
    """Returns the TIFF data in a PNG's eXIf chunk, uint8, [bytes]."""

    def step(at):
        length, name = _big_endian(data, at, 4), _big_endian(data, at + 4, 4)
        ended = (name < 0) | tf.equal(name, _END_CHUNK)
        first = at + 8
        last = tf.where(tf.equal(name, _EXIF_CHUNK), first + length, first)
        return at + _PNG_CHUNK + length, ended, first, last

    return _find_tiff(data, _PNG_SIGNATURE, step)


def orientation(file: tf.Tensor, is_png: tf.Tensor) -> tf.Tensor:
    """Returns the EXIF orientation of an image, int64, [], from 1 to 8.

    Args:
        file: A PNG or JPEG file, string, [].
        is_png: Whether the file is PNG, bool, [].
    """
    data = tf.io.decode_raw(file, tf.uint8)
    return _of_tiff(tf.cond(is_png, lambda: _png_exif(data), lambda: _jpeg_exif(data)))


def upright(pixels: tf.Tensor, turn: tf.Tensor) -> tf.Tensor:
    """Applies an EXIF orientation to pixels.

    Args:
        pixels: Pixels as stored, [height, width, channels].
        turn: Orientation as from `orientation`; 5 to 8 swap height and width.
    """

    def chosen(turns: tuple[int, ...], function, image):
        wanted = tf.reduce_any(tf.equal(turn, tf.constant(turns, tf.int64)))
        return tf.cond(wanted, lambda: function(image), lambda: image)

    pixels = chosen((5, 6, 7, 8), lambda image: tf.transpose(image, [1, 0, 2]), pixels)
    pixels = chosen((2, 3, 6, 7), lambda image: tf.reverse(image, [1]), pixels)
    return chosen((3, 4, 7, 8), lambda image: tf.reverse(image, [0]), pixels)
