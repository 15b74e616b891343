"""Names that served models have unless others are given."""

# By what a model does.
MODELS = {
    "style": "multiscale_style",
    "texture": "multiscale_texture",
    "invert": "ranvgg_invert",
    "decoder": "decoder",
}
