"""Makes the agent's files: `agent-<minor>.bin` (marshalled code behind the magic number) for the Python that runs
this, `agent.src` (the sources, for a Python of another build), and `stub.py`. Usage: compile_agent.py SOURCES OUT."""

import importlib.util
import marshal
import shutil
import sys
from pathlib import Path


def main(sources: Path, out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    modules = {path.stem: path.read_text('utf-8') for path in sorted(sources.glob('*.py')) if path.stem != 'stub'}
    codes = {
        name: compile(text, f'<pylatch>/{name}.py', 'exec', dont_inherit=True, optimize=2)
        for name, text in modules.items()
    }
    minor = '.'.join(str(part) for part in sys.version_info[:2])
    (out / f'agent-{minor}.bin').write_bytes(importlib.util.MAGIC_NUMBER + marshal.dumps(codes))
    # A form feed starts each module, its name ends at the line's end: what stub.py splits by.
    (out / 'agent.src').write_text(''.join(f'\f{name}\n{text}' for name, text in modules.items()), 'utf-8')
    shutil.copy(sources / 'stub.py', out / 'stub.py')


if __name__ == '__main__':
    main(Path(sys.argv[1]), Path(sys.argv[2]))
