"""The claims of the papers, with the measure and margin of each, fixed before the runs."""

from rwkeras.experiments.claim_list import decoding, inversion, painting

CLAIMS = (*inversion.CLAIMS, *painting.CLAIMS, *decoding.CLAIMS)
