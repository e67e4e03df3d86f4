// What every command needs to begin with: the home, the HTTP client, how to write and how to stop.
import type { Command } from 'commander';
import { type Home, openHome } from '../core/index.ts';
import { createClient, type HttpClient } from '../net/index.ts';

export interface Setting {
  home: Home;
  http: HttpClient;
  /** Aborted by Ctrl-C. */
  signal: AbortSignal;
  close(): Promise<void>;
}

export function openSetting(command: Command): Setting {
  const { home, caFile } = command.optsWithGlobals<{ home?: string; caFile?: string }>();
  const http = createClient(caFile === undefined ? {} : { caFile });
  const aborter = new AbortController();
  const stop = () => {
    const error = new Error('stopped');
    error.name = 'AbortError';
    aborter.abort(error);
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  return {
    home: openHome(home),
    http,
    signal: aborter.signal,
    async close() {
      process.off('SIGINT', stop);
      process.off('SIGTERM', stop);
      await http.close();
    },
  };
}

/** Until Ctrl-C or SIGTERM, also one that came while something was still starting. */
export function untilStopped(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

export function collect(value: string, before: string[] = []): string[] {
  return [...before, ...value.split(',').map((part) => part.trim())].filter((part) => part !== '');
}

/** no-color.org, and FORCE_COLOR for pipelines that show it. */
export function wantsColour(): boolean {
  if (process.env['NO_COLOR']) return false;
  if (process.env['FORCE_COLOR']) return process.env['FORCE_COLOR'] !== '0';
  return process.stdout.isTTY === true && process.env['TERM'] !== 'dumb';
}
