// Platforms: parsing, the spellings that containerd treats as one, and choosing the best of an index.
import { ImageFault } from './fault.ts';

export interface Platform {
  os: string;
  architecture: string;
  variant?: string;
  /** Windows build, `10.0.17763.1`. */
  osVersion?: string;
}

const partPattern = /^[A-Za-z0-9_.-]{1,64}$/;
const operatingSystems = new Set([
  'linux',
  'windows',
  'darwin',
  'macos',
  'freebsd',
  'openbsd',
  'netbsd',
  'solaris',
  'aix',
]);

/**
 * Parses `OS[/ARCH[/VARIANT]]` or a bare `ARCH`; what is left out is the host's. Throws ImageFault
 * `platform-invalid`.
 */
export function parsePlatform(text: string, host: Platform = hostPlatform()): Platform {
  const parts = text.split('/');
  if (parts.length > 3 || !parts.every((part) => partPattern.test(part)))
    throw new ImageFault(
      'platform-invalid',
      `expected OS/ARCH[/VARIANT], got ${JSON.stringify(text.slice(0, 80))}`,
      {
        hint: 'For example linux/amd64 or linux/arm/v7.',
      },
    );
  const [first = '', architecture, variant] = parts;
  if (architecture !== undefined)
    return normalizePlatform({ os: first, architecture, ...(variant === undefined ? {} : { variant }) });
  return operatingSystems.has(first.toLowerCase())
    ? normalizePlatform({ ...host, os: first })
    : normalizePlatform({ os: host.os, architecture: first });
}

/** The one spelling of a platform, by the rules of containerd's platforms package. */
export function normalizePlatform(platform: Platform): Platform {
  const os = platform.os.toLowerCase();
  const { architecture, variant } = normalizeArchitecture(
    platform.architecture.toLowerCase(),
    (platform.variant ?? '').toLowerCase(),
  );
  return {
    os: os === 'macos' ? 'darwin' : os,
    architecture,
    ...(variant === '' ? {} : { variant }),
    ...(platform.osVersion === undefined || platform.osVersion === ''
      ? {}
      : { osVersion: platform.osVersion }),
  };
}

function normalizeArchitecture(
  architecture: string,
  variant: string,
): { architecture: string; variant: string } {
  switch (architecture) {
    case 'i386':
      return { architecture: '386', variant: '' };
    case 'x86_64':
    case 'x86-64':
    case 'amd64':
      return { architecture: 'amd64', variant: variant === 'v1' ? '' : variant };
    case 'aarch64':
    case 'arm64':
      return { architecture: 'arm64', variant: normalizeArm64(variant) };
    case 'armhf':
      return { architecture: 'arm', variant: 'v7' };
    case 'armel':
      return { architecture: 'arm', variant: 'v6' };
    case 'arm':
      return { architecture: 'arm', variant: variant === '' ? 'v7' : variant.replace(/^(?=[5-8]$)/, 'v') };
    default:
      return { architecture, variant };
  }
}

function normalizeArm64(variant: string): string {
  if (['8', 'v8', '8.0', 'v8.0'].includes(variant)) return '';
  if (['9', 'v9', '9.0', 'v9.0'].includes(variant)) return 'v9';
  return variant;
}

/** The platform this process would run images of: Linux on every host, as container engines do. */
export function hostPlatform(arch: string = process.arch): Platform {
  const names: Record<string, string> = { x64: 'amd64', ia32: '386', ppc64: 'ppc64le' };
  return normalizePlatform({ os: 'linux', architecture: names[arch] ?? arch });
}

export function formatPlatform({ os, architecture, variant, osVersion }: Platform): string {
  return `${os}${osVersion === undefined ? '' : `(${osVersion})`}/${architecture}${variant === undefined ? '' : `/${variant}`}`;
}

/**
 * How well `offered` serves who wants `wanted`: 0 for the same variant, more for an older one that the
 * processor also runs, undefined when it cannot run it. Both normalised.
 */
export function platformDistance(wanted: Platform, offered: Platform): number | undefined {
  if (wanted.os !== offered.os || wanted.architecture !== offered.architecture) return undefined;
  if (wanted.osVersion !== undefined && wanted.osVersion !== offered.osVersion) return undefined;
  if (wanted.variant === offered.variant) return 0;
  const asked = level(wanted);
  const given = level(offered);
  if (asked === undefined || given === undefined || given > asked) return undefined;
  return asked - given;
}

/** Numeric rank of a variant within its architecture; no variant is the oldest of amd64 and arm64. */
function level({ architecture, variant }: Platform): number | undefined {
  const oldest: Record<string, string> = { amd64: 'v1', arm64: 'v8' };
  const match = /^v(\d{1,2})(?:\.(\d{1,2}))?$/.exec(variant ?? oldest[architecture] ?? '');
  return match === null ? undefined : Number(match[1]) * 100 + Number(match[2] ?? 0);
}

/** The item whose platform serves `wanted` best; the first of equals, as engines choose. */
export function bestPlatform<T extends { platform?: Platform }>(
  wanted: Platform,
  items: readonly T[],
): T | undefined {
  const want = normalizePlatform(wanted);
  let best: { item: T; distance: number } | undefined;
  for (const item of items) {
    if (item.platform === undefined) continue;
    const distance = platformDistance(want, normalizePlatform(item.platform));
    if (distance !== undefined && (best === undefined || distance < best.distance)) best = { item, distance };
  }
  return best?.item;
}
