"""Decoding of PNG and JPEG images and encoding of PNG images in a graph.

A decoding error aborts the whole request, without naming the input or the image. So decoding errors
are ignored at first, and images without pixels are then reported by input and place in the batch.
"""

from collections.abc import Callable

import tensorflow as tf

from rwkeras.serving.graph.orientation import orientation, upright

_PNG, _JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"
# Offsets in a PNG file: width and height, big-endian, and bit depth.
_PNG_SIZE = 16
_PNG_HEADER = 24


def check(
    condition: tf.Tensor, name: str, expected: str, received: str, value: tf.Tensor
) -> tf.Operation:
    """Returns an assertion of a condition.

    Args:
        condition: bool, [].
        name: Name of the input.
        expected: Description of valid values, without a full stop.
        received: Text before the value, starting with a space, or empty.
        value: The value received, of any shape.
    """
    message = f"Invalid value for `{name}`. Expected {expected}. Received:{received}"
    # Not `tf.debugging.Assert`, which adds two functions to the graph for each message.
    return tf.raw_ops.Assert(condition=condition, data=[message, value], summarize=100)


def refuse(bad: tf.Tensor, name: str, expected: str, received: str) -> tf.Operation:
    """Returns an assertion that no image of a batch is bad; its message lists the places.

    Args:
        bad: Whether each image is bad, bool, [batch].
        name: Name of the input.
        expected: Description of valid images, without a full stop.
        received: Description of bad images.
    """
    places = tf.where(bad)[:, 0]
    return check(tf.equal(tf.size(places), 0), name, expected, f" {received} at indices", places)


def _or_empty(function: Callable[[tf.Tensor], tf.Tensor], file: tf.Tensor) -> tf.Tensor:
    """Applies a function to a file; if it fails, returns zeros, unknown dimensions being 0."""
    made = tf.data.Dataset.from_tensors(file).map(function)
    shape, dtype = made.element_spec.shape, made.element_spec.dtype
    empty = tf.zeros([size or 0 for size in shape], dtype)
    either = made.ignore_errors().concatenate(tf.data.Dataset.from_tensors(empty))
    value = either.take(1).get_single_element()
    value.set_shape(shape)
    return value


def _is_png(file: tf.Tensor) -> tf.Tensor:
    start = tf.strings.substr(file, 0, len(_PNG))
    return tf.equal(start, _PNG) & (tf.strings.length(file) > _PNG_HEADER)


def _is_jpeg(file: tf.Tensor) -> tf.Tensor:
    return tf.equal(tf.strings.substr(file, 0, len(_JPEG)), _JPEG)


def _png_size(file: tf.Tensor) -> tf.Tensor:
    part = tf.strings.substr(file, _PNG_SIZE, 8)
    width_height = tf.io.decode_raw(part, tf.int32, little_endian=False)
    return tf.cast(tf.reverse(width_height, [0]), tf.int64)


def _jpeg_size(file: tf.Tensor) -> tf.Tensor:
    read = _or_empty(lambda file: tf.image.extract_jpeg_shape(file, tf.int64)[:2], file)
    return tf.ensure_shape(read, [2])


def _size(file: tf.Tensor) -> tf.Tensor:
    """Returns the (height, width) in a file's header, int64; zeros if it is not an image."""
    neither = tf.zeros([2], tf.int64)
    return tf.case(
        [(_is_png(file), lambda: _png_size(file)), (_is_jpeg(file), lambda: _jpeg_size(file))],
        default=lambda: neither,
    )


def _png_pixels(file: tf.Tensor) -> tf.Tensor:
    """Returns a PNG's pixels over white, float32 RGB in [0, 1]."""
    # With the file's channels: decode_png mis-expands 1-bit images when `channels` is set.
    pixels = tf.cast(tf.io.decode_png(file), tf.float32) / 255
    channels = tf.shape(pixels)[2]
    colours = channels - tf.cast(tf.equal(channels % 2, 0), tf.int32)
    alpha = tf.cond(
        tf.equal(colours, channels),
        lambda: tf.ones_like(pixels[..., :1]),
        lambda: pixels[..., colours:],
    )
    return tf.tile(pixels[..., :colours], [1, 1, 3 // colours]) * alpha + (1 - alpha)


def _jpeg_pixels(file: tf.Tensor) -> tf.Tensor:
    """Returns a JPEG's pixels, float32 RGB in [0, 1]."""
    # The DCT of libjpeg and Pillow.
    pixels = tf.io.decode_jpeg(file, channels=3, dct_method="INTEGER_ACCURATE")
    return tf.cast(pixels, tf.float32) / 255


# Shared by all inputs, so that a graph holds it once, like `decode`.
@tf.function(input_signature=[tf.TensorSpec([], tf.string)], autograph=False)
def _stored(file: tf.Tensor) -> tf.Tensor:
    """Returns the pixels of a file as stored; empty if it cannot be decoded."""

    def pixels(file):
        made = tf.cond(_is_png(file), lambda: _png_pixels(file), lambda: _jpeg_pixels(file))
        return tf.ensure_shape(made, [None, None, 3])

    return _or_empty(pixels, file)


@tf.function(input_signature=[tf.TensorSpec([], tf.string)], autograph=False)
def decode(file: tf.Tensor) -> tf.Tensor:
    """Decodes a PNG or JPEG file, composited over white, with EXIF orientation applied.

    Args:
        file: string, [].

    Returns:
        float32 RGB in [0, 1], [height, width, 3]; empty if the file cannot be decoded.
    """
    return upright(_stored(file), orientation(file, _is_png(file)))


def encoded_sizes(files: tf.Tensor) -> tf.Tensor:
    """Returns heights and widths of stored images from their headers; zeros for other files.

    Args:
        files: string, [batch].

    Returns:
        int64, [batch, 2].
    """
    size = tf.TensorSpec([2], tf.int64)
    return tf.map_fn(_size, files, fn_output_signature=size, parallel_iterations=1)


def check_encoded(
    files: tf.Tensor, sizes: tf.Tensor, name: str, max_pixels: int
) -> list[tf.Operation]:
    """Returns assertions that all files are complete images of allowed size.

    Files that claim more pixels than allowed are not decoded: a few bytes can claim gigabytes.

    Args:
        files: string, [batch].
        sizes: The files' `encoded_sizes`.
        name: Name of the input.
        max_pixels: Maximum number of pixels of an image.
    """
    # The int64 product cannot overflow: both sides have 31 bits.
    pixels = tf.reduce_prod(sizes, axis=1)
    huge = pixels > max_pixels

    def is_whole(pair):
        file, readable = pair
        return tf.cond(readable, lambda: tf.size(_stored(file)) > 0, lambda: False)

    whole = tf.map_fn(
        is_whole,
        (files, (pixels > 0) & ~huge),
        fn_output_signature=tf.TensorSpec([], tf.bool),
        parallel_iterations=1,
    )
    allowed = f"images of at most {max_pixels} pixels"
    return [
        refuse(huge, name, allowed, "larger images"),
        refuse(~whole & ~huge, name, "intact PNG or JPEG images", "other data"),
    ]


def encode(image: tf.Tensor) -> tf.Tensor:
    """Encodes an image, float32 RGB in [0, 1], [height, width, 3], as a PNG file, string, []."""
    return tf.io.encode_png(tf.cast(tf.round(tf.clip_by_value(image, 0, 1) * 255), tf.uint8))
