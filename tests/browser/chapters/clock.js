// The clock in the hands of whoever looks.

import assert from 'node:assert/strict';
import { chapter, shown, until } from '../support.js';

const DAY = 86_400_000;
const button = (page, name) => page.getByRole('button', { name, exact: true });
const total = async (place) => (await place.read('/api/v1/messages?limit=1')).total;

// Presses a button of the clock, and waits until the page stands at the moment where the clock stands.
async function press(place, page, name) {
  const before = await shown(page);
  await button(page, name).click();
  return until(`the page follows '${name}'`, async () => {
    const { now, turning_to: way } = await place.read('/api/clock');
    const at = await shown(page);
    return way === null && at > before && at === Date.parse(now) && at;
  }, 120_000);
}

chapter('turning the clock until a mail appears', async ({ t, place, page }) => {
  await page.goto('/');
  const mails = await total(place);
  const began = await shown(page);
  const next = await press(place, page, 'Next event');
  t.diagnostic(`the next event is ${((next - began) / 60_000).toFixed(0)} minutes later`);
  let days = 0;
  while (await total(place) === mails) {
    assert.ok(days < 10, 'somebody is written to within ten days');
    const before = await shown(page);
    assert.equal(await press(place, page, '+1 day') - before, DAY);
    days += 1;
  }
  t.diagnostic(`a mail appears after ${days} more days`);

  const newest = (await place.read('/api/v1/messages?limit=1')).messages[0];
  await page.getByRole('link', { name: 'Outbox' }).first().click();
  assert.equal(await page.locator('.mails .subject').first().innerText(), newest.Subject);
});

chapter('forty-five days at once, before your eyes', async ({ t, place, page }) => {
  await page.goto('/');
  await page.evaluate(() => { window.stillTheSame = true; });
  const mails = await total(place);
  const before = await shown(page);
  const pressed = performance.now();
  await button(page, '+45 days').click();
  await page.locator('progress').waitFor();
  assert.match(await page.locator('.way label').innerText(), /^On the way to /);
  await page.locator('progress').waitFor({ state: 'detached', timeout: 120_000 });
  t.diagnostic(`45 days took ${((performance.now() - pressed) / 1_000).toFixed(1)} s`);
  assert.equal(await shown(page) - before, 45 * DAY);
  assert.ok(await total(place) > mails, 'letters left on the way');
  assert.ok(await page.evaluate(() => window.stillTheSame), 'the page was never loaded again');
});

chapter('letting time run, and holding it', async ({ place, page }) => {
  await page.goto('/');
  const day = () => page.locator('.day').innerText();
  await button(page, '1 day/s').click();
  for (let days = 0; days < 2; days += 1) {
    const before = await day();
    await until('the day changes by itself', async () => await day() !== before);
  }
  assert.equal(await button(page, '1 day/s').getAttribute('aria-pressed'), 'true');
  // The page is taken over piece by piece: what is open stays open.
  await page.locator('summary').click();
  const before = await day();
  await until('another day has come', async () => await day() !== before);
  assert.ok(await page.locator('details table').isVisible(), 'the table stays open');
  await button(page, 'Pause').click();
  await page.locator('button[aria-pressed="true"]', { hasText: 'Pause' }).waitFor();
  const { now, speed } = await until('the clock is held', async () => {
    const clock = await place.read('/api/clock');
    return clock.turning_to === null && clock.speed === 0 && clock;
  });
  assert.equal(speed, 0);
  // At a day a second it would be another hour by the time these have answered.
  for (const path of ['/outbox', '/customers', '/program', '/doors', '/']) await page.goto(path);
  assert.equal((await place.read('/api/clock')).now, now);
  assert.equal(await shown(page), Date.parse(now));
});
