/**
 * Scenarios: a small program, what a client does while it runs, and the transcript that must come of it.
 *
 * A program is running when it is attached to. It stands in `gate()` then, a function that the framework gives it,
 * until the script's `go()` opens that; what comes before in the program has run (a generator is suspended, a thread
 * started). A program in one file gets `from gate import gate` as its first line, and, where it defines `main()` and has
 * no line `gate()` that is not indented, the lines `gate()` and `main()` at its end. A program in several files
 * (`Program`: modules, archives, links, `-m`) imports and calls it where it likes. `go()` is `configured()` and
 * `open()`; a second call of `gate()` takes a second `open()`. Lines that end with `#@name` are named.
 *
 *     {
 *       name: 'a breakpoint stops before its line runs',
 *       program: `
 *     def main():
 *         number = 1
 *         number = 2  #@two
 *         print(number)  #@print
 *     `,
 *       async script(d) {
 *         await d.breakpoints('two');
 *         await d.go();
 *         await d.stop();
 *         await d.locals('number');
 *         await d.next();
 *         await d.continue();
 *         await d.end();
 *         await d.printed();
 *       },
 *       expect: `
 *         breakpoint @two: verified
 *         stopped breakpoint: main @two
 *         locals: number=1
 *         next -> step: main @print
 *         ended
 *         printed: 2
 *       `,
 *     }
 *
 * The program is attached to before the script starts; the script sets breakpoints, calls `go()`, and so on. The
 * transcript has no numbers, paths or times of one run: lines are `@marker`, or the line's text in quotes where it has
 * none; code of other files is `(file.py)`; functions go by the last part of their name; the thread is told, in
 * brackets, unless it is the main one; `[unnamed]` without a name of the program's. What each verb writes:
 *
 *     breakpoints('a', {at: 'b', condition: 'n > 2'})   breakpoint @a: verified   | unverified
 *                                                        breakpoint @b: verified @c   (it was moved)
 *     functionBreakpoints('f')                          function f: verified
 *     dataBreakpoints('n', {of: 'order', name: 'sum'})  data n: verified
 *                                                        data order sum: verified   | cannot be watched
 *     exceptions('raised', {filter, condition})         nothing
 *     locations('a', 'b')                               locations: @a, @b
 *     changed()          changed: breakpoint @a: verified         (waits for the event)
 *     stop()             stopped breakpoint: f @a [worker]        (waits for it; `where: 'function'`: no line)
 *     next() stepIn({target}) stepOut()   next -> step: f @b      stepIn g -> step: g @c
 *     goto('a')          goto @a -> goto: f @a                    restartFrame()   restartFrame -> restart: f @a
 *     continue() pause() go() configured() open() reattach() thread() frame()  nothing
 *     stack()            stack: g @c < f @b < <module> @a         (frames of the program's files)
 *     locals('n', 's')   locals: n=1, s='x'                       setVariable('n', '2')   set n: 2
 *     evaluate('n + 1')  evaluate n + 1: 2                        (or the kind of error)
 *     run('n += 1')      nothing                                  (as typed into the console)
 *     value('n')         nothing; gives the text                  threadNames(): gives the names
 *     exceptionInfo()    exception KeyError: 'x' (always)         ({chain: true}: <- ValueError: y)
 *     hits()             hit breakpoint @a                        (what the stop named)
 *     log()              log: text                                (output of the debugger, waits for it)
 *     printed('text')    printed: text | more                     (by the program since last time)
 *     threads()          threads: MainThread, worker
 *     show('thread')     event thread started                     (where it came among the others, from now on)
 *     ask(command, args) command: refused, or nothing; gives the body. note(line) writes a line of the script's own.
 *     disconnect()       disconnected
 *     end()              ended | ended with 1                     (waits for `terminated` and the program's end)
 *     exits()            exited                                   (waits for the program's end after a disconnect)
 *     sorted(async () => ...)   the lines that come meanwhile are sorted
 *
 * `refused`, in all of them, is a failed answer: how it is worded is no matter of scenarios. What nobody asked for
 * becomes lines at the end (`not asked for: stopped breakpoint`). A wait that is in vain cuts the scenario short, and
 * its last line says so (`no stop`, `no answer to goto`, `not offered: setDataBreakpoints`).
 *
 * Scenarios are in `test/dap/scenarios`. To run some: `node --import tsx --test --test-name-pattern 'two threads'
 * test/dap/conformance.test.ts` (after `node scripts/build.mjs`).
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Debugger } from './scenario/debuggers';
import type { Program } from './scenario/program';
import { asProgram, Running } from './scenario/program';
import { CutShort } from './scenario/session';
import { expectedLines, Transcript } from './scenario/transcript';
import { Verbs } from './scenario/verbs';

export type { Program } from './scenario/program';
export type { Verbs } from './scenario/verbs';

export interface Scenario {
  /** Unique among all; reads as a statement of what a debugger does. */
  name: string;
  /** One file's text, or several files. */
  program: string | Program;
  /** Further attach arguments. */
  attach?: object;
  /** The only version on which it makes sense, `3.15` for example. */
  only?: string;
  script(d: Verbs): Promise<void>;
  /** One line for each thing that happens; indents and blank lines do not count. */
  expect: string;
}

export interface Outcome {
  expected: string[];
  got: string[];
  /** The last line, where the script did not come to its end. */
  cutShort: string | undefined;
  /** What helps to understand a difference: the last messages, what the program wrote as errors. */
  hints: string;
}

/** Drives a scenario against a debugger, with a fresh program. Nothing that it started is left. */
export async function runScenario(scenario: Scenario, kind: Debugger, python: string): Promise<Outcome> {
  const transcript = new Transcript();
  const program = await Running.start(asProgram(scenario.program), python);
  const verbs = new Verbs(kind, await kind.connect(), program, transcript, scenario.attach ?? {});
  try {
    await verbs.attach();
    const cutShort = await play(scenario, verbs, transcript, kind.limits.script);
    const hints = `${verbs.lastMessages()}\n${program.errors()}`;
    return { expected: expectedLines(scenario.expect), got: [...transcript.lines], cutShort, hints };
  } finally {
    await verbs.close();
    await program.kill();
  }
}

/** The script up to its end, or up to where it is cut short: the line that says so. */
async function play(
  { script }: Scenario,
  verbs: Verbs,
  transcript: Transcript,
  limitMs: number,
): Promise<string | undefined> {
  const limit = new AbortController();
  const late = delay(limitMs, undefined, { signal: limit.signal }).then(
    () => Promise.reject(new CutShort(`not done after ${limitMs / 1000} s`)),
    () => undefined,
  );
  const played = script(verbs);
  played.catch(() => undefined);
  try {
    await Promise.race([played, late]);
    verbs.leftOver();
    return undefined;
  } catch (error) {
    if (!(error instanceof CutShort)) throw error;
    transcript.add(error.message);
    return error.message;
  } finally {
    limit.abort();
  }
}
