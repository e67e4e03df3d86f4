// The one directory under which everything lies that Seaworthy keeps.
import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { Fault, messageOf } from './fault.ts';

export type HomeFaultCode = 'home-unwritable';

export class HomeFault extends Fault<HomeFaultCode> {}

export interface Home {
  /** Absolute path of the home. */
  readonly root: string;
  /** Makes and returns the path of a directory under the home. Throws HomeFault `home-unwritable`. */
  dir(...parts: string[]): string;
}

/**
 * The home: `--home`, else SEAWORTHY_HOME, else the platform's usual place (XDG data directory on Linux,
 * Application Support on macOS, LOCALAPPDATA on Windows).
 */
export function openHome(option: string | undefined, env: NodeJS.ProcessEnv = process.env): Home {
  const root = resolve(option ?? env['SEAWORTHY_HOME'] ?? usualPlace(env));
  return {
    root,
    dir(...parts) {
      const path = join(root, ...parts);
      try {
        mkdirSync(path, { recursive: true, mode: 0o700 });
      } catch (cause) {
        throw new HomeFault('home-unwritable', `expected to make ${path}, got ${messageOf(cause)}`, {
          cause,
          hint: 'choose another home with --home or SEAWORTHY_HOME',
        });
      }
      return path;
    },
  };
}

function usualPlace(env: NodeJS.ProcessEnv): string {
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Application Support', 'seaworthy');
  if (process.platform === 'win32')
    return join(env['LOCALAPPDATA'] ?? join(homedir(), 'AppData', 'Local'), 'seaworthy');
  const xdg = env['XDG_DATA_HOME'];
  return xdg?.startsWith('/') ? join(xdg, 'seaworthy') : join(homedir(), '.local', 'share', 'seaworthy');
}
