"""Makes the agent's files: `agent-<minor>.bin` (see `packed`) for the Python that runs this, `agent.src` (the sources,
for a Python of another build), and `stub.py`. Usage: compile_agent.py SOURCES OUT."""

import ast
import importlib.util
import marshal
import shutil
import sys
import types
from pathlib import Path


class Bare(ast.NodeTransformer):
    """Drops annotations: each function's would be a function and a code object more in the target's memory."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        if node.value is None:
            return ast.copy_location(ast.Pass(), node)
        assign = ast.Assign(targets=[node.target], value=node.value)
        return ast.copy_location(assign, node)


def compiled(name: str, text: str) -> types.CodeType:
    tree = ast.fix_missing_locations(Bare().visit(ast.parse(text)))
    return compile(tree, f'<pylatch>/{name}.py', 'exec', dont_inherit=True, optimize=2)


def packed(codes: dict[str, types.CodeType]) -> bytes:
    """The magic number, a marshalled table, and the modules one by one, marshalled too: a session makes code of those
    only that it needs. The table has the code of `boot` and for the others where they begin and end, counted from
    the end of the file, so that it does not depend on its own length."""
    parts = {name: marshal.dumps(code) for name, code in codes.items() if name != 'boot'}
    table: dict[str, object] = {'boot': codes['boot']}
    left = sum(map(len, parts.values()))
    for name, part in parts.items():
        table[name] = (left, left - len(part))
        left -= len(part)
    return importlib.util.MAGIC_NUMBER + marshal.dumps(table) + b''.join(parts.values())


def main(sources: Path, out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    modules = {path.stem: path.read_text('utf-8') for path in sorted(sources.glob('*.py')) if path.stem != 'stub'}
    codes = {name: compiled(name, text) for name, text in modules.items()}
    minor = '.'.join(str(part) for part in sys.version_info[:2])
    (out / f'agent-{minor}.bin').write_bytes(packed(codes))
    # A form feed starts each module, its name ends at the line's end: what stub.py splits by.
    (out / 'agent.src').write_text(''.join(f'\f{name}\n{text}' for name, text in modules.items()), 'utf-8')
    shutil.copy(sources / 'stub.py', out / 'stub.py')


if __name__ == '__main__':
    main(Path(sys.argv[1]), Path(sys.argv[2]))
