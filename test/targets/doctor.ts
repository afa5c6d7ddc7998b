import assert from 'node:assert/strict';
import { diagnose } from '../../src/inject/preflight';
import { listPythonProcesses } from '../../src/inject/processes';
import type { Kind, Running } from './kind';

/**
 * What is told of a target before an attach must fit what comes of one. Some refusals cannot be seen from outside
 * (an audit hook, a full disk); but whoever can be attached to is listed, and no refusal is made up.
 */
export async function checkDoctor({ expect }: Kind, { pid }: Running): Promise<void> {
  const { process: told } = await diagnose(pid);
  const refusals = told.findings.filter(({ severity }) => severity === 'refusal').map(({ id }) => id);
  if (expect !== 'attached') {
    assert.ok(refusals.length === 0 || refusals.includes(expect), refusals.join());
    return;
  }
  assert.deepEqual(refusals, []);
  const listed = (await listPythonProcesses()).find((one) => one.pid === pid);
  assert.equal(listed?.attachable, true, 'it is in the list of processes');
  assert.equal(listed.label, told.label);
}
