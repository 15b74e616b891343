import json

import keras
import numpy as np
import pytest
import tensorflow as tf

import rwkeras
from rwkeras.decoders.settings import UPSAMPLINGS
from rwkeras.serving.export import export_decoder, export_task
from rwkeras.serving.graph.tasks import ServedInversion, ServedStyle, ServedTexture
from rwkeras.serving.settings import ServingSettings
from rwkeras.serving.versions import versions
from rwkeras.tasks.settings import InversionSettings, StyleSettings, TextureSettings
from tests.conftest import waves
from tests.serving.c_api import StatusError
from tests.serving.c_worker import Remote
from tests.serving.conftest import SERVING, STYLE
from tests.serving.pictures import pixels, png, strings

SMALL = ServingSettings(max_iterations=5, max_evaluations=7, max_side=64)


@pytest.fixture(scope="module")
def model():
    model = rwkeras.toy_vgg(seed=3)
    rwkeras.calibrate(model, waves(32, 32))
    return model


def run(folder, version, signature, **inputs):
    """Runs a signature in Python, with the defaults that it has."""
    loaded = tf.saved_model.load(str(folder / str(version)))
    return {k: v.numpy() for k, v in loaded.signatures[signature](**inputs).items()}


def test_what_is_written(exported):
    assert versions(exported) == [1, 2]
    assert sorted(path.name for path in exported.iterdir()) == ["1", "2"]
    extra = exported / "1" / "assets.extra"
    said = json.loads((extra / "export.json").read_text())
    assert said["task"] == "ServedStyle"
    assert said["settings"]["style_layers"] == list(STYLE.style_layers)
    assert said["serving"]["max_iterations"] == SERVING.max_iterations
    assert said["weights"] == "stored"
    assert said["terms"] == [
        "content/conv2_2",
        "style/conv1_1",
        "style/conv2_1",
        "style/conv3_1",
        "tv",
    ]
    assert rwkeras.load_network(str(extra / "recipe.json")).name == "toy_vgg"


def test_an_export_that_makes_its_weights_is_small(exported):
    files = [path for path in (exported / "2").rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 10**6
    stored = (exported / "1" / "variables" / "variables.data-00000-of-00001").stat().st_size
    made = (exported / "2" / "variables" / "variables.data-00000-of-00001").stat().st_size
    assert made < stored / 5


@pytest.mark.slow
def test_the_server_is_given_requests_to_warm_up_with(exported):
    from tensorflow_serving.apis import prediction_log_pb2

    path = exported / "1" / "assets.extra" / "tf_serving_warmup_requests"
    logs = [
        prediction_log_pb2.PredictionLog.FromString(record.numpy())
        for record in tf.data.TFRecordDataset(str(path))
    ]
    requests = [log.predict_log.request for log in logs]
    assert {request.model_spec.name for request in requests} == {"style"}
    signatures = [request.model_spec.signature_name for request in requests]
    assert signatures == ["serving_default", "rest", "tensors"]
    with Remote(exported / "1") as remote:
        for signature, request in zip(signatures, requests, strict=True):
            inputs = {name: tf.make_ndarray(value) for name, value in request.inputs.items()}
            answer = remote.predict(signature, inputs)
            assert answer["failed"].tolist() == [False]
            usual = signature == "rest"
            assert answer["evaluations"][0] <= (SERVING.max_evaluations if usual else 4)


@pytest.mark.slow
def test_textures(model, tmp_path):
    task = ServedTexture(TextureSettings(("conv1_1", "conv2_1"), scales=None))
    export_task(task, model, tmp_path / "texture", settings=SMALL)
    texture = waves(32, 24)[np.newaxis]
    options = {
        "noise_seed": task.options(SMALL)["noise_seed"].default,
        "max_iterations": tf.constant(5),
        "max_evaluations": tf.constant(7),
    }
    found = run(
        tmp_path / "texture",
        1,
        "tensors",
        texture=tf.constant(texture),
        width=tf.constant(40),
        height=tf.constant(0),
        **options,
    )
    optimizer = rwkeras.OptimizerSettings(
        max_iterations=5, max_evaluations=7, parametrization="pixels", precision="float32"
    )
    expected = rwkeras.synthesize_texture(
        model,
        texture,
        rwkeras.TextureSettings(("conv1_1", "conv2_1"), (40, 32)),
        optimizer=optimizer,
    )
    assert found["image"].shape == (1, 32, 40, 3)
    assert rwkeras.psnr(found["image"], expected.image) > 60
    # Of one row or column, the second of the layers has nothing.
    for sides in ({"width": 1, "height": 0}, {"width": 40, "height": 1}):
        given = {name: tf.constant(side) for name, side in sides.items()}
        named = next(name for name, side in sides.items() if side == 1)
        message = f"Invalid value for `{named}`. Expected 0 or at least 2 pixels. Received:"
        with pytest.raises(tf.errors.InvalidArgumentError, match=message):
            run(
                tmp_path / "texture", 1, "tensors", texture=tf.constant(texture), **given, **options
            )


@pytest.mark.slow
def test_inversions(model, tmp_path):
    task = ServedInversion(InversionSettings(layer="conv2_1"))
    export_task(task, model, tmp_path / "invert", settings=SMALL)
    source = waves(32, 24)[np.newaxis]
    found = run(
        tmp_path / "invert",
        1,
        "tensors",
        source=tf.constant(source),
        noise_seed=task.options(SMALL)["noise_seed"].default,
        max_iterations=tf.constant(5),
        max_evaluations=tf.constant(7),
    )
    optimizer = rwkeras.OptimizerSettings(
        max_iterations=5, max_evaluations=7, parametrization="pixels", precision="float32"
    )
    expected = rwkeras.invert(
        model, source, rwkeras.InversionSettings("conv2_1"), optimizer=optimizer
    )
    assert rwkeras.psnr(found["image"], expected.image) > 60


def test_styles_may_start_from_noise(model):
    task = ServedStyle(StyleSettings(init="noise", scales=None))
    assert "noise_seed" in task.options(SMALL)
    assert "noise_seed" not in ServedStyle().options(SMALL)


@pytest.mark.slow
def test_no_version_is_written_over(model, tmp_path):
    task = ServedInversion(InversionSettings(layer="conv1_1"))
    folder = tmp_path / "new" / "model"
    path = export_task(task, model, folder, settings=SMALL, version=7, warmup=False)
    assert path == folder / "7"
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    with pytest.raises(ValueError) as error:
        export_task(task, model, folder, settings=SMALL, version=7)
    assert str(error.value) == (
        "Invalid value for argument `version`. Expected a new version. Received: version=7 of [7]"
    )
    assert before == {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    assert export_task(task, model, folder, settings=SMALL, warmup=False) == folder / "8"
    assert not (folder / "8" / "assets.extra" / "tf_serving_warmup_requests").exists()


def test_a_version_is_whole_or_not_there(model, tmp_path, monkeypatch):
    def fails(*args, **kwargs):
        raise RuntimeError("no space left")

    monkeypatch.setattr("rwkeras.serving.export.write_warmup", fails)
    with pytest.raises(RuntimeError):
        export_task(ServedInversion(InversionSettings("conv1_1")), model, tmp_path, settings=SMALL)
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_is_full_is_said(tmp_path, monkeypatch):
    def fails(*args, **kwargs):
        text = "{{function_node SaveV2}} part.data; No space left on device [Op:SaveV2]"
        raise tf.errors.ResourceExhaustedError(None, None, text)

    monkeypatch.setattr("rwkeras.serving.export.write_warmup", fails)
    inputs = keras.Input((None, None, 3))
    with pytest.raises(OSError) as error:
        export_decoder(keras.Model(inputs, 1 - inputs), tmp_path / "new", settings=SMALL)
    assert str(error.value) == (
        f"The model cannot be written to {tmp_path / 'new' / '1'}: No space left on device "
        "[Op:SaveV2]"
    )
    assert list((tmp_path / "new").iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"generated": True},
            "Invalid value for argument `generated`. Expected False without a recipe. "
            "Received: generated=True",
        ),
        (
            {"version": 0},
            "Invalid value for argument `version`. Expected an integer of at least 1. "
            "Received: version=0",
        ),
    ],
)
def test_errors(model, tmp_path, arguments, message):
    task = ServedInversion(InversionSettings("conv1_1"))
    with pytest.raises(ValueError) as error:
        export_task(task, model, tmp_path / "model", settings=SMALL, **arguments)
    assert str(error.value) == message


@pytest.fixture
def autoencoder():
    """A small network from images to images, trained for a moment."""
    keras.utils.set_random_seed(0)
    image = keras.Input((None, None, 3))
    x = keras.layers.Conv2D(8, 3, 2, padding="same", activation="relu")(image)
    x = keras.layers.BatchNormalization()(x)
    x = keras.layers.Conv2DTranspose(3, 4, 2, padding="same")(x)
    model = keras.Model(image, x, name="autoencoder")
    model.compile("adam", "mse")
    crops = np.stack([waves(16, 16), waves(16, 16)[::-1]])
    model.fit(crops, crops, epochs=2, verbose=0)
    return model


@pytest.mark.slow
def test_decoders(autoencoder, tmp_path, content):
    path = export_decoder(autoencoder, tmp_path / "decoder", settings=SMALL)
    expected = np.clip(autoencoder.predict(content, verbose=0), 0, 1)
    request = {"source_bytes": strings(png(content[0]), png(content[0, :, ::-1]))}
    with Remote(path) as remote:
        found = remote.predict("tensors", {"source": content})
        answer = remote.predict("serving_default", request)
        with pytest.raises(StatusError) as error:
            remote.predict("rest", {"source_bytes": strings(b"nonsense")})
    assert set(found) == {"image"}
    np.testing.assert_allclose(found["image"], expected, atol=1e-5)
    assert set(answer) == {"image_bytes"}
    assert pixels(answer["image_bytes"][1]).shape == (32, 24, 3)
    difference = pixels(answer["image_bytes"][0]) / 255 - expected[0]
    assert np.abs(difference).max() < 1 / 255
    assert "`source_bytes`" in error.value.message
    warm = tf.data.TFRecordDataset(str(path / "assets.extra" / "tf_serving_warmup_requests"))
    assert len(list(warm)) == 3


@pytest.mark.slow
@pytest.mark.parametrize("upsampling", UPSAMPLINGS)
def test_a_network_with_its_decoder(model, tmp_path, content, upsampling):
    own = rwkeras.decoder(model, "conv2_1", rwkeras.DecoderSettings(upsampling=upsampling))
    decoder = rwkeras.decnn(model, "conv2_1", own)
    odd = content[:, :31, :23]
    path = export_decoder(decoder, tmp_path / "decoder", settings=SMALL)
    with Remote(path) as remote:
        found = remote.predict("tensors", {"source": odd})["image"]
    np.testing.assert_allclose(found[0], rwkeras.decode(decoder, odd[0]), atol=1e-4)
    said = json.loads((path / "assets.extra" / "export.json").read_text())
    assert said["network"] == "toy_vgg to conv2_1, and its decoder"


def test_what_gives_no_image_is_no_decoder(model, tmp_path):
    with pytest.raises(ValueError) as error:
        export_decoder(model, tmp_path / "decoder", settings=SMALL)
    assert str(error.value) == (
        "Invalid value for argument `model`. Expected a network with one output, images of any "
        "size. Received: model=[(None, None, None, 16)]"
    )


@pytest.mark.parametrize(
    ("served", "settings", "message"),
    [
        (ServedStyle, StyleSettings(style_scale=0.5), "`style_scale`. Expected 1.0"),
        (ServedStyle, StyleSettings(draws=2), "`draws`. Expected None"),
        (ServedStyle, StyleSettings(join="max"), "`join`. Expected 'mean'"),
        (ServedTexture, TextureSettings(tileable=True), "`tileable`. Expected False"),
        (ServedTexture, TextureSettings(source_weights=(1, 2)), "`source_weights`. Expected None"),
    ],
)
def test_settings_that_are_not_served_are_refused(served, settings, message):
    with pytest.raises(ValueError) as error:
        served(settings)
    assert f"{message} in a served task. Received: " in str(error.value)


def test_what_settings_leave_open_is_of_a_vgg():
    style, texture = ServedStyle().settings, ServedTexture().settings
    assert (style.content_layers, style.style_weight) == (("conv2_2",), 100.0)
    assert texture.layers == ("conv1_1", "conv2_1", "conv3_1", "conv4_1")
    assert ServedStyle(StyleSettings(seed=1)) != ServedStyle()
