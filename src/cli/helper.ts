import { injectHelper } from '../inject/elevation/helper';
import { UsageError } from './usage';

/** The hidden subcommand that Pylatch has sudo or pkexec run. It stays as long as the debug session. */
export async function helper([socket, ...rest]: string[]): Promise<number> {
  if (socket === undefined || rest.length > 0) throw new UsageError('the helper takes the path of a socket');
  await injectHelper(socket);
  process.stdout.write(
    'The debugger is let in, and this command has no special rights any more. It ends with the debug session.\n',
  );
  return 0;
}
