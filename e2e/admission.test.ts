// The agent as a pod behind a Service of a real cluster: what it refuses, what it never refuses, and what holds while
// parts of the world are away. One installation serves all of it.
import { after, before } from 'node:test';
import { apiServer } from './apiserver.ts';
import { killed } from './killed.ts';
import { outages } from './outages.ts';
import { races } from './races.ts';
import { refusals } from './refusals.ts';
import { registries } from './registries.ts';
import { rescue } from './rescue.ts';
import { closeShop, openShop } from './shop.ts';

before(openShop);
after(closeShop);

refusals();
registries();
races();
outages();
killed();
apiServer();
rescue();
