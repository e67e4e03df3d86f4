// Which file systems lie on another machine, by the number that statfs(2) gives.

const network = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'SMB'],
  [0xfe534d42, 'SMB'],
  [0x5346414f, 'AFS'],
]);

/** Its name, where it is one of them. */
export function networkFileSystem(type: number): string | undefined {
  // a signed number of 32 bits on some machines
  return network.get(type >>> 0);
}
