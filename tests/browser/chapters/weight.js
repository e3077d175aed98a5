// What a page weighs on its way, with everything it loads.

import assert from 'node:assert/strict';
import { chapter, until } from '../support.js';

const MOST = 60_000;

for (const path of ['/', '/outbox', '/customers']) {
  chapter(`the page ${path} comes in at most 60 KB with all it needs`, async ({ t, page }) => {
    const wire = await page.context().newCDPSession(page);
    await wire.send('Network.enable');
    await wire.send('Network.setCacheDisabled', { cacheDisabled: true });
    let bytes = 0;
    let files = 0;
    wire.on('Network.loadingFinished', ({ encodedDataLength }) => {
      bytes += encodedDataLength;
      files += 1;
    });
    await page.goto(path, { waitUntil: 'load' });
    await until('the page, its style, its two scripts and its mark have come', () => files >= 5);
    t.diagnostic(`${path} weighs ${(bytes / 1_000).toFixed(1)} KB in ${files} files`);
    assert.ok(bytes <= MOST, `${bytes} bytes`);
  });
}
