// seaworthy keys: key pairs for signing, in the format that cosign reads and writes.
import { existsSync, writeFileSync } from 'node:fs';
import { Command } from 'commander';
import { messageOf } from '../core/index.ts';
import { KeyFault, type KeyPair, makeKeyPair, publicPem, readPrivateKey } from '../trust/index.ts';
import { CliFault } from './fault.ts';
import { readText, writeOutput } from './files.ts';
import { askPassword } from './password.ts';
import { openSigningKey } from './signing.ts';

export function keysCommand(): Command {
  const keys = new Command('keys').description('Make and read key pairs for signing.');
  keys
    .command('generate')
    .description('Make a key pair on P-256: PREFIX.key under a password, and PREFIX.pub.')
    .option('--output-prefix <prefix>', 'path of the files without their endings', 'seaworthy')
    .addHelpText(
      'after',
      '\nExample:\n  $ SEAWORTHY_PASSWORD=… seaworthy keys generate --output-prefix keys/build',
    )
    .action(async ({ outputPrefix }: { outputPrefix: string }) => {
      writePair(makeKeyPair(await askPassword('Password for the new private key: ')), outputPrefix);
    });
  keys
    .command('import')
    .description('Put an existing private key (PEM) under a password, for --key of seaworthy and of cosign.')
    .argument('<file>', 'private key in PKCS #8, PKCS #1 or SEC 1')
    .option('--output-prefix <prefix>', 'path of the files without their endings', 'seaworthy')
    .action(async (file: string, { outputPrefix }: { outputPrefix: string }) => {
      writePair(
        makeKeyPair(await askPassword('Password for the private key: '), readPrivateKey(readText(file))),
        outputPrefix,
      );
    });
  keys
    .command('public')
    .description('Print the public half of a private key.')
    .argument('<key>', 'a file or env://NAME')
    .option('--output <file>', 'write it to a file')
    .action(async (key: string, { output }: { output?: string }) => {
      await writeOutput(publicPem((await openSigningKey(key)).publicKey), output);
    });
  return keys;
}

function writePair({ privateKey, publicKey }: KeyPair, prefix: string): void {
  const [secret, open] = [`${prefix}.key`, `${prefix}.pub`];
  for (const path of [secret, open])
    if (existsSync(path))
      throw new KeyFault('key-exists', `expected no file at ${path}, got one`, {
        hint: 'Choose another --output-prefix, or move the file away.',
      });
  try {
    writeFileSync(secret, privateKey, { mode: 0o600, flag: 'wx' });
    writeFileSync(open, publicKey, { flag: 'wx' });
  } catch (cause) {
    throw new CliFault(
      'output-unwritable',
      `expected to write ${secret} and ${open}, got ${messageOf(cause)}`,
      { cause },
    );
  }
  process.stdout.write(
    `private key ${secret} (keep it, and its password, to yourself)\npublic key  ${open}\n`,
  );
}
