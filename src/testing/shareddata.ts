// The data beside the checkout that larger tests read; where it is missing they are skipped, except in CI.
import { existsSync } from 'node:fs';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

/** The path of a file or folder below `../shared/data`; undefined when the test was skipped for want of it. */
export function sharedData(test: TestContext, path: string): string | undefined {
  const full = fileURLToPath(new URL(`../../../shared/data/${path}`, import.meta.url));
  if (existsSync(full)) return full;
  if (process.env['CI']) throw new Error(`expected ../shared/data/${path} in CI, got nothing there`);
  test.skip(`needs ../shared/data/${path}`);
  return undefined;
}
