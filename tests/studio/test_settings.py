import dataclasses

import pytest

from rwkeras.studio.settings import StudioSettings, is_loopback


def test_the_default_host_is_loopback():
    settings = StudioSettings()
    assert settings.host == "127.0.0.1"
    assert settings.is_local
    assert not StudioSettings(host="0.0.0.0").is_local


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.3.2.1", True),
        ("localhost", True),
        ("::1", True),
        ("[::1]", True),
        ("0.0.0.0", False),
        ("192.168.1.4", False),
        ("127.0.0.1.example.com", False),
        ("localhost.example.com", False),
        ("", False),
    ],
)
def test_loopback(host, expected):
    assert is_loopback(host) is expected


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"folder": ""}, "`folder`. Expected the path of a folder. Received: folder="),
        ({"host": ""}, "`host`. Expected an address of this machine. Received: host="),
        ({"port": 0}, "`port`. Expected an integer of at least 1. Received: port=0"),
        ({"port": 65536}, "`port`. Expected at most 65535. Received: port=65536"),
        ({"max_side": 8}, "`max_side`. Expected an integer of at least 32. Received: max_side=8"),
        *(
            ({name: 0}, f"`{name}`. Expected an integer of at least 1. Received: {name}=0")
            for name in ("max_bytes", "max_pixels", "max_pictures", "max_waiting", "max_kept")
        ),
    ],
)
def test_errors(arguments, message):
    with pytest.raises(ValueError) as error:
        StudioSettings(**arguments)
    assert str(error.value) == f"Invalid value for argument {message}"


def test_every_limit_is_checked():
    limits = {f.name for f in dataclasses.fields(StudioSettings) if f.name.startswith("max_")}
    for name in limits:
        with pytest.raises(ValueError, match=f"`{name}`"):
            StudioSettings(**{name: -1})
