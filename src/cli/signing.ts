// What commands that sign have in common: who signs, and which services vouch for it.
import { githubToken } from '../net/index.ts';
import { type BundleServices, type BundleSigner, openKey, SigningFault } from '../trust/index.ts';
import { CliFault } from './fault.ts';
import { readText } from './files.ts';
import { askPassword } from './password.ts';
import type { Setting } from './setting.ts';
import { publicRekor, type SigningOptions } from './signingoptions.ts';

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
