"""A procedural painting, drawn from a seed, as a style for demonstrations."""

import numpy as np
from PIL import Image, ImageDraw

# Supersampling factor, for smooth strokes.
_SCALE = 2
_WHIRLS, _STROKES, _STEPS = 6, 3000, 10
# Colours of strokes away from the whirls and near them, RGB in [0, 255].
_COLD = [(20, 36, 90), (38, 84, 160), (38, 84, 160), (112, 168, 208), (112, 168, 208), (16, 20, 44)]
_WARM = [(244, 208, 88), (232, 140, 48), (246, 240, 214)]


def painting(size: int, seed: int = 0) -> np.ndarray:
    """Returns a painting of strokes along a flow field with whirls, blue with warm rings.

    Args:
        size: Side in pixels; strokes are 2 to 4 pixels wide and 22 long at any size.
        seed: Seed of whirls and strokes.

    Returns:
        float32 RGB in [0, 1], [size, size, 3].
    """
    random = np.random.default_rng(seed)
    side = size * _SCALE
    centres = side * random.random((_WHIRLS, 2))
    radii = side * random.uniform(0.1, 0.3, _WHIRLS)
    turns = random.choice([-1, 1], _WHIRLS)

    def wind(place: np.ndarray) -> np.ndarray:
        across = (place - centres) @ np.array([[0, 1], [-1, 0]])
        lengths = np.linalg.norm(across, axis=1) + 1e-6
        speeds = turns * np.exp(-((lengths / radii) ** 2)) / lengths
        flow = speeds @ across + (0.25, 0.06)
        return flow / np.linalg.norm(flow)

    picture = Image.new("RGB", (side, side), _COLD[0])
    draw = ImageDraw.Draw(picture)
    for _ in range(_STROKES):
        places = [side * random.uniform(-0.05, 1.05, 2)]
        near = (np.linalg.norm(places[0] - centres, axis=1) / radii).min()
        ring = near < 0.5 or (near < 1.1 and int(8 * near) % 2 == 0)
        colors = _WARM if ring and random.random() < 0.8 else _COLD
        color = colors[random.integers(len(colors))] + random.normal(0, 10, 3)
        for _ in range(_STEPS):
            places.append(places[-1] + 2.2 * _SCALE * wind(places[-1]))
        width = _SCALE * int(random.integers(2, 5))
        shade = tuple(int(value) for value in np.clip(color, 0, 255))
        draw.line([tuple(place) for place in places], fill=shade, width=width, joint="curve")
    small = picture.resize((size, size), Image.Resampling.LANCZOS)
    return np.asarray(small, np.float32) / 255
