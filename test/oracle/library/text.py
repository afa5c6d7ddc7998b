"""Runs through modules about text."""

import difflib
import gettext
import html
import html.parser
import inspect
import pprint
import quopri
import shlex
import string
import textwrap

POEM = """\
    The quick brown fox jumps over the lazy dog,
      and a well-known-hyphenated-word follows;  two  spaces too.

    A second paragraph -- short.
"""


def case_textwrap():
    text = textwrap.dedent(POEM)
    filled = textwrap.fill(text, 30, initial_indent='* ', subsequent_indent='  ')
    return filled, textwrap.shorten(text, 20), textwrap.indent(text, '> '), textwrap.wrap('a' * 50, 20)


def case_difflib_lines():
    before = ['one\n', 'two\n', 'three\n', 'four\n']
    after = ['one\n', 'too\n', 'three\n', 'five\n', 'four\n']
    return list(difflib.unified_diff(before, after, 'a', 'b')), list(difflib.context_diff(before, after))


def case_difflib_characters():
    delta = list(difflib.ndiff(['abcdef\n', 'xyz\n'], ['abcxef\n', 'zyx\n']))
    return delta, list(difflib.restore(delta, 2)), difflib.get_close_matches('appel', ['ape', 'apple', 'peach'])


def case_template():
    template = string.Template('$who likes ${what} for $$5')
    return template.substitute(who='tim', what='kung pao'), template.safe_substitute(), template.get_identifiers()


def case_formatter():
    return string.Formatter().format('{0!r:>5} {name[0]} {1.real}', 'a', 2, name=[1]), string.capwords('a bc d')


def case_shlex():
    words = shlex.split("""say "hello there" 'it is' a\\ b # no""", comments=True)
    return words, shlex.join(words), list(shlex.shlex('a = b;c && d', punctuation_chars=True))


def case_html():
    class Parser(html.parser.HTMLParser):
        def __init__(self):
            super().__init__()
            self.found = []

        def handle_starttag(self, tag, attrs):
            self.found.append((tag, attrs))

        def handle_endtag(self, tag):
            self.found.append(tag)

        def handle_data(self, data):
            self.found.append(data)

    parser = Parser()
    parser.feed('<p class="x" id=y>a &amp; b<br/><!-- no --><a href=\'z\'>c</a></p>')
    parser.close()
    return parser.found, html.unescape('&lt;&#65;&nosuch;'), html.escape('<"&>')


def case_pprint():
    data = {'name': ['a' * 30, 'b' * 30, {'c': (1, 2, 3)}], 'x': {1, 2}, 'long': 'word ' * 20}
    return pprint.pformat(data, width=40), pprint.pformat(data, compact=True, depth=2), pprint.isreadable(data)


def case_plural():
    plural = gettext.c2py('n==1 ? 0 : n%10>=2 && n%10<=4 ? 1 : 2')
    return [plural(n) for n in (1, 3, 7)]


def case_quopri():
    return quopri.encodestring(b'caf\xc3\xa9 = x' * 8), quopri.decodestring(b'a=3Db')


def case_signature():
    def function(a, /, b: int = 2, *args, c, d='x', **named) -> str:
        """A docstring.

        With more.
        """

    signature = inspect.signature(function)
    bound = signature.bind(1, 2, 3, c=4, e=5)
    bound.apply_defaults()
    return str(signature), bound.arguments, inspect.getdoc(function), inspect.cleandoc(POEM)
