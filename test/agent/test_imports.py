"""The agent imports itself and what costs the target next to nothing: C modules of the standard library."""

import ast
import pathlib
import subprocess
import sys
import unittest

AGENT = pathlib.Path(__file__).parents[2] / 'src' / 'agent'
FILES = sorted(AGENT.glob('*.py'))
# Written in Python, but small, and it imports nothing heavy.
CHEAP = {'linecache'}
# Imported on Windows only.
WINDOWS = {'nt', '_winapi', 'msvcrt'}

# Prints the modules written in Python which the modules named by the arguments bring into a bare interpreter.
PROBE = """
import sys
before = set(sys.modules)
for name in sys.argv[1:]:
    __import__(name)
for name in set(sys.modules) - before:
    if getattr(sys.modules[name].__spec__, 'origin', '').endswith('.py'):
        print(name)
"""


def is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == 'TYPE_CHECKING'


def imports_of(node: ast.AST) -> list[ast.Import | ast.ImportFrom]:
    """All imports below `node` which happen at run time."""
    found = []
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            found.append(child)
        elif not is_type_checking(child):
            found += imports_of(child)
    return found


def absolute_names(source: str) -> set[str]:
    names = set()
    for node in imports_of(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif node.level == 0:
            names.add(node.module or '')
    return names


def brought(names: set[str]) -> set[str]:
    command = [sys.executable, '-I', '-S', '-c', PROBE, *sorted(names)]
    return set(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split())


class ImportsTest(unittest.TestCase):
    def test_agent_imports_only_what_is_cheap(self) -> None:
        names = set().union(*(absolute_names(file.read_text()) for file in FILES)) - WINDOWS
        self.assertIn('_thread', names)
        self.assertEqual(names - sys.stdlib_module_names, set(), 'not of the standard library')
        self.assertEqual(brought(names) - CHEAP, set(), 'written in Python: these cost the target time and memory')

    def test_an_expensive_import_would_be_found(self) -> None:
        source = 'def f():\n    import json\n'
        self.assertIn('json.decoder', brought(absolute_names(source)))

    def test_relative_imports_name_files(self) -> None:
        for file in FILES:
            for node in imports_of(ast.parse(file.read_text())):
                if isinstance(node, ast.ImportFrom) and node.level:
                    with self.subTest(file=file.name, module=node.module):
                        self.assertEqual(node.level, 1)
                        self.assertTrue((AGENT / f'{node.module}.py').exists())

    def test_files_are_short(self) -> None:
        lengths = {file.name: len(file.read_text().splitlines()) for file in FILES}
        self.assertGreater(len(lengths), 0)
        self.assertEqual({name: n for name, n in lengths.items() if n > 500}, {})


if __name__ == '__main__':
    unittest.main()
