// The policy in force: read from its file, read again when the file is another one; the last valid one stays.
import { readFileSync, statSync } from 'node:fs';
import { isFault, messageOf } from '../core/index.ts';
import { type ImagePolicy, parsePolicy } from '../trust/index.ts';
import type { Logger } from './log.ts';

export interface PolicyInForce {
  current(): ImagePolicy;
  /** Why the file that is there now is not the one in force; undefined: it is. */
  trouble(): string | undefined;
  /** Reads the file again if it is another one; true: another policy is in force now. */
  refresh(): Promise<boolean>;
}

/** Rejects with DocumentFault when there is no valid policy to begin with. */
export async function policyInForce(path: string, log: Logger): Promise<PolicyInForce> {
  /** As they were before they were read: the policy's file, and those of keys and trust roots that it names. */
  let seen = new Map<string, string>();
  const read = async () => {
    const met = new Map<string, string>();
    const textOf = (file: string) => {
      met.set(file, stampOf(file));
      return readFileSync(file, 'utf8');
    };
    const read = await parsePolicy(textOf(path), path, textOf);
    seen = met;
    return read;
  };
  let policy = await read();
  let trouble: string | undefined;
  return {
    current: () => policy,
    trouble: () => trouble,
    async refresh() {
      try {
        if ([...seen].every(([file, was]) => stampOf(file) === was)) return false;
        const next = await read();
        trouble = undefined;
        const isOther = next.hash !== policy.hash;
        policy = next;
        return isOther;
      } catch (error) {
        const text = isFault(error) ? error.message : messageOf(error);
        if (trouble !== text)
          log.warn({ error }, 'the policy file is not valid; the last valid one stays in force');
        trouble = text;
        return false;
      }
    },
  };
}

function stampOf(file: string): string {
  const { mtimeMs, size, ino } = statSync(file);
  return `${mtimeMs} ${size} ${ino}`;
}
