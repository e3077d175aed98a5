// The pages as they look, compared with how they looked. The demo is the same at every start, so a picture differs only
// when a page does, or the fonts of the machine: then look at them, and take them anew with `npm run pictures`.

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import pixelmatch from 'pixelmatch';
import { PNG } from 'pngjs';
import { DESKTOP, PHONE, chapter } from '../support.js';

const TALLEST = 1_600;
const MOST = 0.02;
const anew = process.env.WINBACK_PICTURES === 'anew';
const file = (folder, name) => fileURLToPath(new URL(`../${folder}/${name}.png`, import.meta.url));

// The window grows to the page: a letter's frame is painted only where a window shows it.
async function take(page) {
  const { width } = page.viewportSize();
  const whole = await page.evaluate(() => document.documentElement.scrollHeight);
  await page.setViewportSize({ width, height: Math.min(whole, TALLEST) });
  await page.evaluate(() => new Promise((painted) => requestAnimationFrame(() => requestAnimationFrame(painted))));
  return page.screenshot({ animations: 'disabled', caret: 'hide' });
}

function keep(folder, name, picture) {
  mkdirSync(fileURLToPath(new URL(`../${folder}`, import.meta.url)), { recursive: true });
  writeFileSync(file(folder, name), picture);
}

// What is wrong with a picture, if anything is; then it is kept, to be looked at.
function compared(name, taken) {
  if (!existsSync(file('pictures', name))) return `${name}: there is no picture to compare with`;
  const [is, was] = [PNG.sync.read(taken), PNG.sync.read(readFileSync(file('pictures', name)))];
  const { width, height } = is;
  if (width !== was.width || height !== was.height) {
    keep('failures', `${name}-is`, taken);
    return `${name}: ${width}x${height}, was ${was.width}x${was.height}`;
  }
  const differs = new PNG({ width, height });
  const part = pixelmatch(is.data, was.data, differs.data, width, height, { threshold: 0.2 }) / (width * height);
  if (part <= MOST) return undefined;
  keep('failures', `${name}-is`, taken);
  keep('failures', `${name}-differs`, PNG.sync.write(differs));
  return `${name}: ${(part * 100).toFixed(1)} % of it differ`;
}

chapter('the pages look as they did', async ({ t, place, page }) => {
  const { messages: [newest] } = await place.read('/api/v1/messages?limit=1');
  const customer = await place.read(`/api/customers/${newest.To[0].Address}`);
  const pages = {
    overview: '/', outbox: '/outbox', mail: `/outbox/${newest.ID}`, customers: '/customers',
    customer: `/customers/${customer.id}`, program: '/program', doors: '/doors',
  };
  const sights = Object.entries(pages).flatMap(([name, path]) => [
    [`${name}-desktop`, path, DESKTOP, 'light'],
    [`${name}-phone`, path, PHONE, 'light'],
  ]);
  sights.push(['overview-dark-desktop', '/', DESKTOP, 'dark'], ['overview-dark-phone', '/', PHONE, 'dark']);
  const wrong = [];
  for (const [name, path, viewport, colorScheme] of sights) {
    await page.setViewportSize(viewport);
    await page.emulateMedia({ colorScheme });
    await page.goto(path);
    const taken = await take(page);
    if (anew) {
      keep('pictures', name, taken);
    } else {
      wrong.push(compared(name, taken));
    }
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    if (wide > 0) wrong.push(`${name}: ${wide} pixels wider than the screen`);
  }
  t.diagnostic(`${sights.length} pictures ${anew ? 'taken anew' : 'compared'}`);
  assert.deepEqual(wrong.filter(Boolean), []);
});
