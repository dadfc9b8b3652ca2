__all__ = ["version"]

def version() -> str:
    """Version of the engine, such as ``0.1.0``."""
