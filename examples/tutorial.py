# %% [markdown]
# # Images from untrained networks
#
# Images can be synthesised with a convolutional network trained for classification: one optimises
# an image until its activations match those of another. He, Wang and Hopcroft, *A Powerful
# Generative Model Using Random Weights for the Deep Image Representation* (2016), showed that this
# works as well with random weights, without any training.
#
# The cells below follow that paper on one photograph: feature maps, inversion, a texture, a style,
# and a loss for training other networks. They are plain Python. Run them cell by cell in VS Code,
# Spyder or Jupyter (with Jupytext), or all at once with `python examples/tutorial.py`, which saves
# a figure to `tutorial.png`.
#
#     pip install 'rwkeras[experiments]'

# %%
# ruff: noqa: D100 (the cell above is the documentation)
import os

import matplotlib.pyplot as plt
import numpy as np
from skimage import data, filters, transform

import rwkeras

# %% [markdown]
# ## Settings
#
# Larger images and more iterations give better results and take longer. The environment variable
# `RWKERAS_TUTORIAL=quick` makes everything tiny, as a smoke test.

# %%
QUICK = os.environ.get("RWKERAS_TUTORIAL") == "quick"
SIZE = 32 if QUICK else 128
SEED = 0
make_network = rwkeras.toy_vgg if QUICK else rwkeras.vgg19
LAYERS = ["conv1_2", "conv2_1"] if QUICK else ["conv2_1", "conv4_1", "conv5_1"]
STYLE_LAYERS = ["conv1_1", "conv2_1"] if QUICK else ["conv1_1", "conv2_1", "conv3_1", "conv4_1"]
optimizer = rwkeras.OptimizerSettings(max_iterations=4 if QUICK else 60)
decoder_training = rwkeras.DecoderTraining(
    photo_size=64 if QUICK else 256,
    crop_size=16 if QUICK else 32,
    batch_size=8,
    steps=4 if QUICK else 1000,
    epoch_steps=4 if QUICK else 100,
    learning_rate=2e-3,
    seed=SEED,
)


def show(pictures: dict[str, np.ndarray]) -> None:
    """Shows images side by side with titles."""
    figure, axes = plt.subplots(1, len(pictures), figsize=(2.4 * len(pictures), 2.7), squeeze=False)
    for axis, (title, picture) in zip(axes[0], pictures.items(), strict=True):
        axis.imshow(picture, cmap="gray")
        axis.set_title(title, fontsize=8)
        axis.axis("off")
    figure.tight_layout()


# %% [markdown]
# ## Two images
#
# Images are RGB in [0, 1]. Paths, Pillow images and uint8 arrays are accepted too.

# %%
photo = transform.resize(data.astronaut()[:360, 70:430], (SIZE, SIZE), anti_aliasing=True)
tissue = data.immunohistochemistry()[70:202, 40:172]
tissue = transform.resize(tissue, (SIZE, SIZE), anti_aliasing=True)
show({"photograph": photo, "stained tissue": tissue})

# %% [markdown]
# ## A random network
#
# `vgg19` is the architecture of Simonyan and Zisserman with weights drawn from a seed. A seed gives
# the same network on any machine, so no weights are downloaded or stored. The network is an
# ordinary `keras.Model`.
#
# With the paper's standard deviation, activations shrink from layer to layer, a millionfold in
# total. ReLU and pooling commute with scaling, so `calibrate` can divide each layer by its mean
# activation on an image. It returns these divisors.

# %%
model = make_network(seed=SEED)
scales = rwkeras.calibrate(model, photo)
print(", ".join(f"{layer}: {scale:.2g}" for layer, scale in scales.items()))

# %% [markdown]
# ## Feature maps
#
# Each map holds the responses to one pattern, here a random one, over the photograph. Deeper maps
# are coarser because of pooling, and have larger receptive fields.

# %%
activations = rwkeras.extract(model, LAYERS, rwkeras.as_batch(photo).images)
show({f"{layer}, map {n}": x[0, :, :, n] for layer, x in activations.items() for n in range(2)})

# %% [markdown]
# ## Inversion
#
# Inversion shows what information the maps retain: it starts from noise and optimises the pixels
# until a layer's activations match those of the photograph. If the result looks like the
# photograph, the layer has retained its visible content. The papers found that random layers retain
# nearly everything. PSNR measures the similarity of pixels in decibels; differences at 30 dB and
# above are hard to see.

# %%
recovered = {}
for layer in LAYERS:
    settings = rwkeras.InversionSettings(layer, seed=SEED)
    result = rwkeras.invert(model, photo, settings, optimizer=optimizer)
    recovered[f"{layer}, {rwkeras.psnr(result.image, photo)[0]:.1f} dB"] = result.image
show({"photograph": photo, **recovered})

# %% [markdown]
# ## A decoder
#
# Inversion is an optimisation for each image. A decoder is trained once and then inverts a layer in
# one pass. It mirrors the network and is trained on other photographs, while the network stays
# random. This one is trained for seconds; minutes give sharp images (`rwkeras-train-decoder`).

# %%
trained = rwkeras.train_decoder(
    model,
    "conv2_1",
    decoder=rwkeras.DecoderSettings(width=0.5, depth=1),
    training=decoder_training,
)
decoded = rwkeras.decode(trained.model, photo)
title = f"decoded from conv2_1, {rwkeras.psnr(decoded, photo)[0]:.1f} dB"
show({"photograph": photo, title: decoded})

# %% [markdown]
# ## A texture
#
# The Gram matrix of a layer holds the product of each pair of maps, averaged over the image. It
# describes the look of a surface but not the positions of things. Matching the Gram matrices of
# several layers, starting from noise, synthesises a new piece of the texture.
#
# Textures and styles look better if the mean colour is subtracted from the network's input.

# %%
painter = make_network(seed=SEED, subtract_mean=True)
rwkeras.calibrate(painter, tissue)
settings = rwkeras.TextureSettings(STYLE_LAYERS, seed=SEED)
texture = rwkeras.synthesize_texture(painter, tissue, settings, optimizer=optimizer)
show({"stained tissue": tissue, "more of it": texture.image})

# %% [markdown]
# ## A style
#
# Style transfer matches the activations of the photograph in one layer, for the content, and the
# Gram matrices of the other image in several layers, for the style.

# %%
settings = rwkeras.StyleSettings(["conv2_2"], STYLE_LAYERS, seed=SEED)
painted = rwkeras.transfer_style(painter, photo, tissue, settings, optimizer=optimizer)
show({"photograph": photo, "style": tissue, "painted": painted.image})

# %% [markdown]
# ## A loss for other networks
#
# The same distances can be used to train image-generating networks. `RandomPerceptualLoss` is a
# Keras loss, for `model.compile("adam", loss=...)`, that needs no downloaded weights. Here it is
# evaluated on four changes of the photograph with equal mean squared error; unrelated images have
# a distance of 1. Features are more sensitive to blur than to noise or a shift by a pixel. Gram
# matrices discard positions and hardly react to a shift. Both are most sensitive to brightness,
# more than a person would be, since random filters do not remove the mean.
#
# `examples/super_resolution.py` and `examples/feed_forward_style.py` train networks with it.

# %%
rng = np.random.default_rng(SEED)
changes = {
    "moved": np.roll(photo, 1, axis=1) - photo,
    "blurred": filters.gaussian(photo, SIZE / 32, channel_axis=-1) - photo,
    "noisy": rng.standard_normal(photo.shape),
    "lighter": np.ones_like(photo),
}
size = np.sqrt(np.mean(np.square(changes["moved"])))
changed = {
    name: (photo + size * change / np.sqrt(np.mean(np.square(change)))).astype(np.float32)
    for name, change in changes.items()
}
architecture = "toy_vgg" if QUICK else "vgg19"
losses = {
    "features": rwkeras.RandomPerceptualLoss(architecture, feature_layers=["conv2_2"], seed=SEED),
    "styles": rwkeras.RandomPerceptualLoss(
        architecture, feature_layers=[], style_layers=STYLE_LAYERS, seed=SEED
    ),
}
target = photo[np.newaxis].astype(np.float32)
distances = {
    name: {change: float(loss(target, image[np.newaxis])) for change, image in changed.items()}
    for name, loss in losses.items()
}
for name, found in distances.items():
    print(f"{name}: {', '.join(f'{change} {value:.2g}' for change, value in found.items())}")
show({name: np.clip(image, 0, 1) for name, image in changed.items()})

# %% [markdown]
# ## All in one figure

# %%
figure = plt.figure(figsize=(9, 7))
pictures = {
    "photograph": photo,
    **recovered,
    title: decoded,
    "stained tissue": tissue,
    "texture": texture.image,
    "painted": painted.image,
}
axes = figure.subplots(3, 3).ravel()
for axis, (name, picture) in zip(axes, pictures.items(), strict=False):
    axis.imshow(picture)
    axis.set_title(name, fontsize=9)
    axis.axis("off")
bars = np.array([list(found.values()) for found in distances.values()])
for n, (name, row) in enumerate(zip(distances, bars, strict=True)):
    axes[-1].bar(np.arange(4) + 0.4 * n, row, width=0.4, label=name)
axes[-1].set_xticks(np.arange(4) + 0.2, list(changed))
axes[-1].set_yscale("log")
axes[-1].set_title("distance at the same squared error", fontsize=9)
axes[-1].set_ylim(top=2)
axes[-1].legend(fontsize=8, loc="upper left", ncols=2)
figure.tight_layout()
figure.savefig("tutorial.png", dpi=120)
plt.show()
