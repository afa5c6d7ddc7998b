"""The C module behind `json`: the names that the agent uses."""

from collections.abc import Callable
from typing import Any

class make_encoder:
    def __init__(
        self,
        markers: dict[int, Any] | None,
        default: Callable[[Any], Any],
        encoder: Callable[[str], str],
        indent: str | None,
        key_separator: str,
        item_separator: str,
        sort_keys: bool,
        skipkeys: bool,
        allow_nan: bool,
        /,
    ) -> None: ...
    def __call__(self, value: Any, level: int, /) -> tuple[str, ...]: ...

class make_scanner:
    def __init__(self, context: object, /) -> None: ...
    def __call__(self, text: str, index: int, /) -> tuple[dict[str, Any] | list[Any] | str | float | bool | None, int]: ...

def encode_basestring_ascii(text: str, /) -> str: ...
