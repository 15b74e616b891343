"""The experiments by name."""

from collections.abc import Callable, Mapping

from rwkeras.experiments.decoding.decoded_starts import decoded_starts
from rwkeras.experiments.decoding.decoder_distributions import decoder_distributions
from rwkeras.experiments.decoding.decoders import decoders
from rwkeras.experiments.decoding.feature_maps import feature_maps
from rwkeras.experiments.decoding.invariance import invariance
from rwkeras.experiments.decoding.untrained_decoders import untrained_decoders
from rwkeras.experiments.inversion.architectures import architectures
from rwkeras.experiments.inversion.convergence import convergence
from rwkeras.experiments.inversion.distances import distances
from rwkeras.experiments.inversion.distributions import distributions
from rwkeras.experiments.inversion.layers import layers
from rwkeras.experiments.inversion.morph import morph
from rwkeras.experiments.inversion.rivals import rivals
from rwkeras.experiments.inversion.transfer import transfer
from rwkeras.experiments.inversion.variation import variation
from rwkeras.experiments.painting.styles import styles
from rwkeras.experiments.painting.textures import textures
from rwkeras.experiments.report import Report
from rwkeras.experiments.study import Study

EXPERIMENTS: Mapping[str, Callable[[Study], Report]] = {
    function.__name__: function
    for function in (
        layers,
        distances,
        rivals,
        convergence,
        variation,
        transfer,
        textures,
        styles,
        distributions,
        architectures,
        morph,
        decoders,
        decoder_distributions,
        feature_maps,
        untrained_decoders,
        invariance,
        decoded_starts,
    )
}


def run_experiment(name: str, study: Study) -> Report:
    """Runs an experiment and returns its report, with the experiment's name in the table."""
    report = EXPERIMENTS[name](study)
    return report._replace(table=report.table.assign(experiment=name))
