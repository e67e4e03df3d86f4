// What a timestamp says: over what, when, and how exactly (RFC 3161 section 2.4.2).
import { createHash } from 'node:crypto';
import type { Certificate } from './certificate.ts';
import { type Der, elementsIn, expectTag, parseDer, sequenceOf } from './der.ts';
import { invalidTimestamp } from './fault.ts';
import { readTime } from './moment.ts';
import { digestNames } from './signerinfo.ts';
import { readInteger, readOid } from './value.ts';

export interface Timestamp {
  /** Ms since 1970. */
  time: number;
  /** Ms by which the time may be off, either way. */
  accuracy: number;
  /** Leaf first, root last. */
  chain: Certificate[];
}

export function readInfo(content: Buffer, signature: Uint8Array): Pick<Timestamp, 'time' | 'accuracy'> {
  const [version, , imprint, , time, ...rest] = sequenceOf(parseDer(content));
  if (readInteger(version) !== 1n) throw invalidTimestamp('version 1', 'another');
  const [algorithm, digest] = sequenceOf(imprint);
  const name = digestNames[readOid(sequenceOf(algorithm)[0])];
  if (name === undefined) throw invalidTimestamp('SHA-256, SHA-384 or SHA-512', 'another digest');
  if (!createHash(name).update(signature).digest().equals(expectTag(digest, 0x04).content))
    throw invalidTimestamp('a timestamp over this signature', 'one over other bytes');
  if (rest.some(({ tag }) => tag === 0xa1)) checkExtensions(rest.find(({ tag }) => tag === 0xa1)!);
  return {
    time: readTime(expectTag(time, 0x18)),
    accuracy: readAccuracy(rest.find(({ tag }) => tag === 0x30)),
  };
}

function readAccuracy(element: Der | undefined): number {
  if (element === undefined) return 0;
  let accuracy = 0;
  for (const part of sequenceOf(element)) {
    const value = Number(readInteger({ ...part, tag: 0x02 }));
    if (value < 0 || value > 86_400) throw invalidTimestamp('an accuracy of at most a day', String(value));
    accuracy += part.tag === 0x02 ? value * 1000 : part.tag === 0x80 ? value : value / 1000;
  }
  return accuracy;
}

function checkExtensions(holder: Der): void {
  for (const extension of elementsIn(holder.content)) {
    const parts = elementsIn(extension.content);
    if (parts.some(({ tag, content }) => tag === 0x01 && content[0] === 0xff))
      throw invalidTimestamp('no critical extension', readOid(parts[0]));
  }
}
