// A new bare repository of a few files in one commit, without git; git takes it for its own.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { moveName } from './names.ts';
import { ObjectFiles } from './objectfiles.ts';
import { formatTree } from './tree.ts';

export interface NewRepository {
  branch: string;
  /** By name, in its one directory. */
  files: Readonly<Record<string, string>>;
  message: string;
  name: string;
  email: string;
  at: Date;
}

/** Gives the commit. `root` is not there yet. */
export async function makeBare(
  root: string,
  { branch, files, message, name, email, at }: NewRepository,
): Promise<string> {
  for (const directory of ['objects/info', 'objects/pack', 'refs/heads', 'refs/tags'])
    mkdirSync(join(root, directory), { recursive: true });
  writeFileSync(
    join(root, 'config'),
    `[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n[user]\n\tname = ${name}\n\temail = ${email}\n`,
  );
  writeFileSync(join(root, 'HEAD'), `ref: refs/heads/${branch}\n`);
  const objects = new ObjectFiles(join(root, 'objects'));
  const entries = Object.entries(files).map(([path, text]) => ({
    mode: '100644',
    name: path,
    id: objects.write({ type: 'blob', bytes: Buffer.from(text) }),
  }));
  const tree = objects.write({ type: 'tree', bytes: formatTree(entries) });
  const who = `${name} <${email}> ${Math.floor(at.getTime() / 1000)} +0000`;
  const text = `tree ${tree}\nauthor ${who}\ncommitter ${who}\n\n${message}\n`;
  const commit = objects.write({ type: 'commit', bytes: Buffer.from(text) });
  await moveName(root, `refs/heads/${branch}`, commit, undefined);
  return commit;
}
