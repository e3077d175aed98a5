// What a reader does with a letter, and how the shop sees it.

import assert from 'node:assert/strict';
import { chapter, figure, lettersWithCode } from '../support.js';

const TABS = {
  HTML: 'iframe', Phone: 'iframe.phone', Text: 'pre.paper', Headers: 'div.paper', Source: 'pre.paper', Links: 'div.paper',
};

chapter('a reader comes back with the code of a letter', async ({ place, page }) => {
  const [{ id, customer }] = await lettersWithCode(place, 1);
  const { code, subject } = customer.messages.find((message) => message.id === id);
  await page.goto('/');
  const used = await figure(page, 'used their code');

  await page.goto(`/outbox?q=${code}`);
  await page.locator('.mails a', { hasText: subject }).first().click();
  await page.locator('h1', { hasText: subject }).waitFor();
  const letter = page.frameLocator('iframe.paper');
  await letter.getByText(code).first().waitFor();
  for (const [name, kind] of Object.entries(TABS)) {
    await page.getByRole('navigation', { name: 'The letter' }).getByRole('link', { name, exact: true }).click();
    await page.locator('.tabs a[aria-current="true"]', { hasText: name }).waitFor();
    await page.locator(kind).waitFor();
    if (kind.startsWith('iframe')) await letter.getByText(code).first().waitFor();
  }
  const links = await page.locator('div.paper .chip').allInnerTexts();
  assert.ok(links.includes('200') && links.every((answer) => ['200', 'outside, not asked'].includes(answer)), `${links}`);
  await page.getByRole('link', { name: 'Text', exact: true }).click();
  await page.locator('pre.paper', { hasText: `Code: ${code}` }).waitFor();

  await page.getByRole('button', { name: 'Buy with the code' }).click();
  await page.getByText('Done.').waitFor();
  await page.locator('.facts dt', { hasText: 'Code used' }).waitFor();
  await page.locator('.facts a').first().click();
  await page.locator('.story .good', { hasText: 'Came back with the code' }).waitFor();
  await page.goto('/');
  assert.equal(await figure(page, 'used their code'), used + 1);
});

chapter('a reader says no on their own page', async ({ place, page }) => {
  const [{ id, customer, email }] = await lettersWithCode(place, 1);
  const { Text: text } = await place.read(`/api/v1/message/${id}`);
  const [, link] = text.match(/Unsubscribe: (http\S+)/);
  await page.goto(link);
  await page.getByRole('button', { name: 'Unsubscribe' }).click();
  await page.getByRole('heading', { name: 'You are unsubscribed' }).waitFor();
  await page.goto(`/customers/${customer.id}`);
  await page.locator('.facts', { hasText: 'they said no' }).waitFor();
  await page.locator('.story', { hasText: 'They said no to mail by unsubscribing: nothing more is sent' }).waitFor();
  const { now } = await place.read(`/api/customers/${email}`);
  assert.equal(now.next_letter, null);
});

chapter('a mail program says no for its reader with one click', async ({ place, page }) => {
  const [{ id, customer }] = await lettersWithCode(place, 1);
  await page.goto(`/outbox/${id}`);
  await page.getByRole('button', { name: 'Unsubscribe, one click' }).click();
  await page.getByText('Done.').waitFor();
  await page.locator('.facts dd a').first().click();
  await page.locator('h1', { hasText: customer.name }).waitFor();
  await page.locator('.facts', { hasText: 'they said no' }).waitFor();
});
