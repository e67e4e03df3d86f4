// What a package is called, and which ecosystem and distribution it belongs to.
export type { OsRelease } from './osrelease.ts';
