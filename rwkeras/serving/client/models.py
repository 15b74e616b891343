"""Default names of served models."""

# By task.
MODELS = {
    "style": "multiscale_style",
    "texture": "multiscale_texture",
    "invert": "ranvgg_invert",
    "decoder": "decoder",
}
