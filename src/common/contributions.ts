/**
 * Everything that the extension contributes to VS Code, as typed constants: the one source of the manifest.
 * `scripts/manifest.mjs` writes `contributes` and `activationEvents` of package.json from it.
 */
import { ATTACH_SNIPPETS, ATTACH_PROPERTIES, INITIAL_CONFIGURATIONS } from './launchSchema';

export const DEBUG_TYPE = 'pylatch';

/** The view's id and, with `:state`, the start of its items' context values. */
export const PROCESS_VIEW = 'pylatch.processes';

/** True while the process explorer shows the processes of all users. */
export const ALL_USERS_KEY = 'pylatch.processes.allUsers';

interface CommandSpec {
  title: string;
  category?: string;
  icon?: string;
}

/** Titles are what users see and what the end-to-end tests look for. */
export const COMMANDS = {
  'pylatch.attach': { title: 'Attach to Python Process...', category: 'Pylatch', icon: '$(plug)' },
  'pylatch.pickProcess': { title: 'Pick a Python Process', category: 'Pylatch' },
  'pylatch.explain': { title: 'Explain This Process', category: 'Pylatch', icon: '$(info)' },
  'pylatch.instrumentation': { title: 'Show What Is Instrumented', category: 'Pylatch' },
  'pylatch.processes.attach': { title: 'Attach', icon: '$(plug)' },
  'pylatch.processes.attachTree': { title: 'Attach to Process and Its Workers' },
  'pylatch.processes.attachElevated': { title: 'Attach as Administrator...', icon: '$(shield)' },
  'pylatch.processes.detach': { title: 'Detach', icon: '$(debug-disconnect)' },
  'pylatch.processes.refresh': { title: 'Refresh', icon: '$(refresh)' },
  'pylatch.processes.showAllUsers': { title: 'Show Processes of All Users', icon: '$(organization)' },
  'pylatch.processes.showOwn': { title: 'Show Own Processes Only', icon: '$(account)' },
  'pylatch.processes.copyPid': { title: 'Copy Process Id' },
  'pylatch.processes.openScript': { title: 'Open Script' },
} as const satisfies Record<string, CommandSpec>;

export type CommandId = keyof typeof COMMANDS;

/** What can be done with a row of the process explorer; the value is the row's `contextValue`. */
export const ROW_STATES = {
  attached: `${PROCESS_VIEW}:attached`,
  attachable: `${PROCESS_VIEW}:attachable`,
  /** Attachable, and so is at least one of its children. */
  attachableTree: `${PROCESS_VIEW}:attachable-tree`,
  refused: `${PROCESS_VIEW}:refused`,
  /** Refused for nothing but the rights that an administrator has. */
  refusedRights: `${PROCESS_VIEW}:refused-rights`,
} as const;

interface MenuItem {
  command: CommandId;
  when?: string;
  group?: string;
}

const IN_VIEW = `view == ${PROCESS_VIEW}`;
const ON_ANY_ROW = `${IN_VIEW} && viewItem =~ /^${PROCESS_VIEW}:/`;
const ON_ATTACHABLE = `${IN_VIEW} && viewItem =~ /^${PROCESS_VIEW}:attachable/`;
const ON_TREE = `${IN_VIEW} && viewItem == ${ROW_STATES.attachableTree}`;
const ON_REFUSED_RIGHTS = `${IN_VIEW} && viewItem == ${ROW_STATES.refusedRights}`;
const ON_ATTACHED = `${IN_VIEW} && viewItem == ${ROW_STATES.attached}`;

/** Commands that make sense without a row, and outside of a launch configuration. */
const PALETTE: ReadonlySet<CommandId> = new Set([
  'pylatch.attach',
  'pylatch.explain',
  'pylatch.instrumentation',
]);

export const MENUS: Record<string, readonly MenuItem[]> = {
  commandPalette: commandIds()
    .filter((command) => !PALETTE.has(command))
    .map((command) => ({ command, when: 'false' }) as MenuItem)
    .concat({ command: 'pylatch.instrumentation', when: `inDebugMode && debugType == ${DEBUG_TYPE}` }),
  'view/title': [
    {
      command: 'pylatch.processes.showAllUsers',
      when: `${IN_VIEW} && !${ALL_USERS_KEY}`,
      group: 'navigation@1',
    },
    { command: 'pylatch.processes.showOwn', when: `${IN_VIEW} && ${ALL_USERS_KEY}`, group: 'navigation@1' },
    { command: 'pylatch.processes.refresh', when: IN_VIEW, group: 'navigation@2' },
  ],
  'view/item/context': [
    { command: 'pylatch.processes.attach', when: ON_ATTACHABLE, group: 'inline' },
    { command: 'pylatch.processes.detach', when: ON_ATTACHED, group: 'inline' },
    { command: 'pylatch.processes.attach', when: ON_ATTACHABLE, group: '1_session@1' },
    { command: 'pylatch.processes.attachTree', when: ON_TREE, group: '1_session@2' },
    { command: 'pylatch.processes.attachElevated', when: ON_REFUSED_RIGHTS, group: '1_session@1' },
    { command: 'pylatch.processes.detach', when: ON_ATTACHED, group: '1_session@1' },
    { command: 'pylatch.explain', when: ON_ANY_ROW, group: '2_look@0' },
    { command: 'pylatch.processes.openScript', when: ON_ANY_ROW, group: '2_look@1' },
    { command: 'pylatch.processes.copyPid', when: ON_ANY_ROW, group: '2_look@2' },
  ],
};

const VIEWS = {
  debug: [{ id: PROCESS_VIEW, name: 'Python Processes', icon: 'media/processes.svg' }],
};

const WELCOMES = [
  {
    view: PROCESS_VIEW,
    contents: [
      'No running Python process was found.',
      'Start a program with CPython 3.14 or newer and it shows up here, ready to attach to: nothing has to be prepared.',
      '[Refresh](command:pylatch.processes.refresh)',
    ].join('\n'),
  },
  {
    view: 'debug',
    contents: 'Debug what already runs:\n[Attach to a Python Process](command:pylatch.attach)',
  },
];

const DEBUGGERS = [
  {
    type: DEBUG_TYPE,
    label: 'Pylatch: attach to running Python',
    languages: ['python'],
    variables: { pickProcess: 'pylatch.pickProcess' satisfies CommandId },
    configurationAttributes: { attach: { properties: ATTACH_PROPERTIES } },
    initialConfigurations: INITIAL_CONFIGURATIONS,
    configurationSnippets: ATTACH_SNIPPETS,
  },
];

/** VS Code derives the events of commands and views itself. */
export const ACTIVATION_EVENTS = [
  `onDebugResolve:${DEBUG_TYPE}`,
  `onDebugDynamicConfigurations:${DEBUG_TYPE}`,
];

/** The manifest's `contributes`, ready to be written as JSON. */
export function contributes(): Record<string, unknown> {
  return {
    commands: commandIds().map((command) => ({ command, ...COMMANDS[command] })),
    menus: MENUS,
    views: VIEWS,
    viewsWelcome: WELCOMES,
    breakpoints: [{ language: 'python' }],
    debuggers: DEBUGGERS,
  };
}

/** Every command of the extension, in the manifest's order. */
export function commandIds(): CommandId[] {
  return Object.keys(COMMANDS) as CommandId[];
}
