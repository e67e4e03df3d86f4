// What Seaworthy keeps: blobs by digest, and results by key.
export { type BlobStore, type BlobWriter, memoryBlobs } from './blobs.ts';
export { diskBlobs, StoreFault, type StoreFaultCode } from './diskblobs.ts';
export { diskResults, memoryResults, type ResultStore } from './results.ts';
