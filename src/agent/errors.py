"""A request that the agent refuses."""


class Refusal(Exception):
    """`id` is one of `src/common/errors.ts`, `text` a sentence for the user."""

    def __init__(self, id: str, text: str) -> None:
        super().__init__(text)
        self.id = id
        self.text = text
