"""Whose code it is."""

import sys
import types
import unittest

from support import ROOT

sys.path.insert(0, str(ROOT / 'src'))

from agent.whose import EXCLUDED, GENERATED, LIBRARY, MINE, PACKAGE, Whose  # noqa: E402

STDLIB = f'{sys.prefix}/lib/python3.{sys.version_info[1]}'


def frame(name, **names):
    """What is asked of a frame: its code's file and its module's names."""
    code = types.SimpleNamespace(co_filename=name)
    return types.SimpleNamespace(f_code=code, f_globals=names)


class OriginTest(unittest.TestCase):
    def origins(self, whose, *names):
        return [whose.origin(frame(name)) for name in names]

    def test_by_the_folder(self):
        whose = Whose([])
        library = self.origins(whose, f'{STDLIB}/textwrap.py', f'{STDLIB}/json/decoder.py', '<frozen os>')
        self.assertEqual(library, [LIBRARY] * 3)
        packages = self.origins(
            whose,
            f'{STDLIB}/site-packages/flask/app.py',
            '/usr/lib/python3/dist-packages/apt/cache.py',
            '/home/me/shop/.venv/lib/python3.14/site-packages/x.py',
        )
        self.assertEqual(packages, [PACKAGE] * 3)
        mine = self.origins(
            whose,
            f'{sys.prefix}/local/app/main.py',
            f'{sys.prefix}/lib/shop/main.py',
            '/home/me/shop/app.pyz/main.py',
            '/home/me/library/src/editable.py',
        )
        self.assertEqual(mine, [MINE] * 4)

    def test_by_rules_of_which_the_longest_wins(self):
        whose = Whose(
            [
                {'path': '/home/me/shop', 'include': False},
                {'path': '/home/me/shop/core/', 'include': True},
                {'path': f'{STDLIB}/textwrap.py', 'include': True},
            ]
        )
        found = self.origins(
            whose, '/home/me/shop/a.py', '/home/me/shop/core/b.py', '/home/me/shopping.py', f'{STDLIB}/textwrap.py'
        )
        self.assertEqual(found, [EXCLUDED, MINE, MINE, MINE])

    def test_of_code_without_a_file(self):
        whose = Whose([])
        self.assertEqual(whose.origin(frame('<string>', __name__='__main__')), MINE)
        self.assertEqual(whose.origin(frame('<string>', __name__='app', __file__='/home/me/app.py')), GENERATED)
        self.assertEqual(whose.origin(frame('<string>', __name__='namedtuple_Point')), GENERATED)
        self.assertEqual(whose.origin(frame('<rules>', __name__='app', __file__='/home/me/app.py')), MINE)
        self.assertEqual(whose.origin(frame('<rules>', __name__='enum', __file__=f'{STDLIB}/enum.py')), LIBRARY)


if __name__ == '__main__':
    unittest.main()
