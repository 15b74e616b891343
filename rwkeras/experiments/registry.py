"""The experiments by name."""

from collections.abc import Callable, Mapping

from rwkeras.experiments.depth import distances, layers
from rwkeras.experiments.league import architectures, distributions
from rwkeras.experiments.morph import morph
from rwkeras.experiments.paintings import styles, textures
from rwkeras.experiments.report import Report
from rwkeras.experiments.rivals import convergence, rivals
from rwkeras.experiments.samples import transfer, variation
from rwkeras.experiments.study import Study

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
    )
}
