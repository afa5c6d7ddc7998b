"""Runs one test file of the standard library by its own test runner, and notes how each test ended.

    python child.py '{"notes": FILE, "folder": FOLDER, "module": NAME, "edits": [...], "patterns": [...]}'

FILE gets one line of JSON for each outcome, FOLDER is for temporary files, `edits` are texts of the test file with
what is put in their place, `patterns` choose tests as `-m` of regrtest does. Before anything of the tests is loaded it
prints `ready` and waits for a line, so that a debugger can attach at leisure.
"""

import json
import os
import sys


def recording(base, path):
    """A test result like `base` that also writes each outcome down at once: a crash must not take them along."""
    own = os.getpid()

    class Recording(base):
        def note(self, test, outcome, error=None):
            if os.getpid() != own:
                return  # a fork of a test that fell back into the runner
            detail = f'{error[0].__name__}: {error[1]}' if error else ''
            line = json.dumps({'test': test.id(), 'outcome': outcome, 'detail': detail}) + '\n'
            fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            os.write(fd, line.encode())
            os.close(fd)

        def startTest(self, test):
            self.note(test, 'no end')
            super().startTest(test)

        def addSuccess(self, test):
            self.note(test, 'ok')
            super().addSuccess(test)

        def addFailure(self, test, err):
            self.note(test, 'failed', err)
            super().addFailure(test, err)

        def addError(self, test, err):
            self.note(test, 'error', err)
            super().addError(test, err)

        def addSubTest(self, test, subtest, err):
            if err is not None:
                self.note(test, 'failed' if issubclass(err[0], test.failureException) else 'error', err)
            super().addSubTest(test, subtest, err)

        def addSkip(self, test, reason):
            self.note(test, 'skipped')
            super().addSkip(test, reason)

        def addExpectedFailure(self, test, err):
            self.note(test, 'expected failure')
            super().addExpectedFailure(test, err)

        def addUnexpectedSuccess(self, test):
            self.note(test, 'unexpected success')
            super().addUnexpectedSuccess(test)

    return Recording


def load_edited(module, edits):
    """Imports a module with some texts of its source replaced; its file name stays."""
    from importlib.util import find_spec, module_from_spec

    spec = find_spec(module)
    source = spec.loader.get_source(module)
    for old, new in edits:
        if old not in source:
            raise ValueError(f'{module} does not contain {old!r}')
        source = source.replace(old, new)
    sys.modules[module] = module_from_spec(spec)
    exec(compile(source, spec.origin, 'exec'), vars(sys.modules[module]))


def run(notes, folder, module, edits, patterns):
    # The folder of this file would not be there under `python -m test`.
    del sys.path[0]
    sys.stdout.write('ready\n')
    sys.stdout.flush()
    sys.stdin.readline()
    from test.libregrtest import main, testresult

    testresult.RegressionTestResult = recording(testresult.RegressionTestResult, notes)
    if edits:
        load_edited(module, edits)
    chosen = [part for pattern in patterns for part in ('-m', pattern)]
    sys.argv[1:] = ['-v', '--fail-env-changed', '--tempdir', folder, *chosen, module]
    main.main()


if __name__ == '__main__':
    run(**json.loads(sys.argv[1]))
