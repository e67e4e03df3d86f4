// How the commands of a server's clients reach it.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { type Api, createApi } from '../server/contract/index.ts';
import { readText } from './files.ts';
import { openSetting, type Setting } from './setting.ts';

export interface ServerClientOptions {
  server?: string;
  tokenFile?: string;
}

export function withServerOptions(command: Command): Command {
  return command
    .option('--server <url>', 'the server (SEAWORTHY_SERVER; default: http://127.0.0.1:7420)')
    .option('--token-file <file>', 'file with a token (SEAWORTHY_TOKEN is one; default: the home’s own)');
}

/** Runs `work` with the API, and closes what was opened for it. */
export async function withApi<T>(
  command: Command,
  options: ServerClientOptions,
  work: (api: Api, setting: Setting) => Promise<T>,
): Promise<T> {
  const setting = openSetting(command);
  try {
    const own = join(setting.home.root, 'token');
    const token =
      options.tokenFile === undefined
        ? (process.env['SEAWORTHY_TOKEN'] ?? (existsSync(own) ? readFileSync(own, 'utf8') : undefined))
        : readText(options.tokenFile);
    const api = createApi({
      http: setting.http,
      url: options.server ?? process.env['SEAWORTHY_SERVER'] ?? 'http://127.0.0.1:7420',
      token: token?.trim(),
      signal: setting.signal,
    });
    return await work(api, setting);
  } finally {
    await setting.close();
  }
}
