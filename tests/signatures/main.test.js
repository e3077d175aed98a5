// Signatures against the platforms' own client libraries of npm and PyPI, in both directions: what theirs sign our door
// takes, and what ours signs theirs take. WooCommerce has no library of its own; its signature is Shopify's construction
// under another header, and is made here with Node's own crypto.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import '@shopify/shopify-api/adapters/node';
import { ApiVersion, shopifyApi } from '@shopify/shopify-api';
import { createSHA256HMAC } from '@shopify/shopify-api/runtime';
import { Webhook } from 'standardwebhooks';
import Stripe from 'stripe';

// What `npm test` has built and installed before it comes here.
const here = dirname(fileURLToPath(import.meta.url));
const target = process.env.CARGO_TARGET_DIR ?? join(here, '..', '..', 'target');
const ours = [join(target, 'debug', 'examples', 'signatures')];
const pypi = [join(here, '.venv', 'bin', 'python'), join(here, 'libraries.py')];

const now = Math.floor(Date.now() / 1000);
const STANDARD = 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD';
const SHOPIFY = 'shpss_0123456789abcdef0123456789abcdef';
const STRIPE = 'whsec_0123456789abcdef0123456789abcdef';
const BIGCOMMERCE = '0123456789abcdef0123456789abcdef';
// As its documentation has it: the library decodes what it is given.
const BIGCOMMERCE_ENCODED = Buffer.from(BIGCOMMERCE).toString('base64');
const WOO = 'a blank would be guessed'.replaceAll(' ', '-');

// Bodies that a careless implementation gets wrong: white space, letters beyond ASCII, escapes, a large one.
const bodies = [
  '{}',
  '{ "id" : 1 }\n',
  '{"name":"Лена Ääkköinen 🎁","total":"45.00"}',
  '{"escaped":"\\u00e4\\/","nothing":null}',
  JSON.stringify({ lines: Array.from({ length: 5_000 }, (_, id) => ({ id, title: `item ${id}` })) }),
];

const stripe = new Stripe('sk_test_not_used');
const shopify = shopifyApi({
  apiKey: 'not used',
  apiSecretKey: SHOPIFY,
  apiVersion: Object.values(ApiVersion).at(-1),
  hostName: 'winback.example',
  isEmbeddedApp: false,
  logger: { log: () => {} },
});

/** Asks our side, or PyPI's: each delivery is one line of JSON, and so is each answer. */
function ask([program, ...first], wish, deliveries) {
  const input = deliveries.map((delivery) => JSON.stringify(delivery)).join('\n');
  const words = [...first, wish, String(now)];
  const output = execFileSync(program, words, { input, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  const answers = output.trim().split('\n').map((line) => JSON.parse(line));
  assert.equal(answers.length, deliveries.length);
  return answers;
}

/** Each body, wired with each platform that is named. */
function unsigned(...wirings) {
  return bodies.flatMap((body) => wirings.map((wiring) => ({ wiring, headers: {}, body })));
}

/** A side takes all of them. And the proof that this can fail: with a blank more in its body it takes none. */
function takes(side, deliveries) {
  for (const answer of ask(side, 'hear', deliveries)) assert.equal(answer.signature, 'holds');
  const bent = deliveries.map((delivery) => ({ ...delivery, body: `${delivery.body} ` }));
  for (const answer of ask(side, 'hear', bent)) assert.equal(answer.signature, 'does not hold');
}

test('what the libraries of npm sign, our door takes', async () => {
  const signed = bodies.map(async (body) => [
    {
      wiring: STANDARD,
      headers: {
        'webhook-id': 'msg_1',
        'webhook-timestamp': String(now),
        'webhook-signature': new Webhook(STANDARD).sign('msg_1', new Date(now * 1000), body),
      },
      body,
    },
    {
      wiring: `bigcommerce ${BIGCOMMERCE}`,
      headers: {
        'webhook-id': 'msg_1',
        'webhook-timestamp': String(now),
        'webhook-signature': new Webhook(BIGCOMMERCE_ENCODED).sign('msg_1', new Date(now * 1000), body),
      },
      body,
    },
    {
      wiring: `stripe ${STRIPE}`,
      headers: {
        'stripe-signature': stripe.webhooks.generateTestHeaderString({ payload: body, secret: STRIPE, timestamp: now }),
      },
      body,
    },
    {
      wiring: `shopify ${SHOPIFY}`,
      headers: { 'x-shopify-hmac-sha256': await createSHA256HMAC(SHOPIFY, body) },
      body,
    },
    {
      wiring: `woocommerce ${WOO}`,
      headers: { 'x-wc-webhook-signature': createHmac('sha256', WOO).update(body, 'utf8').digest('base64') },
      body,
    },
  ]);
  takes(ours, (await Promise.all(signed)).flat());
});

test('what we sign, the libraries of npm take', async () => {
  const wanted = unsigned(STANDARD, `bigcommerce ${BIGCOMMERCE}`, `stripe ${STRIPE}`, `shopify ${SHOPIFY}`);
  for (const { wiring, headers, body } of ask(ours, 'sign', wanted)) {
    if (wiring === STANDARD) {
      new Webhook(STANDARD).verify(body, headers);
    } else if (wiring.startsWith('bigcommerce')) {
      new Webhook(BIGCOMMERCE_ENCODED).verify(body, headers);
    } else if (wiring.startsWith('stripe')) {
      stripe.webhooks.constructEvent(body, headers['stripe-signature'], STRIPE);
    } else {
      const valid = await shopify.webhooks.validate(shopifyRequest(headers, body));
      assert.equal(valid.valid, true, JSON.stringify(valid));
      const bent = await shopify.webhooks.validate(shopifyRequest(headers, `${body} `));
      assert.equal(bent.valid, false);
    }
  }
});

test('what the libraries of PyPI sign, our door takes, and what we sign, they take', () => {
  const wanted = unsigned(STANDARD, `bigcommerce ${BIGCOMMERCE}`, `stripe ${STRIPE}`);
  takes(ours, ask(pypi, 'sign', wanted));
  takes(pypi, ask(ours, 'sign', wanted));
});

/** A request as their library wants it from Node. */
function shopifyRequest(headers, rawBody) {
  const named = {
    ...headers,
    'x-shopify-topic': 'orders/create',
    'x-shopify-shop-domain': 'example-books.myshopify.com',
    'x-shopify-api-version': '2026-10',
    'x-shopify-webhook-id': 'b54557e4-bdd9-4b37-8a5f-bf7d70bcd043',
  };
  const rawHeaders = Object.entries(named).flat();
  return { rawBody, rawRequest: { method: 'POST', url: '/webhooks/books', headers: named, rawHeaders }, rawResponse: {} };
}
