import numpy as np
import pytest
from PIL import Image

from rwkeras.decoders import photographs as module
from rwkeras.decoders.photographs import read_photographs
from rwkeras.images.reading import read_image, square
from rwkeras.images.writing import to_uint8, write_image
from tests.conftest import waves


def read(images, size=16, smallest=8):
    """Returns the squares, after a check of what is common to all."""
    photographs = read_photographs(images, size, smallest)
    squares = list(photographs.squares.as_numpy_iterator())
    assert len(squares) == photographs.total
    assert {(x.shape, x.dtype) for x in squares} == {((size, size, 3), np.dtype(np.uint8))}
    assert photographs.squares.element_spec.shape == (size, size, 3)
    for first, again in zip(squares, photographs.squares.as_numpy_iterator(), strict=True):
        np.testing.assert_array_equal(first, again)
    return squares, photographs.unreadable


def refused(images, size=16, smallest=8):
    with pytest.raises(ValueError) as info:
        read_photographs(images, size, smallest)
    return str(info.value)


@pytest.fixture
def folder(tmp_path):
    """A folder of a picture, another and a GIF below it, and a JPEG below that."""
    (tmp_path / "more" / "deep").mkdir(parents=True)
    (tmp_path / "void").mkdir()
    write_image(tmp_path / "a.png", waves(24, 40))
    write_image(tmp_path / "more" / "b.PNG", waves(40, 20))
    Image.fromarray(to_uint8(waves(30, 30))).save(tmp_path / "more" / "c.gif")
    write_image(tmp_path / "more" / "deep" / "d.jpg", waves(32, 50))
    return tmp_path


def test_a_folder_with_folders(folder):
    for given in (folder, str(folder)):
        squares, unreadable = read(given)
        assert len(squares) == 4
        assert unreadable == ()


def test_squares_are_the_middle(folder):
    squares, _ = read(folder, size=20)
    for found, name in zip(squares, ("a.png", "more/b.PNG"), strict=False):
        expected = to_uint8(square(read_image(folder / name), 20))
        # Keras resamples by areas, Pillow with a Lanczos filter.
        assert np.abs(found.astype(int) - expected).mean() < 3
    left = to_uint8(square(read_image(folder / "a.png")[:, :24], 20))
    assert np.abs(squares[0].astype(int) - left).mean() > 10


def test_whole_pixels_stay_as_they_are(tmp_path):
    pixels = np.random.default_rng(1).integers(0, 256, (16, 30, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    Image.fromarray(pixels.transpose(1, 0, 2)).save(tmp_path / "b.bmp")
    for given in (tmp_path, [pixels, pixels.transpose(1, 0, 2)]):
        wide, high = read(given, 16)[0]
        np.testing.assert_array_equal(wide, pixels[:, 7:23])
        np.testing.assert_array_equal(high, pixels.transpose(1, 0, 2)[7:23])


def test_grey_pictures_have_three_equal_channels(tmp_path):
    grey = to_uint8(waves(16, 16))[..., 0]
    Image.fromarray(grey).save(tmp_path / "a.png")
    for given in (tmp_path, [grey]):
        ((found,), _) = read(given)
        np.testing.assert_array_equal(found, np.stack([grey] * 3, axis=2))


def test_small_pictures_are_enlarged(tmp_path):
    write_image(tmp_path / "a.png", waves(10, 12))
    for given in (tmp_path, [waves(10, 12)]):
        ((found,), _) = read(given, size=32, smallest=10)
        assert np.abs(found.astype(int) - to_uint8(square(waves(10, 12), 32))).mean() < 8


def test_what_cannot_be_read_is_left_out(folder):
    whole = (folder / "more" / "deep" / "d.jpg").read_bytes()
    (folder / "more" / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    (folder / "empty.png").write_bytes(b"")
    (folder / "text.gif").write_text("x")
    (folder / "notes.txt").write_text("x")
    (folder / "more" / "deep" / "zeros.bmp").write_bytes(bytes(100))
    squares, unreadable = read(folder)
    assert len(squares) == 4
    assert sorted(unreadable) == ["empty.png", "more/cut.jpg", "more/deep/zeros.bmp", "text.gif"]


def test_more_than_is_held_in_memory(folder, monkeypatch):
    (folder / "b.png").write_text("x")
    held, unreadable = read(folder)
    monkeypatch.setattr(module, "_CACHE_BYTES", 4 * 16 * 16 * 3 - 1)
    anew, again = read(folder)
    np.testing.assert_array_equal(held, anew)
    assert unreadable == again == ("b.png",)


def test_no_folder(folder):
    for path in (folder / "none", folder / "a.png", str(folder / "none")):
        assert refused(path) == (
            "Invalid value for argument `images`. Expected an existing folder of pictures. "
            f"Received: images={path}"
        )


def test_no_pictures(tmp_path):
    message = (
        "Invalid value for argument `images`. Expected a folder that contains pictures. Received: "
        f"images={tmp_path}"
    )
    assert refused(tmp_path) == message
    (tmp_path / "void").mkdir()
    (tmp_path / "notes.txt").write_text("x")
    assert refused(tmp_path) == message


def test_broken_pictures_alone(tmp_path):
    (tmp_path / "a.png").write_text("x")
    (tmp_path / "b.jpg").write_bytes(b"")
    assert refused(tmp_path) == (
        "Invalid value for argument `images`. Expected a folder that contains pictures. Received: "
        f"images={tmp_path}, whose 2 files are broken or not pictures"
    )


def test_too_small_files(folder):
    expected = (
        "Invalid value for argument `images`. Expected pictures of at least {0} x {0} pixels, the "
        "size of a crop. Received: images={1}"
    )
    read(folder, 32, smallest=20)
    small = folder / "more" / "b.PNG"
    assert refused(folder, 32, 21) == expected.format(21, f"{small} of 20 x 40")
    small = folder / "a.png"
    assert refused(folder, 32, 31) == expected.format(31, f"{small} of 40 x 24, and 2 more")


def test_too_small_arrays():
    read([waves(12, 20), waves(20, 12)], smallest=12)
    assert refused([waves(16, 16), waves(12, 20)], smallest=13) == (
        "Invalid value for argument `images`. Expected pictures of at least 13 x 13 pixels, the "
        "size of a crop. Received: images=20 x 12, image 2"
    )


def test_whatever_gives_images(folder):
    pixels = waves(20, 30)
    given = [pixels, to_uint8(pixels), Image.fromarray(to_uint8(pixels)), folder / "a.png"]
    squares, unreadable = read(given)
    expected = to_uint8(square(pixels, 16))
    for found in squares[:3]:
        assert np.abs(found.astype(int) - expected).max() <= 1
    np.testing.assert_array_equal(squares[3], to_uint8(square(read_image(folder / "a.png"), 16)))
    assert unreadable == ()
    assert len(read(x for x in given)[0]) == 4
    assert len(read(np.stack([pixels] * 3))[0]) == 3
    assert len(read([pixels, np.stack([waves(16, 9)] * 2)])[0]) == 3


def test_no_images():
    assert refused([]) == (
        "Invalid value for argument `images`. Expected at least one image. Received: images=none"
    )
    assert refused(5) == (
        "Invalid value for argument `images`. Expected a folder of pictures or an iterable of "
        "images. Received: images=<class 'int'>"
    )
    assert refused([5]) == (
        "Invalid value for argument `images`. Expected a path, a Pillow image, an array or a "
        "tensor. Received: images=<class 'int'>"
    )


def test_the_argument_as_the_caller_spells_it(tmp_path):
    with pytest.raises(ValueError) as info:
        read_photographs(tmp_path, 16, 8, "photos")
    assert str(info.value) == (
        "Invalid value for argument `photos`. Expected a folder that contains pictures. Received: "
        f"photos={tmp_path}"
    )
