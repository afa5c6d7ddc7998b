/** What may stand in a launch configuration of type `pylatch`: its schema, its snippets, its first content. */

interface Schema {
  type?: string | readonly string[];
  enum?: readonly string[];
  enumDescriptions?: readonly string[];
  default?: unknown;
  minimum?: number;
  exclusiveMinimum?: number;
  pattern?: string;
  anyOf?: readonly Schema[];
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: readonly string[];
  markdownDescription?: string;
}

/** The value that makes VS Code open the picker while it resolves the configuration. */
export const PICK_VARIABLE = '${command:pylatch.pickProcess}';

const PATH_MAPPING: Schema = {
  type: 'object',
  required: ['localRoot', 'remoteRoot'],
  default: { localRoot: '${workspaceFolder}', remoteRoot: '/app' },
  properties: {
    localRoot: {
      type: 'string',
      markdownDescription: 'Folder on this side, for example `${workspaceFolder}`.',
    },
    remoteRoot: {
      type: 'string',
      markdownDescription: 'The same folder as the program sees it, for example `/app`.',
    },
  },
};

const CODE_RULE: Schema = {
  type: 'object',
  required: ['path', 'include'],
  properties: {
    path: {
      type: 'string',
      markdownDescription: 'A folder, with all below it, or a file; for example `${workspaceFolder}/vendor`.',
    },
    include: { type: 'boolean', markdownDescription: 'Whether this is your own code.' },
  },
};

/** The attach arguments. Nothing is required: without `pid` the picker opens. */
export const ATTACH_PROPERTIES = {
  pid: {
    type: ['integer', 'string'],
    default: PICK_VARIABLE,
    markdownDescription:
      'The process to attach to: its **id** (`4711` or `"4711"`), a **name** or part of the command line (`"uvicorn shop:app"`), or `"${command:pylatch.pickProcess}"` to pick one from a list. When several processes match a name, the list opens. Left out: the list opens.',
  },
  thread: {
    anyOf: [
      {
        type: 'string',
        enum: ['any', 'main'],
        enumDescriptions: ['Whichever thread can take the request first.', 'Only the main thread.'],
      },
      { type: 'integer', exclusiveMinimum: 0 },
      { type: 'string', pattern: '^[0-9]+$' },
    ],
    default: 'any',
    markdownDescription:
      'Which thread of the program lets the debugger in: `any` (whichever can first), `main`, or a native thread id. Once attached, all threads can be debugged.',
  },
  stopOnEntry: {
    type: 'boolean',
    default: false,
    markdownDescription: 'Stop the program as soon as the debugger is attached.',
  },
  justMyCode: {
    type: 'boolean',
    default: true,
    markdownDescription:
      'Step only through your own code; `false` also steps into the standard library and installed packages.',
  },
  justMyCodeRules: {
    type: 'array',
    items: CODE_RULE,
    markdownDescription:
      'Exceptions from what counts as your own code for `justMyCode`: folders or files that are (`"include": true`) or are not. The longest path that fits wins.',
  },
  pathMappings: {
    type: 'array',
    default: [],
    items: PATH_MAPPING,
    markdownDescription:
      'Folders that have another name for the program than for the editor, as in containers. Breakpoints and sources are translated both ways.',
  },
  timeout: {
    type: 'number',
    exclusiveMinimum: 0,
    default: 20,
    markdownDescription:
      'Seconds that the attach may take. When they are over, the request is taken back: nothing runs later.',
  },
  stopThreads: {
    type: 'string',
    enum: ['all', 'one'],
    enumDescriptions: ['A stop halts every thread.', 'A stop halts one thread; the others go on serving.'],
    default: 'all',
    markdownDescription: 'Which threads wait while one is stopped.',
  },
  showReturnValue: {
    type: 'boolean',
    default: false,
    markdownDescription: 'Show what a function returned after a step out of it.',
  },
  elevation: {
    type: 'string',
    enum: ['none', 'pkexec', 'sudo'],
    enumDescriptions: [
      'Say what is missing, and offer the rest as a button.',
      'Have the desktop ask for the password, in a window of its own.',
      'Run sudo in a terminal, which asks for the password there.',
    ],
    default: 'none',
    markdownDescription:
      'What to do where your own rights do not suffice to debug the process: have the attach, and nothing else, run as administrator by `pkexec` or `sudo`.',
  },
  logFile: {
    type: 'string',
    markdownDescription: 'Write a log of the debug session to this file, for a bug report.',
  },
} as const satisfies Record<string, Schema>;

/** What a new launch.json starts with, and what F5 without a launch.json does. */
export const PICK_CONFIGURATION = {
  name: 'Python: attach with Pylatch',
  type: 'pylatch',
  request: 'attach',
  pid: PICK_VARIABLE,
} as const;

export const INITIAL_CONFIGURATIONS = [PICK_CONFIGURATION];

/** In a snippet, `^"..."` is inserted without another pair of quotes and `\\$` is a plain dollar sign. */
export const ATTACH_SNIPPETS = [
  {
    label: 'Pylatch: Attach to process (pick)',
    description: 'Pick the running Python process from a list.',
    body: { ...PICK_CONFIGURATION, pid: `^"\\${PICK_VARIABLE}"` },
  },
  {
    label: 'Pylatch: Attach by pid',
    description: 'Attach to the Python process with this id.',
    body: { name: 'Python: attach to pid', type: 'pylatch', request: 'attach', pid: '^${1:4711}' },
  },
  {
    label: 'Pylatch: Attach by name',
    description: 'Attach to the Python process whose name or command line contains this text.',
    body: { name: 'Python: attach to ${1:uvicorn}', type: 'pylatch', request: 'attach', pid: '${1:uvicorn}' },
  },
];
