// Which Seaworthy this is.
import manifest from '../../package.json' with { type: 'json' };

/** Semantic version of this release. */
export const version: string = manifest.version;
