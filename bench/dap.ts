/** What an editor asks of a debug adapter, in an editor's order. */
import type { Target } from '../test/support/targets';
import type { Session } from './tools';

export interface LineBreakpoint {
  /** The target's line that ends with `#@marker`. */
  marker: string;
  condition?: string;
  hitCondition?: string;
}

/** From the attach request to the answer, breakpoints included. */
export async function attach(
  session: Session,
  target: Target,
  breakpoints: LineBreakpoint[] = [],
  limitMs = 20_000,
): Promise<void> {
  const { client, tool } = session;
  const attached = client.request('attach', tool.attachArguments(target.pid), limitMs);
  const initialized = client.waitFor('initialized', undefined, { limitMs });
  initialized.catch(() => undefined);
  // debugpy answers the attach after the configuration, Pylatch before it; both fail by this answer.
  await Promise.race([initialized, attached.then(() => initialized)]);
  if (breakpoints.length > 0) await setBreakpoints(session, target, breakpoints);
  await client.request('configurationDone');
  await attached;
}

export async function setBreakpoints(
  session: Session,
  target: Target,
  list: LineBreakpoint[],
): Promise<void> {
  const { breakpoints } = await session.client.request('setBreakpoints', {
    source: { path: target.file },
    breakpoints: list.map(({ marker, ...rest }) => ({ line: target.line(marker), ...rest })),
  });
  for (const { verified, message } of breakpoints) {
    if (verified !== true) throw new Error(`a breakpoint is not verified: ${message}`);
  }
}

/** Waits for a stop; gives its thread. */
export async function stopped({ client }: Session): Promise<number> {
  const body = await client.waitFor('stopped');
  return Number(body['threadId']);
}

/** Stack, scopes and locals. @throws Error when there are none */
export async function inspect({ client }: Session, threadId: number): Promise<void> {
  const { stackFrames } = await client.request('stackTrace', { threadId, startFrame: 0, levels: 20 });
  const { scopes } = await client.request('scopes', { frameId: stackFrames[0].id });
  const { variables } = await client.request('variables', {
    variablesReference: scopes[0].variablesReference,
  });
  if (variables.length === 0) throw new Error('the top frame shows no locals');
}

/** `next`, up to its stop. What came before is forgotten, so that the client does not slow down over time. */
export async function next(session: Session, threadId: number): Promise<void> {
  session.client.messages.length = 0;
  const answered = session.client.request('next', { threadId });
  await stopped(session);
  await answered;
}
