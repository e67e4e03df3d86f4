// What commands that sign have in common: who signs, and which services vouch for it.
import type { Command } from 'commander';
import { githubToken } from '../net/index.ts';
import { type BundleServices, type BundleSigner, openKey, SigningFault } from '../trust/index.ts';
import { CliFault } from './fault.ts';
import { readText } from './files.ts';
import { askPassword } from './password.ts';
import type { Setting } from './setting.ts';

export interface SigningOptions {
  key?: string;
  identityToken?: string;
  fulcioUrl: string;
  rekorUrl?: string;
  rekorVersion: string;
  timestampUrl?: string;
}

const publicFulcio = 'https://fulcio.sigstore.dev';
const publicRekor = 'https://rekor.sigstore.dev';

export function withSigningOptions(command: Command): Command {
  return command
    .option('--key <key>', 'private key: a file or env://NAME; without it, keyless with an identity token')
    .option(
      '--identity-token <file>',
      'OpenID Connect token for keyless signing (SIGSTORE_ID_TOKEN; in GitHub Actions the job’s own)',
    )
    .option('--fulcio-url <url>', 'certificate authority for keyless signing', publicFulcio)
    .option('--rekor-url <url>', `transparency log (keyless default: ${publicRekor})`)
    .option('--rekor-version <version>', 'version of the log’s API, 1 or 2', '1')
    .option('--timestamp-url <url>', 'RFC 3161 timestamp authority');
}

/** Throws KeyFault, SigningFault, CliFault, NetFault. */
export async function bundleSigner(options: SigningOptions, setting: Setting): Promise<BundleSigner> {
  if (options.key !== undefined) return { key: await openSigningKey(options.key) };
  const token =
    options.identityToken === undefined ? process.env['SIGSTORE_ID_TOKEN'] : readText(options.identityToken);
  const identityToken = token?.trim() || (await githubToken(setting.http, process.env, 'sigstore'));
  if (identityToken === undefined || identityToken === '')
    throw new SigningFault(
      'identity-token-missing',
      'expected a key or an identity token to sign with, got neither',
      {
        hint: 'seaworthy keys generate makes a key for --key; --identity-token names a file with a token.',
      },
    );
  return { identityToken, fulcio: options.fulcioUrl };
}

export function openSigningKey(key: string) {
  return openKey(key, {
    readFile: readText,
    env: process.env,
    password: () => askPassword('Password of the private key: '),
  });
}

/** Keyless signing rests on a log: without one nobody could tell when the certificate was used. */
export function bundleServices(options: SigningOptions, { http }: Setting): BundleServices {
  if (options.rekorVersion !== '1' && options.rekorVersion !== '2')
    throw new CliFault(
      'option-invalid',
      `expected --rekor-version 1 or 2, got ${JSON.stringify(options.rekorVersion)}`,
    );
  const url = options.rekorUrl ?? (options.key === undefined ? publicRekor : undefined);
  return {
    http,
    ...(url === undefined ? {} : { log: { url, version: options.rekorVersion === '2' ? 2 : 1 } }),
    ...(options.timestampUrl === undefined ? {} : { timestamp: options.timestampUrl }),
  };
}
