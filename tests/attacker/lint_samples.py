"""Certificates that an authority must not sign: for each lint some, each a sound one with one
change; and the sound ones, which name no lint and must pass."""

from . import lint_extensions, lint_fields
from .lint_sound import SAMPLES

# Each adds its own where it is loaded.
PARTS = (lint_fields, lint_extensions)

__all__ = ["PARTS", "SAMPLES"]
