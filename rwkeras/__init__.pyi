"""Public names, which `rwkeras/__init__.py` imports on first use."""

from .decoders.decnn import (
    decnn,
    load_decoder,
)
from .decoders.decode import (
    decode,
)
from .decoders.network import (
    decoder,
)
from .decoders.settings import (
    DecoderSettings,
    DecoderTraining,
)
from .decoders.train import (
    train_decoder,
)
from .images.batch import (
    as_batch,
)
from .images.colors import (
    match_colors,
    with_luminance_of,
)
from .images.reading import (
    read_image,
)
from .images.writing import (
    FileSettings,
    write_image,
)
from .metrics import (
    mean_euclidean_distance,
    patch_distance,
    psnr,
    seam_ratio,
    ssim,
)
from .networks.alexnet import (
    alexnet,
)
from .networks.applications import (
    keras_application,
)
from .networks.calibrate import (
    calibrate,
)
from .networks.efficientnet_lite import (
    efficientnet_lite0,
)
from .networks.features import (
    extract,
    feature_extractor,
)
from .networks.filter_bank import (
    filter_bank,
)
from .networks.initializers import (
    INITIALIZERS,
    Binary,
    Gaussian,
    He,
    Laplace,
    Orthogonal,
    RandomInitializer,
    Sparse,
    Uniform,
    ZeroSum,
)
from .networks.loading import (
    NETWORKS,
    load_network,
    make_ready,
)
from .networks.multiscale import (
    multiscale,
)
from .networks.pretrained import (
    pretrained_vgg19,
)
from .networks.randomize import (
    randomize,
)
from .networks.recipe import (
    Recipe,
    read_recipe,
)
from .networks.standardize import (
    standardize,
)
from .networks.vgg import (
    toy_vgg,
    vgg19,
)
from .objectives.balance import (
    balance,
)
from .objectives.losses import (
    content_loss,
    gram_matrix,
    texture_loss,
    total_variation,
)
from .objectives.moments import (
    moments_term,
)
from .objectives.objective import (
    Objective,
    Term,
    content_term,
    texture_term,
    tv_term,
)
from .objectives.shifted import (
    shifted_gram_term,
)
from .objectives.sliced import (
    sliced_wasserstein_term,
)
from .objectives.spectrum import (
    spectrum_term,
)
from .optimizers.settings import (
    OptimizationResult,
    OptimizerSettings,
    Progress,
)
from .perceptual.gram import (
    GramMatrix,
)
from .perceptual.loss import (
    RandomPerceptualLoss,
)
from .perceptual.variation import (
    TotalVariation,
)
from .stacking.settings import (
    StackSettings,
)
from .stacking.stack import (
    stack,
)
from .tasks.invert import (
    invert,
)
from .tasks.presets import (
    STYLE_PRESETS,
)
from .tasks.regularized import (
    RegularizedInversionSettings,
    invert_regularized,
)
from .tasks.scales import (
    ScaleSettings,
)
from .tasks.settings import (
    InversionSettings,
    StyleSettings,
    TextureSettings,
)
from .tasks.style import (
    transfer_style,
)
from .tasks.synthesis import (
    optimize_image,
    white_noise,
)
from .tasks.texture import (
    synthesize_texture,
)

__version__: str
# Grouped by purpose, not in alphabetical order.
__all__ = [  # noqa: RUF022
    # Tasks.
    "transfer_style",
    "synthesize_texture",
    "invert",
    "invert_regularized",
    "decode",
    "StyleSettings",
    "TextureSettings",
    "InversionSettings",
    "RegularizedInversionSettings",
    "ScaleSettings",
    "OptimizerSettings",
    "STYLE_PRESETS",
    "OptimizationResult",
    "Progress",
    # Networks.
    "NETWORKS",
    "load_network",
    "vgg19",
    "toy_vgg",
    "multiscale",
    "filter_bank",
    "alexnet",
    "efficientnet_lite0",
    "keras_application",
    "pretrained_vgg19",
    "make_ready",
    "calibrate",
    "standardize",
    "randomize",
    "feature_extractor",
    "extract",
    # Weight initialisers.
    "INITIALIZERS",
    "RandomInitializer",
    "Gaussian",
    "He",
    "Uniform",
    "Laplace",
    "Orthogonal",
    "Binary",
    "Sparse",
    "ZeroSum",
    # Stacked networks.
    "stack",
    "StackSettings",
    "Recipe",
    "read_recipe",
    # Decoders.
    "decoder",
    "decnn",
    "train_decoder",
    "load_decoder",
    "DecoderSettings",
    "DecoderTraining",
    # Custom objectives.
    "Objective",
    "Term",
    "content_term",
    "texture_term",
    "tv_term",
    "moments_term",
    "shifted_gram_term",
    "sliced_wasserstein_term",
    "spectrum_term",
    "balance",
    "optimize_image",
    "white_noise",
    "content_loss",
    "texture_loss",
    "gram_matrix",
    "total_variation",
    # Layers and losses for Keras programs.
    "RandomPerceptualLoss",
    "GramMatrix",
    "TotalVariation",
    # Images.
    "read_image",
    "write_image",
    "FileSettings",
    "as_batch",
    "match_colors",
    "with_luminance_of",
    # Metrics.
    "psnr",
    "ssim",
    "mean_euclidean_distance",
    "patch_distance",
    "seam_ratio",
]
