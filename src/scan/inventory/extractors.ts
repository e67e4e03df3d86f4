// Every extractor there is; a new package database or language is a file and a line here.
import { createHash } from 'node:crypto';
import { apk } from './apk.ts';
import { dpkg } from './dpkg.ts';
import { dpkgFiles } from './dpkgfiles.ts';
import type { Extractor } from './extractor.ts';
import { osRelease } from './osrelease.ts';

export const extractors: readonly Extractor[] = [osRelease, dpkg, dpkgFiles, apk];

/** Part of every stored layer result's key: changes when an extractor comes, goes or reads differently. */
export const analyserVersion: string = createHash('sha256')
  .update(extractors.map(({ name, version }) => `${name} ${version}\n`).join(''))
  .digest('hex')
  .slice(0, 12);
