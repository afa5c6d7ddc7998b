import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What is placed in the target's reach. */
export interface AgentAssets {
  /** Text of the stub, with its placeholders. */
  stub: string;
  /** Source text of the agent, for a Python whose byte code is not the one below. */
  source: Buffer;
  /** The agent as byte code of that minor version, where the build made one. */
  code?: Buffer;
}

/** Reads the built agent: beside the bundle, or in `dist` when run from source. */
export function agentAssets(minor: number): AgentAssets {
  const folder = existsSync(join(__dirname, 'agent', 'stub.py'))
    ? join(__dirname, 'agent')
    : join(__dirname, '..', '..', 'dist', 'agent');
  const code = join(folder, `agent-3.${minor}.bin`);
  return {
    stub: readFileSync(join(folder, 'stub.py'), 'latin1'),
    source: readFileSync(join(folder, 'agent.src')),
    ...(existsSync(code) ? { code: readFileSync(code) } : {}),
  };
}
