import io

import pandas as pd
import pytest

from rwkeras.experiments.table import COLUMNS, Sample, as_csv, frame, read_csv, row, select_rows

ROWS = [
    row(Sample(0, "a", 3, "p", "conv1"), "psnr_db", 20.123456789),
    row(Sample(0, "a", 3, "p", "conv1"), "psnr_db", 10, iteration=50),
    row(Sample(1, "b, c", 4, "q"), "steps", 7, censored=True),
]


def table():
    return frame([{**each, "experiment": "e"} for each in ROWS])


def test_columns_are_always_the_same():
    assert tuple(frame([]).columns) == tuple(table().columns) == COLUMNS
    assert table()["censored"].tolist() == [False, False, True]


@pytest.mark.parametrize(
    ("where", "rows"),
    [
        ({"network": "a"}, [0, 1]),
        ({"network": "a", "iteration": None}, [0]),
        ({"iteration": 50}, [1]),
        ({"iteration": (None, 50)}, [0, 1, 2]),
        ({"layer": ("conv1", "conv2"), "measure": "steps"}, []),
        ({}, [0, 1, 2]),
    ],
)
def test_rows_are_chosen_by_their_columns(where, rows):
    assert select_rows(table(), where).index.tolist() == rows


def test_a_table_survives_its_file():
    text = as_csv(table())
    assert text.splitlines()[1] == "e,0,a,3,p,conv1,,psnr_db,20.1235,False"
    again = read_csv(io.StringIO(text))
    pd.testing.assert_frame_equal(again, table().round({"value": 4}), check_dtype=False)
    assert as_csv(again) == text


def test_columns_that_say_nothing_are_not_written():
    plain = table().iloc[:1]
    assert as_csv(plain).splitlines()[0] == (
        "experiment,draw,network,network_seed,image,layer,measure,value"
    )
    again = read_csv(io.StringIO(as_csv(plain)))
    assert select_rows(again, {"iteration": None, "censored": False}).shape[0] == 1
