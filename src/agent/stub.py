# Runs in whichever thread of the target took the request: flat, ASCII, no function call deeper than one, and
# nothing escapes from it (an error here would be printed by the target). It claims the process for one
# session, hands over to a thread of its own, and ends.
try:
    import _thread
    import sys

    if 'nt' in sys.builtin_module_names:
        import nt as posix
    else:
        import posix

    pylatch_binary = getattr(posix, 'O_BINARY', 0)

    # An id of the catalogue and a detail. What is raised by other code than ours, an audit hook of the program raises.
    def pylatch_explain(error):
        try:
            trace = error.__traceback__
            while trace.tb_next:
                trace = trace.tb_next
            code = trace.tb_frame.f_code
            what = type(error).__name__ + ': ' + str(error)
            ours = trace.tb_frame.f_globals is pylatch_explain.__globals__
            if not ours and not code.co_filename.startswith(('<pylatch>', '<frozen')):
                where = code.co_name + ' in ' + code.co_filename + ', line ' + str(trace.tb_lineno)
                return 'audit-refused\n' + what + ' (' + where + ').'
            system = isinstance(error, (OSError, MemoryError)) and not isinstance(error, FileNotFoundError)
            if system or what == "RuntimeError: can't start new thread":
                return 'system-refused\n' + what + ('.' if ours else ' (' + code.co_name + ').')
            return 'agent-failed\n' + what + '.'
        except BaseException:
            return 'agent-failed\n' + type(error).__name__ + '.'

    def pylatch_report(text):
        if isinstance(text, BaseException):
            text = pylatch_explain(text)
        fd = posix.open('@ERROR@', posix.O_WRONLY | posix.O_CREAT | pylatch_binary, 0o600)
        posix.write(fd, text.encode('utf-8', 'backslashreplace'))
        posix.close(fd)

    def pylatch_read(path):
        fd = posix.open(path, posix.O_RDONLY | pylatch_binary)
        data = posix.read(fd, posix.fstat(fd).st_size)
        posix.close(fd)
        return data

    # A blob of another minor version would crash the interpreter, hence the magic number before it.
    def pylatch_load():
        import _imp
        import marshal

        try:
            fd = posix.open('@BINARY@', posix.O_RDONLY | pylatch_binary)
            # Modules are read when they are needed. Windows could not remove an open file: there all is read now.
            head = posix.read(fd, posix.fstat(fd).st_size if pylatch_binary else 65536)
            fits = head[:4] == _imp.pyc_magic_number_token.to_bytes(4, 'little')
            if pylatch_binary or not fits:
                posix.close(fd)
            if fits:
                return marshal.loads(memoryview(head)[4:]) | {'': head if pylatch_binary else fd}
        except OSError:
            pass
        codes = {}
        for part in pylatch_read('@SOURCE@').decode().split('\f')[1:]:
            name, source = part.split('\n', 1)
            codes[name] = compile(source, '<pylatch>/' + name + '.py', 'exec', dont_inherit=True, optimize=2)
        return codes

    def pylatch_run():
        try:
            codes = pylatch_load()
            space = {'__builtins__': __builtins__, '__name__': 'boot'}
            exec(codes['boot'], space)
        except BaseException as error:
            sys.__dict__.pop('__pylatch__', None)
            try:
                pylatch_report(error)
            except BaseException:
                pass
            return
        space['run'](codes, pylatch_claim, ('@ADDRESS@', '@FOLDER@', '@PORT@'), '@TOKEN@', pylatch_report)

    pylatch_claim = ['@SESSION@']
    # Several threads may have been armed: the first one to claim serves the session, the others do nothing.
    pylatch_owner = sys.__dict__.setdefault('__pylatch__', pylatch_claim)
    if pylatch_owner is pylatch_claim:
        pylatch_claim.append(_thread.start_joinable_thread(pylatch_run, daemon=True))
    elif pylatch_owner[0] != '@SESSION@':
        pylatch_report('already-attached\n' + pylatch_owner[0])
except BaseException as error:
    # No thread to be had, an audit hook that refuses, or a signal handler of the program that raised in here.
    try:
        if sys.__dict__.get('__pylatch__') is pylatch_claim and len(pylatch_claim) == 1:
            del sys.__dict__['__pylatch__']
            pylatch_report(error)
        if isinstance(error, KeyboardInterrupt):
            _thread.interrupt_main()
    except BaseException:
        pass
