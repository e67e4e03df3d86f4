// Media types of both families of images: a rebased image stays in the family it is in.
import { type ImageManifest, mediaTypes } from '../../image/index.ts';

export type Family = 'oci' | 'docker';

const docker = 'application/vnd.docker.image.rootfs.diff.tar';
const oci = mediaTypes.layerTar;

/** By the type of compression: what each family calls it. */
const layerTypes: readonly Record<Family, string>[] = [
  { oci, docker },
  { oci: mediaTypes.layerGzip, docker: `${docker}.gzip` },
  { oci: mediaTypes.layerZstd, docker: `${docker}.zstd` },
];

/** Undefined for what is no image, and for one whose manifest and config are of two families. */
export function familyOf({ mediaType, config }: ImageManifest): Family | undefined {
  if (mediaType === mediaTypes.dockerManifest)
    return config.mediaType === mediaTypes.dockerConfig ? 'docker' : undefined;
  // buildah and others wrap a Docker config in an OCI manifest
  return config.mediaType === mediaTypes.ociConfig || config.mediaType === mediaTypes.dockerConfig
    ? 'oci'
    : undefined;
}

/** The family's word for a layer's type; undefined for layers that may not be distributed and for unknown ones. */
export function layerTypeIn(family: Family, mediaType: string): string | undefined {
  return layerTypes.find((names) => names.oci === mediaType || names.docker === mediaType)?.[family];
}
