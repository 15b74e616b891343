"""The experiments by name."""

from collections.abc import Callable, Mapping

from rwkeras.experiments.decoded_starts import decoded_starts
from rwkeras.experiments.decoder_distributions import decoder_distributions
from rwkeras.experiments.decoders import decoders
from rwkeras.experiments.depth import distances, layers
from rwkeras.experiments.feature_maps import feature_maps
from rwkeras.experiments.invariance import invariance
from rwkeras.experiments.league import architectures, distributions
from rwkeras.experiments.morph import morph
from rwkeras.experiments.paintings import styles, textures
from rwkeras.experiments.report import Report
from rwkeras.experiments.rivals import convergence, rivals
from rwkeras.experiments.samples import transfer, variation
from rwkeras.experiments.study import Study
from rwkeras.experiments.untrained_decoders import untrained_decoders

EXPERIMENTS: Mapping[str, Callable[[Study], Report]] = {
    function.__name__: function
    for function in (
        layers,
        rivals,
        convergence,
        variation,
        distances,
        textures,
        styles,
        distributions,
        architectures,
        transfer,
        morph,
        decoders,
        decoder_distributions,
        feature_maps,
        untrained_decoders,
        invariance,
        decoded_starts,
    )
}
