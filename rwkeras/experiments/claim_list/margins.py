"""Margins of the claims, with their reasons."""

from rwkeras.experiments.claims import Margin

_DIRECTION_ONLY = "none, as the claim states a direction but no amount"
_TEN_PERCENT = "10 % by convention, 0.8 dB of PSNR if all errors scale alike"
_FIVE_PERCENT = "5 % by convention, 0.4 dB of PSNR if all errors scale alike"
_ONE_DB = "1 dB by convention"

# Ratios.
LOWER = Margin("below", 1.0, _DIRECTION_ONLY)
EQUAL_TO_10_PERCENT = Margin("within", 1.1, _TEN_PERCENT)
AT_MOST_10_PERCENT_HIGHER = Margin("below", 1.1, _TEN_PERCENT)
AT_MOST_5_PERCENT_HIGHER = Margin("below", 1.05, _FIVE_PERCENT)
AT_MOST_5_PERCENT_LOWER = Margin("above", 0.95, _FIVE_PERCENT)
HALF_OF_SQUARED_ERROR = Margin(
    "below", 0.71, "0.71 times the RMS error is half of the squared error"
)

# Differences.
HIGHER = Margin("above", 0.0, _DIRECTION_ONLY)
EQUAL_TO_1_DB = Margin("within", 1.0, _ONE_DB)
AT_MOST_1_DB_LOWER = Margin("above", -1.0, _ONE_DB)
HALF_OF_CORRELATION = Margin(
    "above", 0.5, "0.5 by convention, half of the image's correlation with itself"
)

# Values.
PHOTOGRAPHIC = Margin("above", 20.0, "20 dB by convention, an RMS error of a tenth of the range")
HALF_OF_VARIANCE = Margin("above", 0.71, "a correlation of 0.71 explains half of the variance")
MOST_OF_VARIANCE = Margin(
    "above", 0.9, "0.9 by convention, a correlation that explains 81 % of the variance"
)
MINORITY = Margin("below", 0.5, "half of the sum of squares")

# Shares of draws.
MAJORITY = Margin("above", 0.5, _DIRECTION_ONLY)
