import zipfile

import numpy as np
import pytest

from rwkeras.networks.torch_file import read_torch_file
from tests.networks.torch_files import (
    LAYOUTS,
    Call,
    Global,
    Storage,
    archive,
    of_array,
    sequence,
    state,
    tensor,
)

ARRAYS = {
    "kernel": np.arange(24, dtype=np.float32).reshape(2, 3, 4),
    "channels_last": np.arange(24, dtype=np.float32).reshape(2, 3, 4).transpose(2, 0, 1),
    "count": np.int64(7),
}


def written(path, data):
    path.write_bytes(data)
    return str(path)


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_tensors_by_name(layout, tmp_path):
    read = read_torch_file(written(tmp_path / "a.pth", layout(state(ARRAYS))))
    assert list(read) == list(ARRAYS)
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(read[name], array)
        assert read[name].dtype == array.dtype


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_parts_of_one_storage(layout, tmp_path):
    numbers = np.arange(12, dtype=np.float32)
    storage = Storage(numbers, "0")
    value = {
        "column": tensor(storage, 2, (3,), (4,)),
        "spread": tensor(storage, 5, (2, 3), (0, 1)),
        "empty": tensor(storage, 0, (0, 4), (4, 1)),
    }
    read = read_torch_file(written(tmp_path / "a.pth", layout(value)))
    np.testing.assert_array_equal(read["column"], numbers[2::4])
    np.testing.assert_array_equal(read["spread"], [numbers[5:8], numbers[5:8]])
    assert read["empty"].shape == (0, 4)
    with pytest.raises(ValueError, match="read-only"):
        read["column"][0] = 1


@pytest.mark.parametrize("older", [False, True])
def test_what_torch_writes(older, tmp_path):
    torch = pytest.importorskip("torch", reason="PyTorch comes with the extra `bench`")
    module = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4))
    module = module.to(memory_format=torch.channels_last)
    expected = module.state_dict()
    path = tmp_path / "a.pth"
    torch.save(expected, path, _use_new_zipfile_serialization=not older)
    read = read_torch_file(path)
    assert list(read) == list(expected)
    for name, array in read.items():
        np.testing.assert_array_equal(array, expected[name].numpy())


def refused(path, reason):
    with pytest.raises(ValueError) as error:
        read_torch_file(path)
    assert str(error.value) == (
        "Invalid value for argument `weights`. Expected an intact PyTorch file of named tensors "
        f"of float32 and int64. Received: weights={path} ({reason})"
    )


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
@pytest.mark.parametrize(
    ("module", "name"), [("os", "mkdir"), ("builtins", "eval"), ("torch", "load")]
)
def test_pickles_execute_no_code(layout, module, name, tmp_path):
    made = tmp_path / "made"
    value = {**state(ARRAYS), "more": Call(Global(module, name), str(made))}
    refused(
        written(tmp_path / "a.pth", layout(value)),
        f"{module}.{name} is not a float32 or int64 tensor",
    )
    assert not made.exists()


NUMBERS = Storage(np.arange(12, dtype=np.float32), "0")


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ({"a": of_array(np.ones(2), "0")}, "torch.DoubleStorage is not a float32 or int64 tensor"),
        ({"a": tensor(NUMBERS, 1, (3, 4), (4, 1))}, "a tensor that reaches beyond storage 0"),
        (
            {"a": tensor(NUMBERS, 11, (2,), (-1,))},
            "a tensor of shape (2,), strides (-1,) and offset 11",
        ),
        ({"a": tensor(NUMBERS, 0, (2,), ())}, "a tensor of shape (2,), strides () and offset 0"),
        ({"a": {"b": 1}}, "a dict, not a tensor"),
        ({"a": NUMBERS}, "a storage, not a tensor"),
        ({1: of_array(np.ones(1, np.float32), "0")}, "not a dictionary of names"),
        ([of_array(np.ones(1, np.float32), "0")], "not a dictionary of names"),
    ],
)
def test_invalid_tensors(layout, value, reason, tmp_path):
    refused(written(tmp_path / "a.pth", layout(value)), reason)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "Ran out of input"),
        (sequence(state(ARRAYS))[:150], "pickle data was truncated"),
        (sequence({"a": of_array(np.int64(1), "0")})[:-8], "storage 0 holds 0 of 1 numbers"),
        (sequence(state(ARRAYS), magic=3), "a pickle that was not written by PyTorch"),
        (
            sequence(state(ARRAYS), little_endian=False),
            "big-endian numbers",
        ),
        (archive(state(ARRAYS))[:-30], "File is not a zip file"),
        (
            archive(state(ARRAYS), byteorder="big"),
            "big-endian numbers",
        ),
        (archive(state(ARRAYS), pickled="other.pkl"), "an archive without a data.pkl"),
        (
            archive(state(ARRAYS), compression=zipfile.ZIP_DEFLATED),
            "an archive with compressed entries",
        ),
    ],
)
def test_invalid_files(data, reason, tmp_path):
    refused(written(tmp_path / "a.pth", data), reason)


def test_a_file_that_is_missing(tmp_path):
    path = tmp_path / "a.pth"
    with pytest.raises(ValueError) as error:
        read_torch_file(path, "judge")
    assert str(error.value) == (
        "Invalid value for argument `judge`. Expected the path of an existing file. Received: "
        f"judge={path}"
    )
