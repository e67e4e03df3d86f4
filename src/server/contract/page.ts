// Answers that come in pages: all of them, one after the other.
import { ServerFault } from './fault.ts';

/** More pages than any fleet needs: a server that never ends is not followed for ever. */
const mostPages = 10_000;

/** `next`: the cursor that a page gives for the one after it. */
export async function allPages<T extends { next?: string }>(
  page: (after: string | undefined) => Promise<T>,
): Promise<T[]> {
  const pages: T[] = [];
  for (let after: string | undefined; ; ) {
    const one = await page(after);
    pages.push(one);
    if (one.next === undefined) return pages;
    if (one.next === after || pages.length >= mostPages)
      throw new ServerFault('server-answer', `expected the pages of an answer to end, got ${pages.length}`, {
        hint: 'check the address of --server',
      });
    after = one.next;
  }
}
