// Uploads that are under way: each belongs to one repository, ends by itself after a while, and is written by one
// request at a time.
import { randomUUID } from 'node:crypto';
import type { Clock } from '../core/index.ts';
import type { BlobStore, BlobWriter } from '../store/index.ts';
import { Refusal } from './errors.ts';

export interface Upload {
  id: string;
  repository: string;
  writer: BlobWriter;
  busy: boolean;
  /** Milliseconds since the epoch. */
  touched: number;
}

export interface Uploads {
  start(repository: string): Promise<Upload>;
  /** Throws Refusal 404 for an upload of another repository too. */
  find(repository: string, id: string): Upload;
  /** Runs `work` with the upload to itself. Throws Refusal 409 while another request writes. */
  use<T>(upload: Upload, work: () => Promise<T>): Promise<T>;
  end(upload: Upload): void;
}

const patience = 6 * 3600 * 1000;
const mostUploads = 10_000;

export function createUploads(blobs: BlobStore, clock: Clock): Uploads {
  const open = new Map<string, Upload>();

  async function sweep(): Promise<void> {
    const oldest = clock.now().getTime() - patience;
    for (const upload of open.values()) {
      if (upload.touched >= oldest || upload.busy) continue;
      open.delete(upload.id);
      await upload.writer.abort();
    }
  }

  return {
    async start(repository) {
      await sweep();
      if (open.size >= mostUploads)
        throw new Refusal(429, 'DENIED', `expected at most ${mostUploads} uploads at once, got more`);
      const upload: Upload = {
        id: randomUUID(),
        repository,
        writer: await blobs.start(),
        busy: false,
        touched: clock.now().getTime(),
      };
      open.set(upload.id, upload);
      return upload;
    },
    find(repository, id) {
      const upload = open.get(id);
      if (upload?.repository === repository) return upload;
      throw new Refusal(404, 'BLOB_UPLOAD_UNKNOWN', 'expected an upload that is under way, got another id');
    },
    async use(upload, work) {
      if (upload.busy)
        throw new Refusal(
          409,
          'BLOB_UPLOAD_INVALID',
          'expected one request at a time for an upload, got two',
        );
      upload.busy = true;
      try {
        return await work();
      } finally {
        upload.busy = false;
        upload.touched = clock.now().getTime();
      }
    },
    end(upload) {
      open.delete(upload.id);
    },
  };
}
