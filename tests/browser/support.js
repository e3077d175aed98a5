// One place and one browser for the whole suite: the demo plays its past once, and the chapters follow each other in it.

import { spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const root = fileURLToPath(new URL('../..', import.meta.url));
const failures = fileURLToPath(new URL('failures', import.meta.url));
// As the test of the Lambda binaries builds them: then nothing is compiled a second time with other features.
const BUILT = ['--workspace', '--bins', '--examples', '--locked'];
const SHOP = join('shared', 'programs', 'shop');
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync'];
// In the debug build the demo plays its year and a half in some twenty seconds; a busy machine gets more.
export const PAST = 60_000;

export const DESKTOP = { width: 1280, height: 800 };
export const PHONE = { width: 390, height: 844 };

// Everything the browser complained of, and every host it asked that is not the place itself.
export const complaints = [];
export const strangers = new Set();

// Waits until something holds, and says what was waited for when it never does.
export async function until(what, holds, within = 20_000) {
  const end = performance.now() + within;
  for (;;) {
    const found = await holds();
    if (found) return found;
    if (performance.now() > end) throw new Error(`waited ${within} ms in vain until ${what}`);
    await pause(25);
  }
}

function binary() {
  if (process.env.WINBACK_BINARY) return process.env.WINBACK_BINARY;
  const built = spawnSync(process.env.CARGO ?? 'cargo', ['build', ...BUILT], { cwd: root, stdio: ['ignore', 2, 2] });
  if (built.status !== 0) throw new Error(`the binary cannot be built: ${built.error ?? `cargo says ${built.status}`}`);
  return join(process.env.CARGO_TARGET_DIR ?? join(root, 'target'), 'debug', 'winback');
}

async function freePort() {
  const door = createServer();
  await new Promise((opened) => door.listen(0, '127.0.0.1', opened));
  const { port } = door.address();
  await new Promise((closed) => door.close(closed));
  return port;
}

// The demo goes by the sample shop below its folder where there is one, so a copy can be edited and the repository is not.
class Place {
  constructor(program, port) {
    this.dir = mkdtempSync(join(tmpdir(), 'winback-browser-'));
    cpSync(join(root, SHOP), join(this.dir, SHOP), { recursive: true });
    this.program = join(this.dir, SHOP, 'program.yaml');
    this.url = `http://127.0.0.1:${port}`;
    this.began = performance.now();
    this.said = '';
    this.child = spawn(program, ['serve', '--port', String(port)], { cwd: this.dir, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.child.stdout, this.child.stderr]) stream.on('data', (text) => { this.said += text; });
    this.ended = new Promise((ended) => {
      this.child.on('error', (error) => ended(`it cannot be started: ${error.message}`));
      this.child.on('exit', (code, signal) => ended(`it ended with ${code ?? signal}: ${this.said}`));
    });
    this.ended.then((why) => { this.why = why; });
  }

  // What a path answers, as JSON.
  async read(path) {
    const answer = await fetch(this.url + path);
    if (!answer.ok) throw new Error(`${path} answers ${answer.status}: ${await answer.text()}`);
    return answer.json();
  }

  async answers() {
    if (this.why) throw new Error(`the place is not served; ${this.why}`);
    return fetch(this.url).then((answer) => answer.ok, () => false);
  }

  // The clock stands also in the moment before the past begins, when nobody has been written to.
  async isPlayed() {
    return (await this.read('/api/clock')).turning_to === null && (await this.read('/api/v1/messages?limit=1')).total > 0;
  }

  end() {
    this.child.kill('SIGKILL');
    rmSync(this.dir, { recursive: true, force: true });
  }
}

let place;
let browser;
const start = async () => {
  browser = await chromium.launch({ executablePath: process.env.WINBACK_CHROMIUM ?? '/usr/bin/chromium', args: FLAGS });
  place = new Place(binary(), await freePort());
};
let started;

// The child is gone with this process, however this process ends.
process.on('exit', () => place?.end());
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));

export async function close() {
  await browser?.close();
  place?.child.kill('SIGTERM');
  await place?.ended;
}

// A window of the browser, whose complaints are kept.
export async function open(options = {}) {
  const context = await browser.newContext({ viewport: DESKTOP, colorScheme: 'light', baseURL: place.url, ...options });
  context.setDefaultTimeout(20_000);
  context.on('console', (line) => line.type() === 'error' && complaints.push(`${line.text()} (${line.location().url})`));
  context.on('weberror', (error) => complaints.push(String(error.error())));
  context.on('request', (request) => {
    const { protocol, host } = new URL(request.url());
    if (protocol.startsWith('http') && host !== new URL(place.url).host) strangers.add(host);
  });
  return context;
}

// A chapter of the story: a test with a window of its own, whose last sight is kept when it fails.
export function chapter(name, tell, { early = false } = {}) {
  test(name, async (t) => {
    started ??= start();
    await started;
    if (!early) await until('the past is played', async () => (await place.answers()) && place.isPlayed(), PAST);
    const context = await open();
    const page = await context.newPage();
    try {
      await tell({ t, place, page });
    } catch (error) {
      mkdirSync(failures, { recursive: true });
      await page.screenshot({ path: join(failures, `${name.replaceAll(/\W+/g, '-')}.png`) }).catch(() => {});
      throw error;
    } finally {
      await context.close();
    }
  });
}

// The moment a page shows.
export const shown = (page) => page.locator('.clock time').getAttribute('datetime').then(Date.parse);

// A figure of the overview by the words beside it.
export async function figure(page, words) {
  const text = await page.locator('.funnel li', { hasText: words }).locator('.figure').innerText();
  return Number(text.replaceAll(',', ''));
}

// Letters whose code is good and not used yet, the newest first, each of somebody else.
export async function lettersWithCode(place, count) {
  const now = Date.parse((await place.read('/api/clock')).now);
  const { messages } = await place.read('/api/v1/search?query=Code:&limit=200');
  const found = [];
  for (const { ID: id, To: [{ Address: email }] } of messages) {
    const customer = await place.read(`/api/customers/${email}`);
    const letter = customer.messages.find((message) => message.id === id);
    const used = customer.story.some(({ what }) => what.includes('Came back with the code') || what.includes('said no'));
    if (!letter?.code || letter.state !== 'delivered' || used || Date.parse(letter.expires_at) <= now) continue;
    if (!found.some((other) => other.email === email)) found.push({ id, email, customer });
    if (found.length === count) return found;
  }
  throw new Error(`only ${found.length} of ${count} letters with a good code were found`);
}
