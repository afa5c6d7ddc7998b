"""The C module behind `os`, with the private function that the agent uses."""

from os import *

def _path_normpath(path: str, /) -> str: ...
