"""Log messages: text with `{expressions}`, by the rules of f-strings.

`{{` and `}}` are braces; `{value!r}`, `{value:>8}`, `{value:{width}}` and `{value=}` mean what they mean there. The
text of a value is that of `str()`, which may be code of the program. An expression that fails shows its error in its
place.
"""

from .conditions import Expression

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType
    from typing import Any

CONVERSIONS: dict[str, Callable[[Any], Any]] = {'r': repr, 's': str, 'a': ascii, '': lambda value: value}
OPENING = '([{'
CLOSING = ')]}'
UNCLOSED = 'A "{" is not closed: write "{{" for a brace'


class BadTemplate(Exception):
    """Why a text is no template, in words."""


class Field:
    """One expression in braces."""

    def __init__(self, expression: Expression, convert: Callable[[Any], Any], spec: Template) -> None:
        self.expression = expression
        self.convert = convert
        self.spec = spec

    def text(self, frame: FrameType) -> str:
        """Raises what the expression or the value's text raises."""
        convert, spec = self.convert, self.spec.text(frame)
        return self.expression.value(frame, lambda value: format(convert(value), spec))


class Template:
    def __init__(self, parts: list[str | Field]) -> None:
        self.parts = parts

    def text(self, frame: FrameType, failed: Callable[[BaseException], str] | None = None) -> str:
        """The whole text. `failed` gives what is shown for an expression that raises; without, it is raised."""
        parts: list[str] = []
        for part in self.parts:
            try:
                parts.append(part if isinstance(part, str) else part.text(frame))
            except BaseException as error:
                if failed is None:
                    raise
                parts.append(failed(error))
        return ''.join(parts)


class Reader:
    """Reads a template from the left to the right."""

    def __init__(self, text: str, number: int) -> None:
        self.source = text
        self.number = number
        self.at = 0

    def template(self, inner: bool = False) -> Template:
        """Up to the end, or with `inner` (in a format) up to the brace that closes the field."""
        parts: list[str | Field] = []
        while (char := self.peek()) and not (char == '}' and inner):
            self.at += 1
            if char in '{}' and self.peek() == char and not inner:
                self.at += 1
            elif char == '{':
                parts += self.field()
                continue
            elif char == '}':
                raise BadTemplate('A single "}" is not allowed: write "}}" for a brace')
            parts.append(char)
        return Template(parts)

    def field(self) -> list[str | Field]:
        """What is between braces; of `value=` also the text before."""
        start = self.at
        self.skip_expression()
        if not self.peek():
            raise BadTemplate(UNCLOSED)
        text = self.source[start : self.at]
        label = text if text.rstrip().endswith('=') else ''
        text = text.strip().removesuffix('=')
        expression = Expression(text, self.number)
        if expression.problem:
            raise BadTemplate(f'"{text}" is no expression: {expression.problem}')
        conversion = self.conversion()
        spec = self.spec()
        if label and spec is None:
            conversion = conversion or 'r'
        if self.peek() != '}':
            raise BadTemplate(UNCLOSED)
        self.at += 1
        return [label, Field(expression, CONVERSIONS[conversion], spec or Template([]))]

    def conversion(self) -> str:
        if self.peek() != '!':
            return ''
        letter = self.source[self.at + 1 : self.at + 2]
        if letter not in CONVERSIONS or not letter:
            raise BadTemplate(f'"!{letter}" is none of "!r", "!s" and "!a"')
        self.at += 2
        return letter

    def spec(self) -> Template | None:
        if self.peek() != ':':
            return None
        self.at += 1
        return self.template(inner=True)

    def peek(self) -> str:
        return self.source[self.at : self.at + 1]

    def skip_expression(self) -> None:
        """Up to what ends an expression in an f-string: outside of brackets and texts a colon, a brace, or a "!" that
        is not of "!="."""
        depth = 0
        while self.at < len(self.source):
            char = self.source[self.at]
            if char in '\'"':
                self.skip_text(char)
                continue
            if depth == 0 and (char in '}:' or (char == '!' and self.source[self.at + 1 : self.at + 2] != '=')):
                return
            depth += (char in OPENING) - (char in CLOSING)
            self.at += 1

    def skip_text(self, quote: str) -> None:
        triple = self.source.startswith(quote * 3, self.at)
        end = quote * 3 if triple else quote
        self.at += len(end)
        while self.at < len(self.source) and not self.source.startswith(end, self.at):
            self.at += 2 if self.source[self.at] == '\\' else 1
        self.at += len(end)


def read_template(text: str, number: int) -> Template:
    """Raises `BadTemplate`. `number` is the breakpoint's id."""
    return Reader(text, number).template()
