// The options of commands that sign; what they need to sign with is loaded when they do.
import type { Command } from 'commander';

export interface SigningOptions {
  key?: string;
  identityToken?: string;
  fulcioUrl: string;
  rekorUrl?: string;
  rekorVersion: string;
  timestampUrl?: string;
}

const publicFulcio = 'https://fulcio.sigstore.dev';
export const publicRekor = 'https://rekor.sigstore.dev';

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
