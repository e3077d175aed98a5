// The first minute of somebody who has never seen this before.

import assert from 'node:assert/strict';
import { PAST, chapter, complaints, figure, strangers, until } from '../support.js';

chapter('a stranger sees the page within a second and a half and the past fill in', async ({ t, place, page }) => {
  await until('the place answers', () => place.answers());
  const answered = performance.now() - place.began;
  t.diagnostic(`the page answers ${answered.toFixed(0)} ms after the start of the process`);
  assert.ok(answered <= 1_500, `${answered.toFixed(0)} ms`);

  await page.goto('/');
  t.diagnostic(`the browser shows it ${(performance.now() - place.began).toFixed(0)} ms after the start`);
  assert.equal(await page.locator('h1').innerText(), 'Example Books');
  await page.locator('progress').waitFor();
  // A page that loads itself anew would lose this.
  await page.evaluate(() => { window.stillTheSame = true; });

  const orders = async () => Number((await page.locator('.funnel .quiet').first().innerText()).replaceAll(/\D/g, ''));
  for (let rises = 0; rises < 3; rises += 1) {
    const before = await orders();
    await until('more orders are counted', async () => await orders() > before);
  }

  await page.locator('progress').waitFor({ state: 'detached', timeout: PAST });
  const played = (performance.now() - place.began) / 1_000;
  t.diagnostic(`the past is played after ${played.toFixed(1)} s`);
  assert.ok(played <= PAST / 1_000, `${played.toFixed(1)} s`);
  assert.ok(await place.isPlayed());
  assert.ok(await figure(page, 'used their code') > 0);
  assert.ok(await page.evaluate(() => window.stillTheSame), 'the page was never loaded again');
  assert.deepEqual(complaints, []);
  assert.deepEqual([...strangers], []);
}, { early: true });

chapter('a page whose last file comes late keeps up as well', async ({ page }) => {
  // The file that listens is held back until the other has begun, as it may happen on any busy machine.
  await page.route('**/hx-sse*', async (route) => {
    await page.waitForFunction(() => window.htmx);
    for (let turns = 0; turns < 3; turns += 1) await page.evaluate(() => new Promise((turn) => setTimeout(turn)));
    await route.continue();
  });
  const listens = page.waitForRequest('**/live', { timeout: 5_000 });
  await Promise.all([listens, page.goto('/')]);
});
