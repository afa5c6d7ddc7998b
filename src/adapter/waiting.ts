import type { DebugProtocol } from '@vscode/debugprotocol';
import { defined } from './arguments';

type Breakpoint = DebugProtocol.Breakpoint;
type Named = Pick<Breakpoint, 'id' | 'line'>;

/** How breakpoints of every kind are answered before the agent is there. */
export function waiting(list: readonly Named[]): { breakpoints: Breakpoint[] } {
  return { breakpoints: unverified(list, 'Pylatch has not attached yet.', 'pending') };
}

/**
 * What the agent says of a list that has waited for it; of a list that it refuses, why, for each. The attach goes on
 * in either case.
 */
export async function delivered(
  list: readonly Named[],
  answer: Promise<{ breakpoints: Breakpoint[] }>,
): Promise<Breakpoint[]> {
  const { breakpoints } = await answer.catch((error: Error) => ({
    breakpoints: unverified(list, error.message, 'failed'),
  }));
  return breakpoints;
}

function unverified(list: readonly Named[], message: string, reason: 'pending' | 'failed'): Breakpoint[] {
  return list.map(({ id, line }) => defined<Breakpoint>({ id, verified: false, line, message, reason }));
}
