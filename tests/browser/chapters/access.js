// The pages for everybody: whoever needs contrast, a keyboard, a screen reader, a small screen or a dark one.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { DESKTOP, PHONE, chapter, complaints, lettersWithCode, strangers } from '../support.js';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'];

// Run from outside the page: its own policy lets no script in, and a letter's frame runs none.
async function violations(page) {
  await page.evaluate(AXE);
  const found = await page.evaluate(async (tags) => {
    const { violations } = await window.axe.run(document, { runOnly: tags, iframes: false });
    const told = ({ html, failureSummary }) => `  ${html}\n    ${failureSummary.split('\n')[1]?.trim()}`;
    return violations.map(({ id, help, nodes }) => [`${id} (${nodes.length}): ${help}`, ...nodes.slice(0, 4).map(told)]);
  }, TAGS);
  return found.map((lines) => lines.join('\n'));
}

async function everyPage(place) {
  const [{ id, customer }] = await lettersWithCode(place, 1);
  const { Text: text } = await place.read(`/api/v1/message/${id}`);
  const own = (kind) => text.match(new RegExp(`https?://\\S+(/${kind}/[^\\s]+)`))[1];
  const tabs = ['html', 'phone', 'text', 'headers', 'source', 'links'].map((tab) => `/outbox/${id}?tab=${tab}`);
  const person = `/customers/${customer.id}?if=buys`;
  return ['/', '/outbox', ...tabs, '/customers', person, '/program', '/doors', own('o'), own('u')];
}

for (const [size, viewport] of Object.entries({ desktop: DESKTOP, phone: PHONE })) {
  for (const colorScheme of ['light', 'dark']) {
    chapter(`every page can be used by everybody, ${colorScheme} at the ${size}`, async ({ t, place, page }) => {
      await page.setViewportSize(viewport);
      await page.emulateMedia({ colorScheme });
      const paths = await everyPage(place);
      const wrong = new Map();
      for (const path of paths) {
        await page.goto(path);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
        const found = await violations(page);
        if (wide > 0) found.push(`${wide} pixels wider than the screen`);
        for (const one of found) wrong.set(one, [...(wrong.get(one) ?? []), path]);
      }
      t.diagnostic(`${paths.length} pages were looked at`);
      const told = [...wrong].map(([one, on]) => `${one}\n  on ${on.join(' ')}`);
      assert.equal(told.length, 0, told.join('\n\n'));
    });
  }
}

chapter('through it all the browser complained of nothing and asked nobody else', async () => {
  assert.deepEqual(complaints, []);
  assert.deepEqual([...strangers], []);
});
