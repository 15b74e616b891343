# %% [markdown]
# # What a network knows that was never trained
#
# A convolutional network that was trained to recognise things can be used to draw: one looks for a
# picture that makes its layers do what another picture made them do. He, Wang and Hopcroft, *A
# Powerful Generative Model Using Random Weights for the Deep Image Representation* (2016), asked
# what the training is needed for, left it out, and drew just as well. The weights are dice.
#
# The cells below go through that paper on one photograph: feature maps, what can be recovered of
# them, a texture, a style, and a loss to train other networks by. They are plain Python, to be run
# cell by cell in VS Code, Spyder or Jupyter (with Jupytext), or at once by
# `python examples/tutorial.py`, which ends with a figure in `tutorial.png`.
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
# Larger pictures and more iterations give more beautiful results and take longer. With
# `RWKERAS_TUTORIAL=quick` in the environment everything is tiny, to see that it runs.

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
    """Shows pictures side by side, each below its title."""
    figure, axes = plt.subplots(1, len(pictures), figsize=(2.4 * len(pictures), 2.7), squeeze=False)
    for axis, (title, picture) in zip(axes[0], pictures.items(), strict=True):
        axis.imshow(picture, cmap="gray")
        axis.set_title(title, fontsize=8)
        axis.axis("off")
    figure.tight_layout()


# %% [markdown]
# ## Two pictures
#
# Pictures are RGB in [0, 1]. Paths, Pillow images and arrays of uint8 would do as well.

# %%
photo = transform.resize(data.astronaut()[:360, 70:430], (SIZE, SIZE), anti_aliasing=True)
tissue = data.immunohistochemistry()[70:202, 40:172]
tissue = transform.resize(tissue, (SIZE, SIZE), anti_aliasing=True)
show({"photograph": photo, "stained tissue": tissue})

# %% [markdown]
# ## A random network
#
# `vgg19` is the architecture of Simonyan and Zisserman with weights drawn from a seed: the same
# seed gives the same network on any machine, so that there is nothing to download and nothing to
# store. It is an ordinary `keras.Model`.
#
# With the paper's standard deviation each layer makes its input smaller, a millionfold in the end.
# Rectifiers and poolings do not mind the scale, so `calibrate` may divide each layer by its mean
# activation on a picture. It returns by how much.

# %%
model = make_network(seed=SEED)
scales = rwkeras.calibrate(model, photo)
print(", ".join(f"{layer}: {scale:.2g}" for layer, scale in scales.items()))

# %% [markdown]
# ## Feature maps
#
# What layers make of the photograph: maps of responses to patterns, here random ones. Deeper maps
# are coarser, since poolings lie between, and each of their points sees more of the photograph.

# %%
activations = rwkeras.extract(model, LAYERS, rwkeras.as_batch(photo).images)
show({f"{layer}, map {n}": x[0, :, :, n] for layer, x in activations.items() for n in range(2)})

# %% [markdown]
# ## What is left of a photograph
#
# Inversion asks what the maps still know: it begins with noise and changes the pixels until a layer
# does what it did for the photograph. If two pictures with the same maps look alike, the layer has
# kept what we see. The papers found that random layers keep nearly everything. PSNR, in decibels,
# says how near the pixels are; 30 and more is hard to tell apart.

# %%
recovered = {}
for layer in LAYERS:
    settings = rwkeras.InversionSettings(layer, seed=SEED)
    result = rwkeras.invert(model, photo, settings, optimizer=optimizer)
    recovered[f"{layer}, {rwkeras.psnr(result.image, photo)[0]:.1f} dB"] = result.image
show({"photograph": photo, **recovered})

# %% [markdown]
# ## Reading a layer at a glance
#
# Inversion searches, picture by picture. A decoder learns once to go back, and then needs one pass:
# the mirror image of the network, trained on other photographs while the network stays random. This
# one has learnt for seconds; minutes make it sharp (`rwkeras-train-decoder`).

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
# Which maps respond together, whatever the place, says how a surface looks but not where things
# are: the Gram matrix of a layer has the product of each two maps, averaged over the picture. To
# match the Gram matrices of several layers, beginning with noise, is to make more of a material.
#
# Textures and styles look better if the network sees pixels around zero.

# %%
painter = make_network(seed=SEED, subtract_mean=True)
rwkeras.calibrate(painter, tissue)
settings = rwkeras.TextureSettings(STYLE_LAYERS, seed=SEED)
texture = rwkeras.synthesize_texture(painter, tissue, settings, optimizer=optimizer)
show({"stained tissue": tissue, "more of it": texture.image})

# %% [markdown]
# ## A style
#
# A painting of the photograph has the photograph's activations in one layer, so that one sees what
# it shows, and the Gram matrices of the other picture in several, so that it is made of that.

# %%
settings = rwkeras.StyleSettings(["conv2_2"], STYLE_LAYERS, seed=SEED)
painted = rwkeras.transfer_style(painter, photo, tissue, settings, optimizer=optimizer)
show({"photograph": photo, "style": tissue, "painted": painted.image})

# %% [markdown]
# ## A loss for other networks
#
# The same distances can train networks that make pictures. `RandomPerceptualLoss` is a loss of
# Keras's, `model.compile("adam", loss=...)`, without weights to download. Here it judges four
# changes of the photograph that are equally large by the mean squared error of pixels; a distance
# of 1 would be that of two unrelated pictures. Features mind blur more than noise or a pixel's
# shift. To Gram matrices, which know of no places, a shift is next to nothing. Both mind light
# most, more than a person would: random filters do not take the mean away.
#
# `examples/super_resolution.py` and `examples/feed_forward_style.py` train by it.

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
