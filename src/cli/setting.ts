// What every command needs to begin with: the home, the HTTP client, how to write and how to stop.
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { type Home, messageOf, openHome } from '../core/index.ts';
import { createClient, type HttpClient } from '../net/index.ts';
import { CliFault } from './fault.ts';

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

/** To the file, whole or not at all, or to standard output. Throws CliFault `output-unwritable`. */
export async function writeOutput(text: string, file: string | undefined): Promise<void> {
  if (file === undefined) {
    await new Promise<void>((resolve, reject) => {
      process.stdout.write(text, (error) =>
        error && (error as NodeJS.ErrnoException).code !== 'EPIPE' ? reject(error) : resolve(),
      );
    });
    return;
  }
  const beside = `${file}.${process.pid}.tmp`;
  try {
    writeFileSync(beside, text);
    renameSync(beside, file);
  } catch (cause) {
    rmSync(beside, { force: true });
    throw new CliFault('output-unwritable', `expected to write ${file}, got ${messageOf(cause)}`, { cause });
  }
}

/** Throws CliFault `file-unreadable`. */
export function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new CliFault('file-unreadable', `expected to read ${file}, got ${messageOf(cause)}`, { cause });
  }
}

export function collect(value: string, before: string[] = []): string[] {
  return [...before, ...value.split(',').map((part) => part.trim())].filter((part) => part !== '');
}
