/** What is instrumented, in words. No `vscode` here: a plain function over data. */
import type { Instrumentation } from '../common/wire';

/** @param names what the user calls the breakpoints, by their numbers; those without a name are left out */
export function instrumentationText(
  { codeObjects, everywhere, hits }: Instrumentation,
  names: ReadonlyMap<number, string>,
): string {
  if (codeObjects.length + everywhere.length === 0) return 'Nothing is switched on in the program.';
  return [
    `Functions with events of their own: ${codeObjects.length}`,
    ...codeObjects.map(
      ({ name, path, line, events, why }) =>
        `  ${name} (${path}:${line}): ${events.join(', ')}; ${why.join(', ')}`,
    ),
    `Events that are on for all code: ${everywhere.length}`,
    ...everywhere.map(({ event, why, cost }) => `  ${event}: ${why.join(', ')}; costs ${cost}`),
    ...Object.entries(hits).flatMap(([id, count]) => reached(names.get(Number(id)), count)),
  ].join('\n');
}

function reached(name: string | undefined, count: number): string[] {
  if (name === undefined) return [];
  return [`The breakpoint at ${name} was reached ${count === 1 ? 'once' : `${count} times`}.`];
}
