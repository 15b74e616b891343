"""A SavedModel as TensorFlow Serving's Predict runs it: by a signature's names."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from tests.serving.c_api import Session, StatusError
from tests.serving.saved_model import Signature, Signatures


class ServedModel:
    """A SavedModel, loaded and ready."""

    def __init__(
        self,
        export_dir: str | Path,
        tags: Sequence[str] = ("serve",),
        config: bytes | None = None,
    ) -> None:
        """Loads it; see `tests.serving.c_api.Session`."""
        self.session = Session(export_dir, tags, config)
        self.signatures = Signatures(export_dir, tags)

    def predict(
        self,
        signature_name: str,
        inputs: Mapping[str, np.ndarray],
        timeout: float | None = None,
    ) -> dict[str, np.ndarray]:
        """Answers one request.

        Args:
            signature_name: The signature's name.
            inputs: Its inputs by their names. Those that have a default may be left out. Nothing
                but the names is checked, as in the server.
            timeout: After how many seconds the run is to be cancelled; None for no limit.

        Returns:
            All its outputs by their names.

        Raises:
            StatusError: What the server answers.
        """
        if signature_name not in self.signatures:
            message = f'Serving signature key "{signature_name}" not found.'
            raise StatusError("FAILED_PRECONDITION", message)
        signature = self.signatures[signature_name]
        feeds = _feeds(signature, inputs)
        values = self.session.run(feeds, list(signature.outputs.values()), timeout)
        return dict(zip(signature.outputs, values, strict=True))

    def close(self) -> None:
        """Frees what it holds."""
        self.session.close()

    def __enter__(self) -> "ServedModel":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _feeds(signature: Signature, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Returns what is fed: the inputs, and the defaults of those that are left out."""
    defaults = {
        name: spec.default for name, spec in signature.inputs.items() if spec.default is not None
    }
    missing = signature.inputs.keys() - inputs.keys() - defaults.keys()
    extra = inputs.keys() - signature.inputs.keys()
    if missing or extra:
        message = f"The signature lacks {sorted(extra)}; the request lacks {sorted(missing)}."
        raise StatusError("INVALID_ARGUMENT", message)
    values = {**defaults, **inputs}
    return {spec.tensor: values[name] for name, spec in signature.inputs.items()}
