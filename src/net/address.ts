// Addresses that no registry, feed or redirect may lead to: link-local ones and the metadata services of clouds,
// which hand out credentials to whoever asks from inside.
import { lookup as systemLookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { NetFault } from './fault.ts';

/** Where managed-identity clients, and only those, may go. */
export const metadataAddress = '169.254.169.254';

const refused = new BlockList();
refused.addSubnet('169.254.0.0', 16, 'ipv4');
refused.addAddress('168.63.129.16', 'ipv4');
refused.addAddress('100.100.100.200', 'ipv4');
refused.addSubnet('fe80::', 10, 'ipv6');
refused.addAddress('fd00:ec2::254', 'ipv6');
// NAT64's well-known prefix leads to the same places
refused.addSubnet('64:ff9b::a9fe:0', 112, 'ipv6');
refused.addAddress('64:ff9b::a83f:8110', 'ipv6');

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

const privately = new BlockList();
privately.addSubnet('10.0.0.0', 8, 'ipv4');
privately.addSubnet('172.16.0.0', 12, 'ipv4');
privately.addSubnet('192.168.0.0', 16, 'ipv4');
privately.addSubnet('100.64.0.0', 10, 'ipv4');
privately.addSubnet('fc00::', 7, 'ipv6');

/** Whether an address is of a private network or of this machine (RFC 1918, RFC 6598, RFC 4193). */
export function isPrivateAddress(address: string): boolean {
  return inList(privately, bare(address)) || inList(loopback, bare(address));
}

/** Whether an IP address (v4, v6, or v4 mapped into v6) must not be connected to. */
export function isRefusedAddress(address: string): boolean {
  return inList(refused, address);
}

/** Whether a URL's hostname can only mean this machine (RFC 6761 for localhost). */
export function isLoopbackHost(hostname: string): boolean {
  const name = bare(hostname);
  return name === 'localhost' || name.endsWith('.localhost') || inList(loopback, name);
}

/**
 * Throws NetFault `address-refused` for a hostname that is itself a refused address; `publicOnly`: or a private one.
 */
export function checkHost(hostname: string, publicOnly = false): void {
  if (isRefusedAddress(bare(hostname))) throw refusal(hostname, hostname);
  if (publicOnly && isPrivateAddress(hostname)) throw privateRefusal(hostname, hostname);
}

export interface LookupRules {
  /** Private addresses are refused as well. */
  publicOnly?: boolean;
  /** Told of every name that is connected to, and whether all its addresses are private. */
  onFound?(hostname: string, isPrivate: boolean): void;
}

/**
 * A lookup that fails with `address-refused` when any address of the name is refused: it runs for the very
 * connection that is made, so a name cannot be harmless when checked and harmful when used.
 */
export function guardedLookup(
  resolve: LookupFunction = systemLookup as LookupFunction,
  { publicOnly = false, onFound }: LookupRules = {},
): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, found) => {
      if (error) return callback(error, '', 0);
      const addresses = Array.isArray(found) ? found : [{ address: found, family: isIP(found) }];
      const bad = addresses.find(({ address }) => isRefusedAddress(address));
      if (bad !== undefined) return callback(refusal(hostname, bad.address), '', 0);
      const hidden = addresses.find(({ address }) => isPrivateAddress(address));
      if (publicOnly && hidden !== undefined)
        return callback(privateRefusal(hostname, hidden.address), '', 0);
      onFound?.(
        hostname,
        addresses.length > 0 && addresses.every(({ address }) => isPrivateAddress(address)),
      );
      const first = addresses[0];
      if (options.all || first === undefined) return callback(null, addresses);
      callback(null, first.address, first.family);
    });
  };
}

function inList(list: BlockList, address: string): boolean {
  const family = isIP(address);
  return family !== 0 && list.check(address, family === 6 ? 'ipv6' : 'ipv4');
}

function bare(hostname: string): string {
  return hostname
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '')
    .toLowerCase();
}

function refusal(hostname: string, address: string): NetFault {
  return new NetFault(
    'address-refused',
    `expected a server's address for ${hostname}, got ${address}, which is link-local or a cloud's metadata service`,
    { hint: 'No registry or feed lives there; check who answered with this address.' },
  );
}

function privateRefusal(hostname: string, address: string): NetFault {
  return new NetFault(
    'address-refused',
    `expected a public address for ${hostname}, got ${address}, to which a public server sent us`,
    { hint: 'A server on the internet may not lead into a private network; check who answered so.' },
  );
}
