import type { Phase } from '../inject/types';
import type { Client } from './client';

const WORDS: Record<Phase, string> = {
  inspect: 'Looking at the process',
  preflight: 'Checking that it can be attached to',
  place: 'Placing the agent',
  arm: 'Asking the interpreter to run the agent',
  wake: 'Waiting until Python takes the request',
  seen: 'Connecting to the agent',
  connected: 'Connected',
};

let sessions = 0;

/** Shows the phases of one attach to a client that can show progress. Its id is what a client cancels. */
export class AttachProgress {
  readonly id = `pylatch-attach-${++sessions}`;
  private open = false;

  constructor(private readonly client: Client) {}

  start(pid: number, requestId: number): void {
    if (!this.client.supportsProgress) return;
    this.open = true;
    this.client.event('progressStart', {
      progressId: this.id,
      title: `Attaching to Python process ${pid}`,
      requestId,
      cancellable: true,
    });
  }

  phase(phase: Phase, detail?: string): void {
    this.note(detail === undefined ? WORDS[phase] : `${WORDS[phase]}: ${detail}`);
  }

  /** Shows what happens outside of the phases. */
  note(message: string): void {
    if (this.open) this.client.event('progressUpdate', { progressId: this.id, message });
  }

  end(): void {
    if (!this.open) return;
    this.open = false;
    this.client.event('progressEnd', { progressId: this.id });
  }
}
