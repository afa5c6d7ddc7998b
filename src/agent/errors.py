"""Exceptions that several parts of the agent know."""


class Refusal(Exception):
    """A request that is refused. `id` is one of `src/common/errors.ts`, `text` a sentence for the user."""

    def __init__(self, id: str, text: str) -> None:
        super().__init__(text)
        self.id = id
        self.text = text


class Handed(BaseException):
    """Carries an exception that a signal handler of the program raised while an expression was evaluated. It is raised
    in the program, and the hit is not looked at again."""

    def __init__(self, error: BaseException) -> None:
        self.error = error
