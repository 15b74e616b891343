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
from .tasks.invert import (
    invert,
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
    "Objective",
    "OptimizationResult",
    "OptimizerSettings",
    "Orthogonal",
    "Progress",
    "RandomInitializer",
    "Sparse",
    "StyleSettings",
    "Term",
    "TextureSettings",
    "Uniform",
    "as_batch",
    "balance",
    "calibrate",
    "content_loss",
    "content_term",
    "extract",
    "feature_extractor",
    "gram_matrix",
    "invert",
    "load_network",
    "mean_euclidean_distance",
    "optimize_image",
    "patch_distance",
    "psnr",
    "randomize",
    "read_image",
    "ssim",
    "style_objective",
    "synthesize_texture",
    "texture_loss",
    "texture_term",
    "total_variation",
    "toy_vgg",
    "transfer_style",
    "tv_term",
    "vgg19",
    "white_noise",
    "write_image",
]
