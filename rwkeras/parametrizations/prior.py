"""Prior of photographs: power spectrum and colour covariance."""

import numpy as np

# The correlations of the channels of scikit-image's astronaut, coffee, cat and rocket, as means, to
# one digit: channels mostly rise and fall together.
COLOR_CORRELATIONS = np.array([[1.0, 0.9, 0.7], [0.9, 1.0, 0.9], [0.7, 0.9, 1.0]])


def covariance(frequency: np.ndarray, exponent: float, decorrelate: bool) -> np.ndarray:
    """Returns the covariance of photographs at frequencies f: f^(-2 exponent) times the colours'.

    Args:
        frequency: In cycles a pixel, [...].
        exponent: Amplitudes fall as f^-exponent: about 1 in photographs, 0 in white noise.
        decorrelate: Whether the channels of RGB covary.

    Returns:
        float64, [..., 3, 3].
    """
    colors = COLOR_CORRELATIONS if decorrelate else np.eye(3)
    return (frequency ** (-2 * exponent))[..., np.newaxis, np.newaxis] * colors
