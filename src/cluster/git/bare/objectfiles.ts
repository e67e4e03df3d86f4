// Objects of a repository by their id: each in a file of its own, written once and never changed; or else in a pack.
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { deflateSync } from 'node:zlib';
import {
  damaged,
  type GitObject,
  headerOf,
  idOf,
  inflated,
  type ObjectType,
  objectBytes,
  tooLarge,
} from './object.ts';
import { openPacks, type Packs } from './pack.ts';

export class ObjectFiles {
  readonly #root: string;
  #packs: Packs | undefined;

  /** `root`: the directory `objects` of the repository. */
  constructor(root: string) {
    this.#root = root;
  }

  /** Its id is computed again: what was damaged is not believed. Throws GitFault. */
  read(id: string): GitObject {
    this.#packs ??= openPacks(join(this.#root, 'pack'));
    const object = this.#loose(id) ?? this.#packs.read(id);
    if (object === undefined) throw damaged(id, 'none');
    if (idOf(object) !== id) throw damaged(id, 'other contents under its name');
    return object;
  }

  /** Throws GitFault for an object of another type. */
  readAs(type: ObjectType, id: string): Buffer {
    const object = this.read(id);
    if (object.type !== type) throw damaged(id, `a ${object.type} where a ${type} is named`);
    return object.bytes;
  }

  /** Gives the id. Whole on the disk before anybody can name it. */
  write(object: GitObject): string {
    const id = idOf(object);
    const file = this.#fileOf(id);
    if (existsSync(file)) return id;
    mkdirSync(dirname(file), { recursive: true });
    const draft = join(dirname(file), `tmp_obj_${randomBytes(6).toString('hex')}`);
    const to = openSync(draft, 'wx', 0o444);
    try {
      const bytes = deflateSync(Buffer.concat([headerOf(object), object.bytes]));
      for (let at = 0; at < bytes.length; ) at += writeSync(to, bytes, at);
      fsyncSync(to);
    } finally {
      closeSync(to);
    }
    renameSync(draft, file);
    return id;
  }

  #fileOf(id: string): string {
    return join(this.#root, id.slice(0, 2), id.slice(2));
  }

  #loose(id: string): GitObject | undefined {
    const file = this.#fileOf(id);
    const size = statSync(file, { throwIfNoEntry: false })?.size;
    if (size === undefined) return undefined;
    if (size > objectBytes) throw tooLarge(id);
    const whole = inflated(id, readFileSync(file), objectBytes);
    const [, type, length] =
      /^(commit|tree|blob|tag) (\d{1,10})\0/.exec(whole.toString('latin1', 0, 32)) ?? [];
    const bytes = whole.subarray(whole.indexOf(0) + 1);
    if (type === undefined || bytes.length !== Number(length)) throw damaged(id, 'another shape');
    return { type: type as ObjectType, bytes };
  }
}
