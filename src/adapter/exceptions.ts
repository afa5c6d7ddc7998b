import type { DebugProtocol } from '@vscode/debugprotocol';
import { PylatchError } from '../common/errors';
import type { AgentCommands, ExceptionFilter } from '../common/wire';
import type { AgentLink } from './agentLink';
import type { JsonObject } from './arguments';
import { defined, integer, object, optionalArray, optionalText } from './arguments';
import { EXCEPTION_FILTERS } from './capabilities';
import type { Client } from './client';
import type { Call } from './requests';
import { delivered, waiting } from './waiting';

/** The exception breakpoints of the session, and what is asked about an exception. */
export class Exceptions {
  private filters: ExceptionFilter[] = [];
  private link: AgentLink | undefined;

  constructor(private readonly client: Client) {}

  /** The agent is there: hands it what has waited, and says what cannot work. */
  async connect(link: AgentLink): Promise<void> {
    this.link = link;
    if (this.filters.length === 0) return;
    const answer = link.request('setExceptionBreakpoints', { filters: this.filters });
    const breakpoints = await delivered(this.unnumbered, answer);
    for (const { message } of breakpoints) if (message) this.client.say(message, 'important');
  }

  /** Answers `setExceptionBreakpoints`: in order, the filters and then the filters with options. */
  async set(raw: unknown, call: Call): Promise<DebugProtocol.SetExceptionBreakpointsResponse['body']> {
    this.filters = filtersOf(object(raw, 'arguments of the setExceptionBreakpoints request'));
    if (this.link) return this.link.request('setExceptionBreakpoints', { filters: this.filters }, call);
    return waiting(this.unnumbered);
  }

  /** Unlike other breakpoints they have no numbers by which the client could be told of each later. */
  private get unnumbered(): object[] {
    return this.filters.map(() => ({}));
  }

  /** Answers `exceptionInfo`. */
  info(link: AgentLink, raw: unknown, call: Call): Promise<AgentCommands['exceptionInfo']['body']> {
    const threadId = integer(object(raw, 'arguments of the exceptionInfo request'), 'threadId');
    return link.request('exceptionInfo', { threadId }, call);
  }
}

function filtersOf(args: JsonObject): ExceptionFilter[] {
  if ((optionalArray(args, 'exceptionOptions') ?? []).length > 0) {
    const text = 'Pylatch does not support "exceptionOptions".';
    throw new PylatchError('not-supported', text, 'Use "filterOptions" with a condition.');
  }
  const plain = (optionalArray(args, 'filters') ?? []).map((filterId) => filter({ filterId }, 'filters'));
  const options = (optionalArray(args, 'filterOptions') ?? []).map((item, index) =>
    filter(object(item, `"filterOptions[${index}]"`), 'filterOptions'),
  );
  return [...plain, ...options];
}

function filter(item: JsonObject, list: string): ExceptionFilter {
  const known = EXCEPTION_FILTERS.find(({ filter }) => filter === item['filterId']);
  const condition = optionalText(item, 'condition');
  if (known) return defined<ExceptionFilter>({ filterId: known.filter, condition });
  const names = EXCEPTION_FILTERS.map(({ filter }) => filter).join(', ');
  const given = JSON.stringify(item['filterId']) ?? 'nothing';
  const text = `"${list}" names an exception filter that there is not: ${given}.`;
  throw new PylatchError('bad-arguments', text, `The filters are ${names}.`);
}
