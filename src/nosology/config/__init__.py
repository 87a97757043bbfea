"""The configuration of a whole job: its fields with their defaults, and how a file or the command line sets them."""

from nosology.config.fields import (
    AUTO_BATCH,
    EMBEDDED_MODEL,
    Config,
    ConfigSection,
    CourseConfig,
    EvaluateConfig,
    ModelConfig,
    PrepareConfig,
    TrainConfig,
)
from nosology.config.loading import config_file, field_names, load_config, shipped_config, shipped_configs

__all__ = [
    "AUTO_BATCH",
    "EMBEDDED_MODEL",
    "Config",
    "ConfigSection",
    "CourseConfig",
    "EvaluateConfig",
    "ModelConfig",
    "PrepareConfig",
    "TrainConfig",
    "config_file",
    "field_names",
    "load_config",
    "shipped_config",
    "shipped_configs",
]
