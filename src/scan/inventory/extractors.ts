// Every extractor there is; a new package database or language is a file and a line here.
import { createHash } from 'node:crypto';
import { apk } from './apk.ts';
import { dotnet } from './dotnet.ts';
import { dpkg } from './dpkg.ts';
import { dpkgFiles } from './dpkgfiles.ts';
import { executables } from './executables.ts';
import type { Extractor } from './extractor.ts';
import { go } from './go.ts';
import { java } from './java.ts';
import { npm } from './npm.ts';
import { osRelease } from './osrelease.ts';
import { python } from './python.ts';
import { rpm } from './rpm.ts';
import { rpmManifest } from './rpmmanifest.ts';
import { rust } from './rust.ts';

export const extractors: readonly Extractor[] = [
  osRelease,
  dpkg,
  dpkgFiles,
  apk,
  rpm,
  rpmManifest,
  npm,
  python,
  java,
  dotnet,
  go,
  rust,
  executables,
];

/** Goes up when layers or the tar within them are read differently. */
const readerVersion = 3;

/** Part of every stored layer result's key: changes when an extractor comes, goes or reads differently. */
export const analyserVersion: string = createHash('sha256')
  .update(`reader ${readerVersion}\n`)
  .update(extractors.map(({ name, version }) => `${name} ${version}\n`).join(''))
  .digest('hex')
  .slice(0, 12);
