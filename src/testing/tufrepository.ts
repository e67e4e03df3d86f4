// A TUF repository for the length of a test (The Update Framework 1.0, sections 4.3 to 4.6), which can be made to lie.
import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

interface Role {
  keys: { id: string; key: KeyObject }[];
  threshold: number;
}

export type RoleName = 'root' | 'timestamp' | 'snapshot' | 'targets';

export class TufRepository {
  readonly files = new Map<string, string>();
  readonly roles: Record<RoleName, Role>;
  versions: Record<RoleName, number> = { root: 1, timestamp: 1, snapshot: 1, targets: 1 };
  expires = new Date(Date.now() + 86_400_000).toISOString().replace(/\.\d+Z$/, 'Z');
  target: string;
  /** Said of the target in place of its own hash. */
  targetHash: string | undefined;
  /** Who signs a role in place of its keys. */
  signers: Partial<Record<RoleName, { id: string; key: KeyObject }[]>> = {};

  constructor(target: string) {
    this.target = target;
    const role = (count: number): Role => ({ keys: Array.from({ length: count }, newKey), threshold: count });
    this.roles = { root: role(2), timestamp: role(1), snapshot: role(1), targets: role(2) };
  }

  /** Writes the metadata of every role as the fields say; gives the root. */
  publish(): string {
    const hash = this.targetHash ?? createHash('sha256').update(this.target).digest('hex');
    this.files.set(`targets/${hash}.trusted_root.json`, this.target);
    const length = Buffer.byteLength(this.target);
    const targets = this.#write('targets', {
      targets: { 'trusted_root.json': { length, hashes: { sha256: hash } } },
    });
    const snapshot = this.#write('snapshot', {
      meta: { 'targets.json': { version: this.versions.targets } },
    });
    this.#write('timestamp', { meta: { 'snapshot.json': { version: this.versions.snapshot } } });
    const root = this.#write('root', {
      consistent_snapshot: true,
      keys: Object.fromEntries(
        Object.values(this.roles).flatMap(({ keys }) => keys.map(({ id, key }) => [id, publicOf(key)])),
      ),
      roles: Object.fromEntries(
        Object.entries(this.roles).map(([name, { keys, threshold }]) => [
          name,
          { keyids: keys.map(({ id }) => id), threshold },
        ]),
      ),
    });
    this.files.set(`${this.versions.targets}.targets.json`, targets);
    this.files.set(`${this.versions.snapshot}.snapshot.json`, snapshot);
    this.files.set(`${this.versions.root}.root.json`, root);
    return root;
  }

  #write(name: RoleName, content: Record<string, unknown>): string {
    const signed = {
      _type: name,
      spec_version: '1.0.0',
      version: this.versions[name],
      expires: this.expires,
      ...content,
    };
    const bytes = Buffer.from(canonical(signed));
    const signatures = (this.signers[name] ?? this.roles[name].keys).map(({ id, key }) => ({
      keyid: id,
      sig: sign(null, bytes, key).toString('hex'),
    }));
    const text = JSON.stringify({ signatures, signed });
    this.files.set(`${name}.json`, text);
    return text;
  }
}

export function newKey(): { id: string; key: KeyObject } {
  const key = generateKeyPairSync('ed25519').privateKey;
  return {
    id: createHash('sha256')
      .update(canonical(publicOf(key)))
      .digest('hex'),
    key,
  };
}

function publicOf(key: KeyObject) {
  const { x } = key.export({ format: 'jwk' });
  return {
    keytype: 'ed25519',
    scheme: 'ed25519',
    keyval: { public: Buffer.from(x!, 'base64url').toString('hex') },
  };
}

/** OLPC canonical JSON, as far as metadata of tests needs it. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join(',')}}`;
  }
  return JSON.stringify(value);
}
