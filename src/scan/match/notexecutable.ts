// Packages whose flaws cannot be run in a container: headers of the kernel, which is the host's.

import type { Package } from '../inventory/index.ts';
import type { Distribution } from '../package/index.ts';

const debNames =
  /^(?:linux-libc-dev(?:-.*)?|linux-headers-.*|linux-kbuild-.*|linux-source-.*|linux-doc(?:-.*)?)$/;
const debSources = /^linux(?:-(?:signed|hwe|aws|azure|gcp|oem|oracle|kvm|lowlatency|raspi)[\w.-]*)?$/;
const rpmNames = /^kernel-(?:.*-)?(?:headers|devel|devel-matched|doc|macros|source)$/;

/** The reason, or undefined where the package's code can run. */
export function notExecutable(item: Package, distribution: Distribution): string | undefined {
  const headers =
    distribution.packageType === 'deb'
      ? debNames.test(item.name) && debSources.test(item.source?.name ?? item.name)
      : distribution.packageType === 'rpm' && rpmNames.test(item.name);
  return headers ? 'not executable in a container' : undefined;
}
