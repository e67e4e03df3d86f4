// Which proxy a URL goes through, from the environment, by curl's rules.
import { BlockList, isIP } from 'node:net';
import { NetFault } from './fault.ts';

export interface ProxyRoute {
  /** Without user and password. */
  url: URL;
  /** Value of Proxy-Authorization. */
  authorization?: string;
}

/**
 * The proxy for `url`: `https_proxy` or `http_proxy`, else `all_proxy`, lower case before upper, unless `no_proxy`
 * names the host. Throws NetFault `proxy-invalid`.
 */
export function proxyFor(url: URL, env: NodeJS.ProcessEnv): ProxyRoute | undefined {
  const name = url.protocol === 'https:' ? 'https_proxy' : 'http_proxy';
  const value = setting(env, name) ?? setting(env, 'all_proxy');
  if (value === undefined || isExcluded(url, setting(env, 'no_proxy') ?? '')) return undefined;
  return parseProxy(value, name);
}

function setting(env: NodeJS.ProcessEnv, name: string): string | undefined {
  return env[name] || env[name.toUpperCase()] || undefined;
}

function parseProxy(value: string, name: string): ProxyRoute {
  const url = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `http://${value}`);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    throw new NetFault(
      'proxy-invalid',
      `expected ${name.toUpperCase()} to be an http:// or https:// URL, got another`,
      {
        hint: 'For example http://proxy.example.com:3128.',
      },
    );
  const proxy: ProxyRoute = { url: new URL(url.origin) };
  if (url.username !== '') {
    const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    proxy.authorization = `Basic ${Buffer.from(pair).toString('base64')}`;
  }
  return proxy;
}

/**
 * Whether a no_proxy list names the URL's host: `*`; a name, which covers its subdomains, a leading dot or not;
 * an address or CIDR block; each with an optional port.
 */
export function isExcluded(url: URL, list: string): boolean {
  const host = url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  return list
    .toLowerCase()
    .split(/[\s,]+/)
    .some((entry) => entry !== '' && covers(entry, host, port));
}

function covers(entry: string, host: string, port: string): boolean {
  if (entry === '*') return true;
  const match = /^(?:\[([^\]]*)\]|([^:]*)):(\d+)$/.exec(entry);
  if (match !== null && match[3] !== port) return false;
  const pattern = (match === null ? entry.replace(/^\[|\]$/g, '') : (match[1] ?? match[2] ?? ''))
    .replace(/^\*?\.+/, '')
    .replace(/\.$/, '');
  if (pattern.includes('/')) return inBlock(pattern, host);
  return pattern !== '' && (host === pattern || (isIP(host) === 0 && host.endsWith(`.${pattern}`)));
}

function inBlock(block: string, host: string): boolean {
  const [network = '', bits = ''] = block.split('/');
  const family = isIP(network);
  const length = Number(bits);
  if (family === 0 || isIP(host) !== family || !/^\d{1,3}$/.test(bits) || length > (family === 4 ? 32 : 128))
    return false;
  const list = new BlockList();
  const type = family === 4 ? 'ipv4' : 'ipv6';
  list.addSubnet(network, length, type);
  return list.check(host, type);
}
