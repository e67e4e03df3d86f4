// The one program in the demo's images: it waits until it is ended, so that they run in a cluster as well.

const start = 0x400000;
const headers = 64 + 56;
/** pause(2), again and again: mov eax, 34; syscall; jmp -9. */
const code = [0xb8, 34, 0, 0, 0, 0x0f, 0x05, 0xeb, 0xf7];

/** A static ELF executable for linux/amd64 of one segment (System V ABI, "ELF Header", "Program Header"). */
export function waitingProgram(): Buffer {
  const file = Buffer.alloc(headers + code.length);
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  // an executable for x86-64, version 1; where it begins, and where the segments are listed
  file.writeUInt16LE(2, 16);
  file.writeUInt16LE(62, 18);
  file.writeUInt32LE(1, 20);
  file.writeBigUInt64LE(BigInt(start + headers), 24);
  file.writeBigUInt64LE(64n, 32);
  // sizes of the header and of a segment's entry, and how many segments: one, read and executed
  file.writeUInt16LE(64, 52);
  file.writeUInt16LE(56, 54);
  file.writeUInt16LE(1, 56);
  file.writeUInt32LE(1, 64);
  file.writeUInt32LE(5, 68);
  file.writeBigUInt64LE(BigInt(start), 80);
  file.writeBigUInt64LE(BigInt(start), 88);
  file.writeBigUInt64LE(BigInt(file.length), 96);
  file.writeBigUInt64LE(BigInt(file.length), 104);
  file.writeBigUInt64LE(0x1000n, 112);
  file.set(code, headers);
  return file;
}
