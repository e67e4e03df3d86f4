// What Seaworthy keeps: results by key now; blobs by digest come with the registry on disk.
export { diskResults, memoryResults, type ResultStore } from './results.ts';
