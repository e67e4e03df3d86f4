// Passwords: from the environment, else asked for at the terminal without showing them.
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { KeyFault } from '../trust/index.ts';

/** Throws KeyFault `key-password` where nobody can be asked. */
export async function askPassword(question: string): Promise<string> {
  const known = process.env['SEAWORTHY_PASSWORD'] ?? process.env['COSIGN_PASSWORD'];
  if (known !== undefined) return known;
  if (!process.stdin.isTTY)
    throw new KeyFault('key-password', 'expected a password for the private key, got none', {
      hint: 'Set SEAWORTHY_PASSWORD (or COSIGN_PASSWORD).',
    });
  process.stderr.write(question);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: silent, terminal: true });
  try {
    return await new Promise<string>((resolve) => lines.question('', resolve));
  } finally {
    lines.close();
    process.stderr.write('\n');
  }
}
