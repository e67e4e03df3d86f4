// What a flaw reaches, as people read it.
import type { ApiReachedAnswer } from '../server/contract/index.ts';
import { short, table } from './renewaltext.ts';

export function formatReached(id: string, { reached, workloads }: ApiReachedAnswer): string {
  if (reached.length === 0 && workloads.length === 0)
    return `${id} reaches no image that the server watches\n`;
  const images = table([
    ['IMAGE', 'PLATFORM', 'PACKAGE', 'SEVERITY', 'FIXED IN', 'SINCE'],
    ...reached.map(({ reference, platform, purl, severity, fixedIn, since }) => [
      reference,
      platform,
      nameOf(purl),
      severity,
      fixedIn ?? 'no fix',
      since.slice(0, 16),
    ]),
  ]);
  const running =
    workloads.length === 0
      ? 'no cluster said that it runs one of them\n'
      : table([
          ['CLUSTER', 'WORKLOAD', 'CONTAINER', 'SEVERITY', 'IMAGE'],
          ...workloads.map(({ cluster, namespace, kind, name, container, severity, reference, digest }) => [
            cluster,
            `${namespace}/${kind}/${name}`,
            container,
            severity,
            `${reference.split('@')[0]} ${short(digest)}`,
          ]),
        ]);
  return printable(`${images}\n${running}`);
}

/** `pkg:deb/debian/libwebp7@1.2.4?arch=amd64`: `libwebp7@1.2.4`. */
function nameOf(purl: string): string {
  const bare = purl.split('?')[0]!;
  return decode(bare.slice(bare.lastIndexOf('/') + 1));
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Names come from strangers: no terminal sequence survives. */
function printable(text: string): string {
  return text.replace(/[^\n\x20-\x7e\u00a0-\u2027\u2030-\ud7ff\ue000-\ufefe]/g, '?');
}
