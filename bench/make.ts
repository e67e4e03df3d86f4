// Makes every benchmark image: `node bench/make.ts`.
import { imageNames, imageOf } from './images.ts';

for (const name of imageNames) process.stdout.write(`${name} ${imageOf(name)}\n`);
