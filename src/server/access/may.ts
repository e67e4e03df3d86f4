// Which role may what.
import type { Role } from './book.ts';
import type { Caller } from './tokens.ts';

export type Right =
  | 'read'
  | 'renew'
  | 'approve'
  | 'release'
  | 'tokens'
  | 'report'
  | 'pull'
  | 'push'
  | 'delete';

const rights: Record<Role, readonly Right[]> = {
  admin: ['read', 'renew', 'approve', 'release', 'tokens', 'pull', 'push', 'delete'],
  operator: ['read', 'renew', 'approve', 'release', 'pull', 'push'],
  reader: ['read', 'pull'],
  agent: ['report', 'pull'],
  push: ['pull', 'push'],
  pull: ['pull'],
};

export function mayDo({ role }: Pick<Caller, 'role'>, right: Right): boolean {
  return rights[role].includes(right);
}
