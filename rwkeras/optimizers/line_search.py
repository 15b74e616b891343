"""Line search for the weak Wolfe conditions, one trial step at a time.

A function maps the state of a search and a trial to the next step to try, so that a batch of
searches can share evaluations, and can be interrupted after any of them. All quantities are
[batch].
"""

from typing import NamedTuple

import tensorflow as tf

# Constants of the Armijo and curvature conditions (Nocedal and Wright, 2006, section 3.1).
_SUFFICIENT_DECREASE = 1e-4
_CURVATURE = 0.9
# Hager and Zhang's approximate condition (2005) replaces Armijo's where values differ by less than
# this relative amount, as rounding would decide there.
_APPROXIMATE = 1e-6
_APPROXIMATE_DECREASE = 0.1

MAX_TRIALS = 20
# Minimum distance of the next step from the ends of the bracket, as a fraction of its width.
_MIN_FRACTION = 0.1
# Every so many trials the bracket is halved instead of interpolated.
_HALVE_EVERY = 3
_MIN_EXPANSION, _MAX_EXPANSION = 2.0, 10.0


class Trial(NamedTuple):
    """A step along the direction, with the objective there.

    Attributes:
        step: Step length in units of the direction. The dtype's maximum stands for the open end of
            a bracket: infinity would fail `tf.debugging.enable_check_numerics`.
        value: The objective at the step.
        slope: Its derivative along the direction.
    """

    step: tf.Tensor
    value: tf.Tensor
    slope: tf.Tensor

    def where(self, condition: tf.Tensor, other: "Trial") -> "Trial":
        """Returns this trial where the condition holds, the other elsewhere."""
        return Trial(*(tf.where(condition, a, b) for a, b in zip(self, other, strict=True)))


class Search(NamedTuple):
    """State of a line search.

    Attributes:
        origin: The start, at step 0; its slope is negative.
        low: Lower end of the bracket: the longest step of sufficient decrease that was too short.
        high: Upper end of the bracket: the shortest step that was too long.
        step: The step to try next.
        trials: Number of steps tried, int32.
    """

    origin: Trial
    low: Trial
    high: Trial
    step: tf.Tensor
    trials: tf.Tensor

    def where(self, condition: tf.Tensor, other: "Search") -> "Search":
        """Returns this search where the condition holds, the other elsewhere."""
        return Search(
            self.origin.where(condition, other.origin),
            self.low.where(condition, other.low),
            self.high.where(condition, other.high),
            tf.where(condition, self.step, other.step),
            tf.where(condition, self.trials, other.trials),
        )


def begin(value: tf.Tensor, slope: tf.Tensor, step: tf.Tensor) -> Search:
    """Returns a search from a point of a given value and slope, which tries `step` first."""
    zero = tf.zeros_like(step)
    origin = Trial(zero, value, slope)
    open_end = Trial(zero + step.dtype.max, zero + step.dtype.max, zero)
    return Search(origin, origin, open_end, step, tf.zeros_like(step, tf.int32))


def is_accepted(origin: Trial, trial: Trial) -> tf.Tensor:
    """Returns whether a step satisfies the weak Wolfe conditions, or the approximate ones."""
    armijo_bound = origin.value + _SUFFICIENT_DECREASE * trial.step * origin.slope
    approximate_bound = origin.value + _APPROXIMATE * tf.abs(origin.value)
    approximately_flat = trial.slope <= (2 * _APPROXIMATE_DECREASE - 1) * origin.slope
    lower = (trial.value <= armijo_bound) | (
        (trial.value <= approximate_bound) & approximately_flat
    )
    return _is_finite(trial) & lower & (trial.slope >= _CURVATURE * origin.slope)


def narrow(search: Search, trial: Trial) -> Search:
    """Returns the search after a rejected step, with the next step to try."""
    armijo_bound = search.origin.value + _SUFFICIENT_DECREASE * trial.step * search.origin.slope
    too_short = _is_finite(trial) & (trial.value <= armijo_bound)
    low = trial.where(too_short, search.low)
    high = search.high.where(too_short, trial)
    trials = search.trials + 1
    interpolated = _interpolate(low, high, trials)
    step = tf.where(_is_open(high), _extrapolate(search.low, trial), interpolated)
    return Search(search.origin, low, high, step, trials)


def is_exhausted(search: Search) -> tf.Tensor:
    """Returns whether a search has failed: too many trials, or no step left in the bracket."""
    between = (search.step > search.low.step) & (search.step < search.high.step)
    return (search.trials >= MAX_TRIALS) | ~between


def _is_open(high: Trial) -> tf.Tensor:
    return high.step >= high.step.dtype.max


def _is_finite(trial: Trial) -> tf.Tensor:
    return tf.math.is_finite(trial.value) & tf.math.is_finite(trial.slope)


def _extrapolate(previous: Trial, trial: Trial) -> tf.Tensor:
    """Returns a longer step: the zero of the secant through the slopes, within bounds."""
    slope_increase = trial.slope - previous.slope
    slope_increases = slope_increase > 0
    divisor = tf.where(slope_increases, slope_increase, tf.ones_like(slope_increase))
    secant_step = (previous.step - trial.step) * trial.slope / divisor
    longest = _MAX_EXPANSION * trial.step
    step = tf.where(slope_increases, trial.step + secant_step, longest)
    return tf.clip_by_value(step, _MIN_EXPANSION * trial.step, longest)


def _interpolate(low: Trial, high: Trial, trials: tf.Tensor) -> tf.Tensor:
    """Returns a step inside the bracket: the minimum of the cubic through its ends, within bounds.

    Nocedal and Wright (2006), Eq. 3.59. If `high` is not finite, the step is at `_MIN_FRACTION`
    of the bracket; if the cubic has no minimum, and every few trials, it is halfway.
    """
    one, zero = tf.ones_like(low.step), tf.zeros_like(low.step)
    width = high.step - low.step
    # Avoids division by zero and overflow for members that have no bracket or do not search.
    has_bracket = (width > 0) & ~_is_open(high)
    secant = (
        tf.where(has_bracket, high.value, zero) - tf.where(has_bracket, low.value, zero)
    ) / tf.where(has_bracket, width, one)
    a = low.slope + high.slope - 3 * secant
    square = a * a - low.slope * high.slope
    root = tf.sqrt(tf.where(square >= 0, square, zero))
    divisor = high.slope - low.slope + 2 * root
    cubic = has_bracket & (square >= 0) & (divisor != 0)
    fraction = 1 - (high.slope + root - a) / tf.where(cubic, divisor, one)
    margin = tf.fill(fraction.shape, tf.constant(_MIN_FRACTION, fraction.dtype))
    halved = ~cubic | ~tf.math.is_finite(fraction) | (trials % _HALVE_EVERY == 0)
    fraction = tf.where(halved, 5 * margin, tf.clip_by_value(fraction, margin, 1 - margin))
    return low.step + width * tf.where(_is_finite(high), fraction, margin)
