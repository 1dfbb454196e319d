"""What the environment says to a node: Kong's variables, and those that programs share. What cannot be
followed is told in words."""

from gateway.settings.parsing import Listener
from gateway.settings.variables import LOG_LEVELS, VARIABLES, Settings, Variable

__all__ = ["LOG_LEVELS", "VARIABLES", "Listener", "Settings", "Variable"]
