"""The public names, which `rwkeras/__init__.py` imports when they are first used."""

from .decoders.decnn import (
    decnn,
    load_decoder,
)
from .decoders.decode import (
    decode,
)
from .decoders.match import (
    check_decoder,
)
from .decoders.network import (
    decoder,
)
from .decoders.photographs import (
    Photographs,
    read_photographs,
)
from .decoders.settings import (
    DecoderSettings,
    DecoderTraining,
)
from .decoders.train import (
    TrainedDecoder,
    train_decoder,
)
from .images.batch import (
    ImageBatch,
    as_batch,
)
from .images.colors import (
    match_colors,
    with_luminance_of,
)
from .images.reading import (
    Picture,
    read_image,
    read_picture,
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
    APPLICATIONS,
    LAYERS_BY_STRIDE,
    keras_application,
)
from .networks.batch_normalization import (
    adapt_batch_normalization,
)
from .networks.calibrate import (
    calibrate,
)
from .networks.circular import (
    circular_period,
    with_circular_padding,
    with_mirrored_padding,
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
from .networks.joint import (
    with_joint_maps,
)
from .networks.loading import (
    NETWORKS,
    load_network,
    make_ready,
)
from .networks.multiscale import (
    multiscale,
    multiscale_layers,
)
from .networks.multiscale_recipe import (
    MultiscaleRecipe,
    read_multiscale_recipe,
)
from .networks.octaves import (
    octave_layers,
    with_octaves,
)
from .networks.pretrained import (
    pretrained_vgg19,
)
from .networks.randomize import (
    randomize,
)
from .networks.recipe import (
    LayerRecipe,
    Recipe,
    read_recipe,
)
from .networks.regions import (
    region_layers,
    with_regions,
)
from .networks.rescale import (
    rescale_filters,
)
from .networks.standardize import (
    redraw,
    standardize,
)
from .networks.vgg import (
    narrow_vgg19,
    toy_vgg,
    vgg19,
)
from .objectives.balance import (
    WEIGHTINGS,
    balance,
)
from .objectives.joining import (
    JOINS,
    joined_gram,
)
from .objectives.losses import (
    content_loss,
    gram_matrix,
    texture_loss,
    total_variation,
)
from .objectives.moments import (
    covariance_loss,
    moments,
    moments_term,
)
from .objectives.natural import (
    alpha_norm,
    alpha_norm_term,
    tv_beta,
    tv_beta_term,
)
from .objectives.objective import (
    Objective,
    Term,
    content_term,
    texture_term,
    tv_term,
)
from .objectives.shifted import (
    shifted_gram,
    shifted_gram_loss,
    shifted_gram_term,
)
from .objectives.sliced import (
    sliced_wasserstein_loss,
    sliced_wasserstein_term,
    sorted_projections,
)
from .objectives.spectrum import (
    spectrum_loss,
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
from .rotation.rival import (
    RotationHistory,
    RotationProgress,
    train_rotation_rival,
    untrained_twin,
)
from .rotation.settings import (
    RotationSettings,
)
from .stacking.stack import (
    LayerChoice,
    StackResult,
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
    regularized_inversion_objective,
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
    style_objective,
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
__all__ = [
    "APPLICATIONS",
    "INITIALIZERS",
    "JOINS",
    "LAYERS_BY_STRIDE",
    "NETWORKS",
    "STYLE_PRESETS",
    "WEIGHTINGS",
    "Binary",
    "DecoderSettings",
    "DecoderTraining",
    "FileSettings",
    "Gaussian",
    "GramMatrix",
    "He",
    "ImageBatch",
    "InversionSettings",
    "Laplace",
    "LayerChoice",
    "LayerRecipe",
    "MultiscaleRecipe",
    "Objective",
    "OptimizationResult",
    "OptimizerSettings",
    "Orthogonal",
    "Photographs",
    "Picture",
    "Progress",
    "RandomInitializer",
    "RandomPerceptualLoss",
    "Recipe",
    "RegularizedInversionSettings",
    "RotationHistory",
    "RotationProgress",
    "RotationSettings",
    "ScaleSettings",
    "Sparse",
    "StackResult",
    "StyleSettings",
    "Term",
    "TextureSettings",
    "TotalVariation",
    "TrainedDecoder",
    "Uniform",
    "ZeroSum",
    "adapt_batch_normalization",
    "alexnet",
    "alpha_norm",
    "alpha_norm_term",
    "as_batch",
    "balance",
    "calibrate",
    "check_decoder",
    "circular_period",
    "content_loss",
    "content_term",
    "covariance_loss",
    "decnn",
    "decode",
    "decoder",
    "efficientnet_lite0",
    "extract",
    "feature_extractor",
    "filter_bank",
    "gram_matrix",
    "invert",
    "invert_regularized",
    "joined_gram",
    "keras_application",
    "load_decoder",
    "load_network",
    "make_ready",
    "match_colors",
    "mean_euclidean_distance",
    "moments",
    "moments_term",
    "multiscale",
    "multiscale_layers",
    "narrow_vgg19",
    "octave_layers",
    "optimize_image",
    "patch_distance",
    "pretrained_vgg19",
    "psnr",
    "randomize",
    "read_image",
    "read_multiscale_recipe",
    "read_photographs",
    "read_picture",
    "read_recipe",
    "redraw",
    "region_layers",
    "regularized_inversion_objective",
    "rescale_filters",
    "seam_ratio",
    "shifted_gram",
    "shifted_gram_loss",
    "shifted_gram_term",
    "sliced_wasserstein_loss",
    "sliced_wasserstein_term",
    "sorted_projections",
    "spectrum_loss",
    "spectrum_term",
    "ssim",
    "stack",
    "standardize",
    "style_objective",
    "synthesize_texture",
    "texture_loss",
    "texture_term",
    "total_variation",
    "toy_vgg",
    "train_decoder",
    "train_rotation_rival",
    "transfer_style",
    "tv_beta",
    "tv_beta_term",
    "tv_term",
    "untrained_twin",
    "vgg19",
    "white_noise",
    "with_circular_padding",
    "with_joint_maps",
    "with_luminance_of",
    "with_mirrored_padding",
    "with_octaves",
    "with_regions",
    "write_image",
]
