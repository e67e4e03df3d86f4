// Where a repository lies: a directory or an URL of a protocol that runs nothing; and never a secret in a message.
import { GitFault } from './fault.ts';

export type RepositoryAddress = { directory: string } | { url: string };

/** `https://…`, `ssh://…`, `git@host:path` and `file://…` are URLs; everything else is a directory. */
export function parseAddress(text: string): RepositoryAddress {
  if (text === '' || text.length > 2048 || text.startsWith('-') || /[\0-\x1f\x7f]/.test(text))
    throw refused(text);
  if (/^[a-z][a-z0-9+.-]*::/i.test(text)) throw refused(text);
  const [, scheme] = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text) ?? [];
  if (scheme === undefined) return isScp(text) ? { url: text } : { directory: text };
  if (!['https', 'ssh', 'file'].includes(scheme.toLowerCase())) throw refused(text);
  // ssh takes a host that begins with a dash for an option
  const host = URL.parse(text)?.hostname;
  if (host === undefined || host.startsWith('-')) throw refused(text);
  return { url: text };
}

/** `git@host:path`, as scp writes it; `C:\dir` and `./a:b` are directories. */
function isScp(text: string): boolean {
  return /^[\w.-]+@[a-zA-Z0-9][\w.-]*:[^:]/.test(text);
}

function refused(text: string): GitFault {
  return new GitFault(
    'git-url-refused',
    `expected a directory or an https, ssh or file URL, got ${JSON.stringify(withoutSecrets(text).slice(0, 160))}`,
    { hint: 'Give --git DIR, --git https://HOST/PATH or --git git@HOST:PATH.' },
  );
}

/** Names and passwords of URLs inside any text, cut out. */
export function withoutSecrets(text: string): string {
  return text.replace(/(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/?#]*@/gi, '$1');
}

export interface WebAddress {
  host: string;
  /** Without a slash before or `.git` after it. */
  path: string;
}

/** Host and path of an https or ssh URL of a repository; undefined for files. */
export function webAddress(url: string): WebAddress | undefined {
  const scp = /^(?:[\w.-]+@)([a-zA-Z0-9][\w.-]*):(?!\/\/)(.+)$/.exec(url);
  const parsed = scp === null ? URL.parse(url) : undefined;
  const host = scp?.[1] ?? parsed?.host;
  const path = (scp?.[2] ?? parsed?.pathname ?? '').replace(/^\/+|\/+$/g, '').replace(/\.git$/, '');
  if (!host || path === '' || (parsed && !['https:', 'ssh:'].includes(parsed.protocol))) return undefined;
  return { host: parsed?.protocol === 'ssh:' ? parsed.hostname : host.toLowerCase(), path };
}
