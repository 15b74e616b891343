"""The public names, which `rwkeras/__init__.py` imports when they are first used."""

from .images.batch import (
    ImageBatch,
    as_batch,
)
from .images.reading import (
    read_image,
)
from .images.writing import (
    write_image,
)
from .metrics import (
    mean_euclidean_distance,
    patch_distance,
    psnr,
    ssim,
)
from .networks.alexnet import (
    alexnet,
)
from .networks.calibrate import (
    calibrate,
)
from .networks.features import (
    extract,
    feature_extractor,
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
)
from .networks.loading import (
    NETWORKS,
    load_network,
)
from .networks.randomize import (
    randomize,
)
from .networks.recipe import (
    LayerRecipe,
    Recipe,
    read_recipe,
)
from .networks.vgg import (
    toy_vgg,
    vgg19,
)
from .objectives.balance import (
    WEIGHTINGS,
    balance,
)
from .objectives.losses import (
    content_loss,
    gram_matrix,
    texture_loss,
    total_variation,
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
from .optimizers.settings import (
    OptimizationResult,
    OptimizerSettings,
    Progress,
)
from .stacking.stack import (
    LayerChoice,
    StackResult,
    stack,
)
from .tasks.invert import (
    invert,
)
from .tasks.regularized import (
    RegularizedInversionSettings,
    invert_regularized,
    regularized_inversion_objective,
)
from .tasks.settings import (
    STYLE_PRESETS,
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
    "INITIALIZERS",
    "NETWORKS",
    "STYLE_PRESETS",
    "WEIGHTINGS",
    "Binary",
    "Gaussian",
    "He",
    "ImageBatch",
    "InversionSettings",
    "Laplace",
    "LayerChoice",
    "LayerRecipe",
    "Objective",
    "OptimizationResult",
    "OptimizerSettings",
    "Orthogonal",
    "Progress",
    "RandomInitializer",
    "Recipe",
    "RegularizedInversionSettings",
    "Sparse",
    "StackResult",
    "StyleSettings",
    "Term",
    "TextureSettings",
    "Uniform",
    "alexnet",
    "alpha_norm",
    "alpha_norm_term",
    "as_batch",
    "balance",
    "calibrate",
    "content_loss",
    "content_term",
    "extract",
    "feature_extractor",
    "gram_matrix",
    "invert",
    "invert_regularized",
    "load_network",
    "mean_euclidean_distance",
    "optimize_image",
    "patch_distance",
    "psnr",
    "randomize",
    "read_image",
    "read_recipe",
    "regularized_inversion_objective",
    "ssim",
    "stack",
    "style_objective",
    "synthesize_texture",
    "texture_loss",
    "texture_term",
    "total_variation",
    "toy_vgg",
    "transfer_style",
    "tv_beta",
    "tv_beta_term",
    "tv_term",
    "vgg19",
    "white_noise",
    "write_image",
]
