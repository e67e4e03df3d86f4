// Images in an OCI image layout (image-spec image-layout.md), in a directory or an archive.
import { parseJson } from '../../core/index.ts';
import { checkDigest, type Descriptor, type ImageIndex, isDigest, parseManifest } from '../../image/index.ts';
import { findBlob, type Layout } from './blobs.ts';
import { readPlace } from './bytes.ts';
import { LocalFault } from './fault.ts';

const tagAnnotation = 'org.opencontainers.image.ref.name';
/** containerd and Docker write the whole reference beside the tag. */
const nameAnnotation = 'io.containerd.image.name';

export async function isLayout(layout: Layout): Promise<boolean> {
  return (await layout.find('oci-layout')) !== undefined && (await layout.find('index.json')) !== undefined;
}

/** The layout's index.json. Throws LocalFault `layout-invalid`, ImageFault. */
export async function readIndex(layout: Layout): Promise<ImageIndex> {
  const marker = await layout.find('oci-layout');
  const place = await layout.find('index.json');
  if (marker === undefined || place === undefined)
    throw new LocalFault(
      'layout-invalid',
      `expected oci-layout and index.json in ${layout.name}, got no image layout`,
      {
        hint: 'Name the directory or archive that holds oci-layout, index.json and blobs/.',
      },
    );
  const version = (
    parseJson((await readPlace(marker, 4096)).toString('utf8')) as { imageLayoutVersion?: unknown } | null
  )?.imageLayoutVersion;
  if (version !== '1.0.0')
    throw new LocalFault(
      'layout-invalid',
      `expected imageLayoutVersion 1.0.0 in ${layout.name}, got ${JSON.stringify(version)}`,
    );
  const index = parseManifest(await readPlace(place));
  if (index.kind !== 'index')
    throw new LocalFault(
      'layout-invalid',
      `expected index.json of ${layout.name} to be an index, got a manifest`,
    );
  return index;
}

/**
 * The descriptor that a tag or digest names; without one, the only image there is (entries for platforms of the
 * same tag count as one choice, made later). Throws LocalFault `image-not-here`.
 */
export function chooseEntry(index: ImageIndex, name: string | undefined, where: string): Descriptor {
  const entries = index.manifests.filter((entry) => !isAttachment(entry));
  const found = name === undefined ? entries : entries.filter((entry) => answersTo(entry, name));
  const distinct = new Set(found.map((entry) => entry.digest));
  if (distinct.size === 1) return found[0] as Descriptor;
  const names = entries.map((entry) => entry.annotations?.[tagAnnotation] ?? entry.digest);
  const hint = `There ${names.length === 1 ? 'is' : 'are'}: ${names.slice(0, 20).join(', ') || 'none'}.`;
  if (name === undefined)
    throw new LocalFault(
      'image-not-here',
      `expected one image in ${where}, got ${distinct.size}: name its tag or digest`,
      { hint },
    );
  throw new LocalFault(
    'image-not-here',
    `expected one image called ${name} in ${where}, got ${distinct.size}`,
    { hint },
  );
}

/** A manifest by its descriptor, its bytes checked. */
export async function readManifest(layout: Layout, descriptor: Descriptor) {
  const bytes = await readPlace(await findBlob(layout, descriptor.digest, descriptor.size));
  checkDigest(bytes, descriptor.digest, 'the manifest');
  return { bytes, manifest: parseManifest(bytes, descriptor.mediaType) };
}

function answersTo(entry: Descriptor, name: string): boolean {
  if (isDigest(name)) return entry.digest === name;
  const tag = entry.annotations?.[tagAnnotation];
  const whole = entry.annotations?.[nameAnnotation];
  return tag === name || whole === name || (tag === undefined && whole?.endsWith(`:${name}`) === true);
}

/** Signatures, attestations and fallback tags that stand beside images in the same layout. */
function isAttachment(entry: Descriptor): boolean {
  return (
    entry.artifactType !== undefined || /^sha256-[a-f0-9]{64}/.test(entry.annotations?.[tagAnnotation] ?? '')
  );
}
