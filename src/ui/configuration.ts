import * as vscode from 'vscode';
import { DEBUG_TYPE } from '../common/contributions';
import { PylatchError } from '../common/errors';
import { PICK_CONFIGURATION, PICK_VARIABLE } from '../common/launchSchema';
import { findProcess } from '../adapter/processes';
import type { PythonProcess } from '../inject/types';
import { attachConfiguration } from './attach';
import { isOwn, ordered } from './describe';
import type { Messages } from './messages';
import type { ProcessPicker } from './picker';
import type { ProcessSource } from './processSource';

/** The most running programs that are offered in the drop-down of the Run view. */
const OFFERED = 10;

type Folder = vscode.WorkspaceFolder | undefined;

/**
 * Completes launch configurations. VS Code's order: `resolveDebugConfiguration`, then the variables, then
 * `resolveDebugConfigurationWithSubstitutedVariables`, where the picker opens; a cancel ends the start silently.
 */
class ConfigurationProvider implements vscode.DebugConfigurationProvider {
  constructor(
    private readonly source: ProcessSource,
    private readonly picker: ProcessPicker,
    private readonly messages: Messages,
  ) {}

  /** Undefined ends the start without another message. */
  async resolveDebugConfiguration(
    _folder: Folder,
    given: vscode.DebugConfiguration,
  ): Promise<vscode.DebugConfiguration | undefined> {
    // F5 without a launch.json hands over an empty object.
    if (!given.type && !given.request && !given.name) return leftOpen({ ...PICK_CONFIGURATION });
    if (given.request !== 'launch') return leftOpen(given);
    void this.messages.cannotLaunch();
    return undefined;
  }

  async resolveDebugConfigurationWithSubstitutedVariables(
    _folder: Folder,
    given: vscode.DebugConfiguration,
  ): Promise<vscode.DebugConfiguration | undefined> {
    const wanted: unknown = given['pid'] ?? given['processId'];
    if (wanted === undefined || wanted === '') return this.withPicked(given, '');
    if (typeof wanted !== 'string' || /^\s*\d+\s*$/.test(wanted)) return given;
    return this.withNamed(given, wanted);
  }

  /** Several matches open the list, with what they have in common as its filter. */
  private async withNamed(
    given: vscode.DebugConfiguration,
    name: string,
  ): Promise<vscode.DebugConfiguration | undefined> {
    try {
      return { ...given, pid: findProcess(name, await this.source.list()) };
    } catch (error) {
      if (error instanceof PylatchError && error.id === 'ambiguous-process') {
        return this.withPicked(given, /[*?]/.test(name) ? '' : name);
      }
      // The adapter meets the same error and answers the attach with it: one place tells it.
      return given;
    }
  }

  private async withPicked(
    given: vscode.DebugConfiguration,
    filter: string,
  ): Promise<vscode.DebugConfiguration | undefined> {
    const choice = await this.picker.pick(filter);
    if (choice === undefined) return undefined;
    const { process, ...further } = choice;
    return { ...given, pid: process.pid, ...further };
  }
}

/** A variable can be no more than a text; we ask for the process later, when the answer can change more than that. */
function leftOpen(given: vscode.DebugConfiguration): vscode.DebugConfiguration {
  const variables = ['pid', 'processId'].filter((key) => given[key] === PICK_VARIABLE);
  return { ...given, ...Object.fromEntries(variables.map((key) => [key, ''])) };
}

/** Offers the picker and the running programs themselves under "Select and Start Debugging". */
class RunningPrograms implements vscode.DebugConfigurationProvider {
  constructor(private readonly source: ProcessSource) {}

  async provideDebugConfigurations(): Promise<vscode.DebugConfiguration[]> {
    const processes = await this.source.list().catch((): PythonProcess[] => []);
    const own = ordered(processes).filter((process) => process.attachable && isOwn(process));
    return [{ ...PICK_CONFIGURATION }, ...own.slice(0, OFFERED).map(attachConfiguration)];
  }
}

/** Registers both; the returned object takes them away again. */
export function registerConfigurations(
  source: ProcessSource,
  picker: ProcessPicker,
  messages: Messages,
): vscode.Disposable {
  return vscode.Disposable.from(
    vscode.debug.registerDebugConfigurationProvider(
      DEBUG_TYPE,
      new ConfigurationProvider(source, picker, messages),
    ),
    vscode.debug.registerDebugConfigurationProvider(
      DEBUG_TYPE,
      new RunningPrograms(source),
      vscode.DebugConfigurationProviderTriggerKind.Dynamic,
    ),
  );
}
