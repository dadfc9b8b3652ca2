"""hullmark for Python: the engine's answers, converted and nothing more."""

from hullmark._hullmark import version

__all__ = ["version"]
