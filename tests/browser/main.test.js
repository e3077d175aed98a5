// The console in a real browser, told as a story: one place, one clock, and the chapters in their order. The pictures
// come before anything is changed, so that they show the same on every machine.

import { after } from 'node:test';
import { close } from './support.js';

after(close);
await import('./chapters/arrival.js');
await import('./chapters/pictures.js');
if (process.env.WINBACK_PICTURES !== 'anew') {
  for (const name of ['weight', 'clock', 'letters', 'customers', 'shop', 'access']) await import(`./chapters/${name}.js`);
}
