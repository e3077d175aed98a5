// What CloudFront runs before each request, over a stand-in for its store of keys: the header by which a function knows that a
// request came through the link domain.

import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';

const ORIGIN = fileURLToPath(new URL('../../infra/terraform/origin.js', import.meta.url));

// Asks the function about a request, with these keys in the store.
async function passed(t, keys, headers) {
    const dir = await mkdtemp(join(tmpdir(), 'winback-origin-'));
    t.after(() => rm(dir, { recursive: true }));
    const cloudfront = join(dir, 'node_modules/cloudfront');
    await mkdir(cloudfront, { recursive: true });
    await writeFile(join(cloudfront, 'package.json'), '{"type": "module", "exports": "./index.js"}');
    const missing = "throw new Error('KeyNotFound')";
    const store = `{ get: async (name) => { const found = ${JSON.stringify(keys)}[name]; if (!found) ${missing}; return found; } }`;
    await writeFile(join(cloudfront, 'index.js'), `export default { kvs: () => (${store}) };`);
    await writeFile(join(dir, 'origin.mjs'), `${await readFile(ORIGIN, 'utf8')}\nexport { handler };\n`);
    const { handler } = await import(pathToFileURL(join(dir, 'origin.mjs')));
    return handler({ request: { method: 'GET', uri: '/o/books/1', headers } });
}

test('whatever a viewer sends in its place, a function sees the key', async (t) => {
    const forged = { 'x-winback-origin': { value: 'guess' }, 'user-agent': { value: 'a reader' } };
    const request = await passed(t, { origin: 'the-key' }, forged);
    assert.deepEqual(request.headers, { 'x-winback-origin': { value: 'the-key' }, 'user-agent': { value: 'a reader' } });
    assert.deepEqual([request.method, request.uri], ['GET', '/o/books/1']);
});

test('without a key nothing goes on to a function', async (t) => {
    await assert.rejects(passed(t, {}, {}), /KeyNotFound/);
});
