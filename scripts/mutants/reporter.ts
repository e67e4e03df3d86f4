// A reporter of node:test for programs: one line of JSON for each test that ended.
import type { TestEvent } from 'node:test/reporters';

export interface Ended {
  /** Titles of the suites around the test and its own, joined by ` > `. */
  title: string;
  passed: boolean;
  skipped: boolean;
  /** What failed, in a few words. */
  message?: string;
}

export default async function* reporter(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const path: string[] = [];
  for await (const event of source) {
    if (event.type === 'test:start') {
      path[event.data.nesting] = event.data.name;
      path.length = event.data.nesting + 1;
    }
    if (event.type !== 'test:pass' && event.type !== 'test:fail') continue;
    const { nesting, details, skip } = event.data;
    const error = event.type === 'test:fail' ? event.data.details.error : undefined;
    const title = [...path.slice(0, nesting), event.data.name].join(' > ');
    // a suite fails because of a test in it, which has a line of its own
    if (details.type === 'suite' || failureType(error) === 'subtestsFailed') continue;
    const ended: Ended = {
      title,
      passed: event.type === 'test:pass',
      skipped: skip !== undefined && skip !== false,
      ...(error === undefined ? {} : { message: messageOf(error) }),
    };
    yield `${JSON.stringify(ended)}\n`;
  }
}

function failureType(error: unknown): unknown {
  return (error as { failureType?: unknown } | undefined)?.failureType;
}

function messageOf(error: Error): string {
  const cause = error.cause instanceof Error ? error.cause : error;
  return cause.message.split('\n')[0]!.slice(0, 200);
}
