// Signatures against the platforms' own client libraries, in both directions: what theirs sign our door takes, and what ours
// signs theirs take. WooCommerce has no library of its own; its signature is Shopify's construction under another header,
// and is made here with Node's own crypto.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import '@shopify/shopify-api/adapters/node';
import { ApiVersion, shopifyApi } from '@shopify/shopify-api';
import { Webhook } from 'standardwebhooks';
import Stripe from 'stripe';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const target = process.env.CARGO_TARGET_DIR ?? join(root, 'target');
const ours = join(target, 'debug', 'examples', 'signatures');

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

/** Asks our side: each delivery is one line of JSON, and so is each answer. */
function ask(wish, deliveries) {
  const input = deliveries.map((delivery) => JSON.stringify(delivery)).join('\n');
  const output = execFileSync(ours, [wish, String(now)], { input, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  return output.trim().split('\n').map((line) => JSON.parse(line));
}

function shopifySignature(body) {
  return createHmac('sha256', SHOPIFY).update(body, 'utf8').digest('base64');
}

test('what their libraries sign, our door takes', () => {
  const deliveries = bodies.flatMap((body) => [
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
      wiring: `woocommerce ${WOO}`,
      headers: { 'x-wc-webhook-signature': createHmac('sha256', WOO).update(body, 'utf8').digest('base64') },
      body,
    },
  ]);
  const answers = ask('hear', deliveries);
  assert.equal(answers.length, deliveries.length);
  for (const answer of answers) assert.equal(answer.signature, 'holds');
  // And the proof that this can fail: one letter of each body is another.
  const bent = deliveries.map((delivery) => ({ ...delivery, body: `${delivery.body} ` }));
  for (const answer of ask('hear', bent)) assert.equal(answer.signature, 'does not hold');
});

test('what we sign, their libraries take', async () => {
  const wanted = bodies.flatMap((body) =>
    [STANDARD, `bigcommerce ${BIGCOMMERCE}`, `stripe ${STRIPE}`, `shopify ${SHOPIFY}`].map((wiring) => ({ wiring, headers: {}, body })),
  );
  for (const { wiring, headers, body } of ask('sign', wanted)) {
    if (wiring === STANDARD) {
      new Webhook(STANDARD).verify(body, headers);
    } else if (wiring.startsWith('bigcommerce')) {
      new Webhook(BIGCOMMERCE_ENCODED).verify(body, headers);
    } else if (wiring.startsWith('stripe')) {
      stripe.webhooks.constructEvent(body, headers['stripe-signature'], STRIPE);
    } else {
      assert.equal(headers['x-shopify-hmac-sha256'], shopifySignature(body));
      const valid = await shopify.webhooks.validate(shopifyRequest(headers, body));
      assert.equal(valid.valid, true, JSON.stringify(valid));
      const bent = await shopify.webhooks.validate(shopifyRequest(headers, `${body} `));
      assert.equal(bent.valid, false);
    }
  }
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
