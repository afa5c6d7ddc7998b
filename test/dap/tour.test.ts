import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { assertTicks, DebugRun } from '../support/debugRun';
import { assertMatches } from '../support/matches';
import { interpreters } from '../support/targets';

/** One session from attach to disconnect: each test goes on where the one before has left. */
async function tour(python: string): Promise<void> {
  let run: DebugRun;
  let thread: number;
  let frame: number;

  before(async () => {
    run = await DebugRun.start({ python });
  });
  after(() => run.dispose());

  it('announces the process', async () => {
    const body = await run.client.waitFor('process');
    assertMatches(body, { systemProcessId: run.target.pid, startMethod: 'attach' });
    assert.ok(String(body['name']).endsWith('target.py'), String(body['name']));
  });

  it('shows the progress of the attach and its end', () => {
    assert.equal(run.client.events('progressStart').length, 1);
    assert.ok(run.client.events('progressUpdate').length >= 3);
    assert.equal(run.client.events('progressEnd').length, 1);
  });

  it('lists the threads while the program runs', async () => {
    const { threads } = await run.client.request('threads');
    assert.deepEqual(
      threads.map(({ name }: { name: string }) => name),
      ['MainThread'],
    );
    await assertTicks(run.target);
  });

  it('stops at a breakpoint in the running loop', async () => {
    const [breakpoint] = await run.setBreakpoints('work');
    assertMatches(breakpoint, { verified: true, line: run.target.line('work') });
    const stop = await run.nextStop();
    assertMatches(stop, { reason: 'breakpoint', hitBreakpointIds: [breakpoint!.id] });
    thread = stop.threadId!;
  });

  it('shows the stack', async () => {
    const frames = await run.stack(thread);
    assert.deepEqual(frames.map(({ name }) => name).slice(0, 2), ['work', 'main']);
    assertMatches(frames[0], { line: run.target.line('work'), source: { path: run.target.file } });
    assert.equal(frames[1]!.line, run.target.line('loop'));
    frame = frames[0]!.id;
  });

  it('shows the stack page by page', async () => {
    const all = await run.client.request('stackTrace', { threadId: thread });
    const page = await run.client.request('stackTrace', { threadId: thread, startFrame: 1, levels: 1 });
    assert.equal(page.totalFrames, all.totalFrames);
    assert.deepEqual(
      page.stackFrames.map(({ name }: { name: string }) => name),
      ['main'],
    );
  });

  it('shows the scopes and variables', async () => {
    const locals = await run.locals(frame);
    assert.match(locals['n']!.value, /^\d+$/);
    const { scopes } = await run.client.request('scopes', { frameId: frame });
    assert.ok(scopes.length >= 2, JSON.stringify(scopes));
  });

  it('evaluates in every context', async () => {
    for (const context of ['watch', 'hover', 'repl', 'clipboard', 'variables']) {
      const body = await run.client.request('evaluate', { expression: '1 + 41', frameId: frame, context });
      assert.equal(body.result, '42', context);
    }
    const wrong = await run.client.raw('evaluate', { expression: '1 / 0', frameId: frame, context: 'watch' });
    assert.match(wrong.message ?? '', /ZeroDivisionError/);
  });

  it('shows numbers in hexadecimal when asked', async () => {
    const args = { expression: '255', frameId: frame, context: 'watch', format: { hex: true } };
    assert.equal((await run.client.request('evaluate', args)).result, '0xff');
  });

  it('completes', async () => {
    const { targets } = await run.client.request('completions', { text: 'hel', column: 4, frameId: frame });
    assert.ok(
      targets.some(({ label }: { label: string }) => label.startsWith('helper')),
      JSON.stringify(targets),
    );
  });

  it('sets a variable, and the program works with it', async () => {
    const { scopes } = await run.client.request('scopes', { frameId: frame });
    const { variablesReference } = scopes[0];
    await run.client.request('setVariable', { variablesReference, name: 'n', value: '500' });
    assert.equal((await run.locals(frame))['n']!.value, '500');
    await run.client.request('setExpression', { expression: 'n', value: 'n + 1', frameId: frame });
    assert.equal((await run.client.request('evaluate', { expression: 'n', frameId: frame })).result, '501');
    const wrong = await run.client.raw('setVariable', { variablesReference, name: 'n', value: '1 +' });
    assert.equal(wrong.success, false);
  });

  it('steps over, in and out', async () => {
    assertMatches(await run.until('next', { threadId: thread }), { reason: 'step' });
    assert.equal((await run.top(thread)).line, run.target.line('data'));
    await run.until('next', { threadId: thread });
    const { id, line } = await run.top(thread);
    assert.equal(line, run.target.line('call'));
    const { data } = await run.locals(id);
    assert.equal((await run.variables(data!.variablesReference))["'n'"]?.value, '501');
    await run.until('stepIn', { threadId: thread });
    assertMatches(await run.top(thread), { name: 'helper', line: run.target.line('helper') });
    await run.until('stepOut', { threadId: thread });
    assert.equal((await run.top(thread)).name, 'work');
    await run.until('next', { threadId: thread });
    assert.equal((await run.top(thread)).line, run.target.line('return'));
    assert.equal(
      (await run.client.request('evaluate', { expression: 'result', frameId: (await run.top(thread)).id }))
        .result,
      '1002',
    );
  });

  it('refuses what belongs to an earlier stop', async () => {
    const response = await run.client.raw('scopes', { frameId: frame });
    assert.equal(response.success, false);
    assertMatches(response.body, { error: { id: 1301 } });
  });

  it('knows where breakpoints can be', async () => {
    const source = { path: run.target.file };
    const [line, endLine] = [run.target.line('work') - 1, run.target.line('call')];
    const { breakpoints } = await run.client.request('breakpointLocations', { source, line, endLine });
    const lines = breakpoints.map((location: { line: number }) => location.line);
    for (const marker of ['work', 'data', 'call']) assert.ok(lines.includes(run.target.line(marker)), marker);
  });

  it('serves the text of a source', async () => {
    const { content } = await run.client.request('source', {
      source: { path: run.target.file },
      sourceReference: 0,
    });
    assert.equal(content, readFileSync(run.target.file, 'utf8'));
  });

  it('goes on, and stops again at the breakpoint', async () => {
    const stop = await run.until('continue', { threadId: thread });
    assert.equal(stop.reason, 'breakpoint');
  });

  it('runs on without breakpoints, and pauses on request', async () => {
    await run.setBreakpoints();
    await run.client.request('continue', { threadId: thread });
    await assertTicks(run.target);
    const stop = await run.until('pause', { threadId: thread });
    assert.equal(stop.reason, 'pause');
    const printed = run.target.output().length;
    await sleep(100);
    assert.equal(run.target.output().length, printed);
  });

  it('leaves the stopped program running', async () => {
    await run.client.request('disconnect');
    await run.client.waitFor('terminated');
    const said = run.client.events('output').map(({ output }) => String(output));
    assert.equal(said.length, 1, said.join(''));
    assert.match(said[0]!, /^Attached to .* in \d+ ms\.\n$/);
    await assertTicks(run.target);
    assert.equal(await run.adapter.close(), 0);
    await assertTicks(run.target);
  });
}

void (async () => {
  for (const { version, path } of await interpreters()) describe(`CPython ${version}`, () => tour(path));
})();
