// The shop's side: its files while somebody edits them, and its door.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { chapter, lettersWithCode } from '../support.js';

const run = promisify(execFile);

chapter('a typo in the program is shown at its place, and goes when it is mended', async ({ place, page }) => {
  const right = readFileSync(place.program, 'utf8');
  const line = right.split('\n').findIndex((text) => text.includes('valid: 3 days')) + 1;
  assert.ok(line > 0);
  await page.goto('/program');
  await page.evaluate(() => { window.stillTheSame = true; });
  assert.equal(await page.locator('.note.bad').count(), 0);
  try {
    writeFileSync(place.program, right.replace('valid: 3 days', 'valid: 3 dais'));
    await page.locator('.note.bad mark', { hasText: 'dais' }).waitFor();
    assert.match(await page.locator('.note.bad strong').innerText(), new RegExp(`program\\.yaml, line ${line}`));
    assert.equal(await page.locator('.note.bad .no').innerText(), String(line));
    await page.getByText('Until that is mended, the plan from before goes on.').waitFor();
    assert.ok(await place.answers(), 'the place goes on');
  } finally {
    writeFileSync(place.program, right);
  }
  await page.locator('.note.bad').waitFor({ state: 'detached' });
  assert.ok(await page.evaluate(() => window.stillTheSame), 'the page was never loaded again');
});

chapter('a letter is shown as somebody would get it', async ({ place, page }) => {
  const [{ customer }] = await lettersWithCode(place, 1);
  await page.goto('/program');
  await page.getByLabel('As they would get it').fill(customer.email);
  await page.getByRole('button', { name: 'Show' }).click();
  await page.getByText(`As ${customer.name} would get it now.`).waitFor();
  const letters = page.getByRole('navigation', { name: 'Letters' });
  await letters.getByRole('link', { name: 'one-more-gift' }).click();
  await letters.locator('a[aria-current="true"]', { hasText: 'one-more-gift' }).waitFor();
  await page.getByText(`As ${customer.name} would get it now.`).waitFor();
  await page.frameLocator('iframe.paper').getByText(customer.name.split(' ')[0]).first().waitFor();
});

chapter('the shown request is sent, and the order comes in', async ({ place, page }) => {
  await page.goto('/doors');
  const text = await page.locator('pre.source').innerText();
  const { stdout } = await run('bash', ['-c', text], { cwd: place.dir });
  assert.match(stdout, /^HTTP\/1\.1 200/, stdout);
  const [, order] = text.match(/"order_id":"([^"]+)"/);
  const row = page.locator('tbody tr', { hasText: order });
  await row.getByText('recorded').waitFor();
  assert.match(await row.innerText(), /order\.placed.*webhook/s);
  // The same once more is the same order; a word changed on the way is nobody's.
  assert.match((await run('bash', ['-c', text])).stdout, /^HTTP\/1\.1 200/);
  assert.match((await run('bash', ['-c', text.replace('45.00', '99.00')])).stdout, /^HTTP\/1\.1 401/);
});
