// Four images, two levels deep, that renewals are tried on: base ← app ← top, base ← web; the base has a critical flaw.
import { isEnd, readRenewal } from '../renewal/index.ts';
import { digest, World, type WorldImage } from './renewals.ts';

export const base = 'r.example/base:1';
export const app = 'r.example/app:1';
export const web = 'r.example/web:1';
export const top = 'r.example/top:1';

export function world(): World {
  const made = new World();
  made.put(base, { digest: digest('base-1'), findings: [['CVE-1', 'critical']], isSigned: true });
  made.put(app, { digest: digest('app-1'), on: digest('base-1'), findings: [], isSigned: true });
  made.put(web, { digest: digest('web-1'), on: digest('base-1'), findings: [], isSigned: true });
  made.put(top, { digest: digest('top-1'), on: digest('app-1'), findings: [], isSigned: true });
  return made;
}

/** The base without its flaw. */
export function fixed(name = 'base-2'): WorldImage {
  return { digest: digest(name), findings: [], isSigned: true };
}

/** Until the image is over. */
export async function over(ledger: Parameters<typeof readRenewal>[0], image: string): Promise<void> {
  for (;;) {
    const { images } = await readRenewal(ledger, image.slice(0, image.indexOf('.')));
    if (isEnd(images.find(({ id }) => id === image)!.state)) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
}
