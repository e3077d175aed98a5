// One customer among two thousand: found, read, and asked about.

import assert from 'node:assert/strict';
import { chapter, lettersWithCode } from '../support.js';

chapter('a customer is found by their name, and what would happen if', async ({ place, page }) => {
  const [{ customer }] = await lettersWithCode(place, 1);
  await page.goto('/customers');
  await page.getByLabel('Search customers').fill(customer.name.toLowerCase());
  await page.getByRole('button', { name: 'Search' }).click();
  await page.waitForURL(/\?q=/);
  const rows = await page.locator('.people .who').allInnerTexts();
  assert.ok(rows.length > 0 && rows.every((name) => name === customer.name), `${rows}`);
  await page.locator(`.people a[href="/customers/${customer.id}"]`).click();
  await page.locator('h1', { hasText: customer.name }).waitFor();
  const told = await page.locator('.story > li').count();
  assert.equal(told, customer.story.length);
  await page.locator('.story summary').first().click();
  assert.ok(await page.locator('.story .why li').first().isVisible(), 'a why is told');

  const answer = page.locator('.after');
  await page.getByRole('link', { name: 'bought today' }).click();
  await answer.getByText(/is next|No letter is foreseen/).waitFor();
  await page.getByRole('link', { name: 'unsubscribed' }).click();
  await page.locator('.tabs a[aria-current="true"]', { hasText: 'unsubscribed' }).waitFor();
  await answer.getByText('No letter is foreseen').waitFor();
  const after = await place.read(`/api/customers/${customer.email}`);
  assert.deepEqual(after.story, customer.story, 'asking is not doing');
});

chapter('nobody of that name is said so', async ({ page }) => {
  await page.goto('/customers?q=nobody+at+all');
  await page.getByText('Nobody here is called “nobody at all”.').waitFor();
});
