// The registry that nobody reads without a password: images in it, and the password changed.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { must } from './agent.ts';
import { pushApp } from './apps.ts';
import { home, locked, login, path, work } from './shop.ts';

/** Docker's config.json for it. */
export function dockerConfig(password = login.password): string {
  const auth = Buffer.from(`${login.username}:${password}`).toString('base64');
  return JSON.stringify({ auths: { [locked.prefix]: { auth } } });
}

/** Pushes with the password and, unless told not to, signs; gives the digest. */
export function pushLocked(
  name: string,
  mark: string,
  { password = login.password, signed = true }: { password?: string; signed?: boolean } = {},
): string {
  const config = path('docker');
  mkdirSync(config, { recursive: true });
  writeFileSync(join(config, 'config.json'), dockerConfig(password));
  process.env['DOCKER_CONFIG'] = config;
  process.env['REGISTRY_AUTH_FILE'] = join(config, 'config.json');
  try {
    const digest = pushApp(name, { mark }, work);
    if (signed) must(home, 0, 'sign', name, '--key', path('release.key'));
    return digest;
  } finally {
    delete process.env['DOCKER_CONFIG'];
    delete process.env['REGISTRY_AUTH_FILE'];
  }
}

/** The registry takes this one from now on, and no other. */
export function changePassword(password: string): void {
  const line = execFileSync('htpasswd', ['-Bbn', login.username, password], { encoding: 'utf8' });
  writeFileSync(join(path('locked'), 'htpasswd'), line);
}

/** What curl is answered with the password. */
export function statusWith(password: string): string {
  const args = ['-so', '/dev/null', '-w', '%{http_code}', '-u', `${login.username}:${password}`];
  return execFileSync('curl', [...args, `https://${locked.prefix}/v2/`], { encoding: 'utf8' });
}
