"""Prior of natural images: power spectrum and colour covariance of photographs."""

import numpy as np

# Mean correlations between the RGB channels of scikit-image's astronaut, coffee, cat and rocket,
# rounded to one digit.
COLOR_CORRELATIONS = np.array([[1.0, 0.9, 0.7], [0.9, 1.0, 0.9], [0.7, 0.9, 1.0]])


def covariance(frequency: np.ndarray, exponent: float, decorrelate: bool) -> np.ndarray:
    """Returns the prior covariance by frequency f: f^(-2 exponent) times that of colours.

    Args:
        frequency: Frequencies in cycles per pixel, [...].
        exponent: Amplitudes fall as f^-exponent: about 1 in photographs, 0 in white noise.
        decorrelate: Whether the prior has the correlations of RGB channels, so that coordinates are
            decorrelated colours.

    Returns:
        float64, [..., 3, 3].
    """
    colors = COLOR_CORRELATIONS if decorrelate else np.eye(3)
    return (frequency ** (-2 * exponent))[..., np.newaxis, np.newaxis] * colors
