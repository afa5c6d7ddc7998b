import { asPylatchError } from '../common/errors';
import { printableJson } from '../common/printable';
import { toFinding } from '../inject/findings';
import { diagnose } from '../inject/preflight';
import { report } from '../inject/report';
import { parseOrComplain, UsageError, wholeNumber } from './usage';

/** `pylatch doctor`: what stands in the way of an attach, without one. Ends with 1 where something does. */
export async function doctor(args: string[]): Promise<number> {
  const { values, positionals } = parseOrComplain({
    args,
    allowPositionals: true,
    options: { json: { type: 'boolean' } },
  });
  const [text] = positionals;
  if (text === undefined || positionals.length > 1) throw new UsageError('doctor takes a process id');
  const pid = wholeNumber('the process id', text);
  return values.json === true ? printJson(pid) : printReport(pid);
}

async function printReport(pid: number): Promise<number> {
  const diagnosis = await diagnose(pid);
  process.stdout.write(report(diagnosis, Date.now()));
  return diagnosis.process.attachable ? 0 : 1;
}

/** For programs: that there is nothing to examine is told in the same shape. */
async function printJson(pid: number): Promise<number> {
  const print = (result: object): unknown => process.stdout.write(`${printableJson(result)}\n`);
  try {
    const diagnosis = await diagnose(pid);
    print(diagnosis);
    return diagnosis.process.attachable ? 0 : 1;
  } catch (error) {
    print({ process: { pid, attachable: false, findings: [toFinding(asPylatchError(error))] }, threads: [] });
    return 1;
  }
}
