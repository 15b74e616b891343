"""The loss in Keras programs: compiled, saved, mixed, in graphs."""

import zipfile

import h5py
import keras
import numpy as np
import pytest
import tensorflow as tf

import rwkeras

RANDOM = np.random.default_rng(0)
SHARP = RANDOM.random((4, 16, 16, 3)).astype(np.float32)
BLURRED = keras.ops.average_pool(SHARP, 3, 1, "same").numpy()


def make(**arguments):
    given = {"architecture": "toy_vgg", "style_layers": ["conv1_1"], "pixel_weight": 0.5}
    return rwkeras.RandomPerceptualLoss(**{**given, **arguments})


def filtering(policy="float32"):
    """Returns a model that filters images."""
    layers = [
        keras.layers.Conv2D(8, 3, padding="same", activation="relu", dtype=policy),
        keras.layers.Conv2D(3, 3, padding="same", activation="sigmoid", dtype=policy),
    ]
    for seed, layer in enumerate(layers):
        layer.kernel_initializer = rwkeras.He(seed=seed)
    return keras.Sequential([keras.Input((None, None, 3)), *layers])


def fitted(model, epochs=3):
    history = model.fit(BLURRED, SHARP, batch_size=4, epochs=epochs, shuffle=False, verbose=0)
    return history.history["loss"]


@pytest.fixture
def policy(request):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(request.param)
    yield request.param
    keras.config.set_dtype_policy(before)


@pytest.mark.slow
def test_a_model_learns_by_it():
    model = filtering()
    model.compile(keras.optimizers.Adam(0.01), loss=make())
    losses = fitted(model, epochs=20)
    assert losses[-1] < 0.7 * losses[0]
    np.testing.assert_allclose(
        model.evaluate(BLURRED, SHARP, verbose=0), make()(SHARP, model(BLURRED)), rtol=1e-4
    )


@pytest.mark.slow
def test_saved_with_a_model_and_loaded(tmp_path):
    model = filtering()
    model.compile(keras.optimizers.Adam(0.01), loss=make(seed=3))
    variables = len(model.variables)
    fitted(model)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert isinstance(loaded.loss, rwkeras.RandomPerceptualLoss)
    assert loaded.loss.get_config() == model.loss.get_config()
    values = [m.evaluate(BLURRED, SHARP, verbose=0) for m in (model, loaded)]
    assert values[0] == values[1]
    assert fitted(loaded) == fitted(model)
    # Neither the model nor its file knows the network's weights.
    assert len(model.trainable_variables) == 4
    assert len(model.variables) == variables
    with zipfile.ZipFile(tmp_path / "model.keras") as archive:
        archive.extract("model.weights.h5", tmp_path)
    stored = []
    with h5py.File(tmp_path / "model.weights.h5") as file:
        file.visititems(lambda _, item: stored.append(getattr(item, "shape", None)))
    kernels = [(3, 3, 3, 8), (3, 3, 8, 3), (8,), (3,)]
    shapes = [shape for shape in stored if shape not in (None, ())]
    assert sorted(shapes) == sorted(3 * kernels)  # Themselves and the two moments of each.


def test_held_by_a_model_of_ones_own(tmp_path):
    class Filter(keras.Model):
        def __init__(self):
            super().__init__()
            self.inner = filtering()
            self.distance = make()

        def call(self, images):
            return self.inner(images)

    model = Filter()
    model(BLURRED)
    assert len(model.variables) == 4
    model.save_weights(tmp_path / "own.weights.h5")
    with h5py.File(tmp_path / "own.weights.h5") as file:
        names = []
        file.visit(names.append)
    assert not any("distance" in name for name in names)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16", "float16"], indirect=True)
def test_it_does_not_depend_on_the_policy(policy):
    # What float32 images give is compared with a loss made before the policy was set.
    keras.config.set_dtype_policy("float32")
    expected = make()(SHARP, BLURRED)
    keras.config.set_dtype_policy(policy)
    assert make().dtype == "float32"
    np.testing.assert_array_equal(make()(SHARP, BLURRED), expected)


@pytest.mark.slow
@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"], indirect=True)
def test_under_a_mixed_policy(policy):
    model = filtering(policy)
    images = model(BLURRED)
    assert images.dtype == keras.DTypePolicy(policy).compute_dtype
    loss = make()
    with tf.GradientTape() as tape:
        tape.watch(images)
        value = loss(SHARP, images)
    assert value.dtype == tf.float32
    np.testing.assert_array_equal(value, loss(SHARP, tf.cast(images, tf.float32)))
    gradient = tf.cast(tape.gradient(value, images), tf.float32).numpy()
    assert np.isfinite(gradient).all()
    assert np.mean(gradient != 0) > 0.99
    model.compile(keras.optimizers.Adam(0.01), loss=loss)
    losses = fitted(model, epochs=20)
    assert np.isfinite(losses).all()
    assert losses[-1] < 0.8 * losses[0]


@pytest.mark.parametrize(("dtype", "tolerance"), [("float16", 0.01), ("mixed_bfloat16", 0.05)])
def test_the_network_in_half_precision(dtype, tolerance):
    # 65792 positions: more than float16 can count.
    sharp = tf.image.resize(SHARP[:1], [256, 257], "nearest")
    images = tf.image.resize(BLURRED[:1], [256, 257], "nearest")
    loss = make(dtype=dtype)
    x = tf.cast(images, loss.dtype)
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = loss(sharp, x)
    assert value.dtype == loss.dtype
    np.testing.assert_allclose(float(value), make()(sharp, images), rtol=tolerance)
    assert np.isfinite(tf.cast(tape.gradient(value, x), tf.float32)).all()
    again = rwkeras.RandomPerceptualLoss.from_config(loss.get_config())
    assert float(again(sharp, x)) == float(value)


def test_a_graph_is_traced_once_and_has_no_variables():
    def refuse(creator, **arguments):
        raise AssertionError("A variable was made.")

    traces = []
    with tf.variable_creator_scope(refuse):
        loss = make()

        @tf.function
        def value(y_true, y_pred):
            traces.append(None)
            return loss(y_true, y_pred)

        found = [value(SHARP, factor * BLURRED) for factor in (1.0, 0.5)]
    assert len(traces) == 1
    assert not value.get_concrete_function(SHARP, BLURRED).variables
    np.testing.assert_allclose(
        found, [loss(SHARP, factor * BLURRED) for factor in (1.0, 0.5)], rtol=1e-5
    )


def test_compiled_by_xla():
    loss = make()

    def value_and_gradient(images):
        with tf.GradientTape() as tape:
            tape.watch(images)
            value = loss(SHARP, images)
        return value, tape.gradient(value, images)

    found = tf.function(value_and_gradient, jit_compile=True)(tf.constant(BLURRED))
    value, gradient = value_and_gradient(tf.constant(BLURRED))
    np.testing.assert_allclose(found[0], value, rtol=1e-5)
    np.testing.assert_allclose(found[1], gradient, rtol=1e-4, atol=1e-7)


def test_made_within_a_graph():
    value = tf.function(lambda y_true, y_pred: make()(y_true, y_pred))(SHARP, BLURRED)
    np.testing.assert_allclose(value, make()(SHARP, BLURRED), rtol=1e-5)


def test_images_of_unknown_shape():
    loss = make()
    kinds = [tf.TensorSpec(None, tf.float32)] * 2
    value = tf.function(lambda y_true, y_pred: loss(y_true, y_pred), input_signature=kinds)
    np.testing.assert_allclose(value(SHARP, BLURRED), loss(SHARP, BLURRED), rtol=1e-5)


def test_each_output_of_a_model_with_a_loss_of_its_own():
    images = keras.Input((16, 16, 3))
    outputs = {name: keras.layers.Conv2D(3, 1, name=name)(images) for name in ("a", "b")}
    model = keras.Model(images, outputs)
    losses = {"a": make(), "b": make(seed=1, name="other")}
    model.compile("sgd", loss=losses, loss_weights={"a": 1.0, "b": 2.0})
    found = model.evaluate(BLURRED, {"a": SHARP, "b": SHARP}, verbose=0, return_dict=True)
    each = {name: float(losses[name](SHARP, model(BLURRED)[name])) for name in losses}
    np.testing.assert_allclose(found["loss"], each["a"] + 2 * each["b"], rtol=1e-5)


MESSAGE = (
    "Invalid value for argument `y_true`. Expected RGB in [0, 1]. Received: y_true=values far "
    "outside that range"
)


@pytest.mark.parametrize("targets", [255 * SHARP, 2 * SHARP - 1, SHARP * np.nan])
def test_targets_of_another_range_are_refused(targets):
    with pytest.raises(ValueError) as error:
        make()(targets, SHARP)
    assert str(error.value) == MESSAGE


def test_targets_of_another_range_are_refused_in_training():
    model = filtering()
    model.compile("sgd", loss=make(), jit_compile=False)
    with pytest.raises(tf.errors.InvalidArgumentError) as error:
        model.fit(BLURRED, 255 * SHARP, verbose=0)
    assert MESSAGE in str(error.value)


@pytest.mark.parametrize("terms", [{}, {"pixel_weight": 0, "style_layers": []}])
def test_targets_of_another_range_have_no_loss_in_xla(terms):
    model = filtering()
    model.compile("sgd", loss=make(**terms), jit_compile=True)
    history = model.fit(BLURRED, 255 * SHARP, verbose=0)
    assert np.isnan(history.history["loss"]).all()


def test_targets_may_overshoot():
    loss = make()
    assert np.isfinite(loss(1.2 * SHARP - 0.1, SHARP))
    # Images that a network makes may be anything.
    assert np.isfinite(loss(SHARP, 255 * SHARP))
