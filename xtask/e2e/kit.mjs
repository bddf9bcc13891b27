// The program over a fresh database, its mail, and a browser that reaches nothing else.

import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const need = (name) => {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: run the browser tests by \`cargo xtask e2e\``);
  return value;
};
const installed = createRequire(join(need('PORTAL_E2E_MODULES'), 'package.json'));
const { chromium } = installed('playwright-core');
const AXE = readFileSync(installed.resolve('axe-core/axe.min.js'), 'utf8');

/** What a page may weigh with all it loads (logos aside), in bytes as they come over the wire. */
const HEAVIEST = 60 * 1024;
/** The rules of WCAG up to 2.2 AA, and what axe-core holds to be good practice. */
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
/** Where the service writes what it logs, in its folder. */
const LOG = 'service.log';
/** How long something may take that happens by itself, such as a mail. */
const PATIENCE_MS = 20_000;

/** The databases that the product runs on. */
export const DATABASES = ['SQLite', 'PostgreSQL'];

export const PASSWORD = 'four plain words together';
export const OTHER_PASSWORD = 'quite another handful of words';
export const PHONE = { width: 390, height: 844 };
export const DESKTOP = { width: 1280, height: 900 };

/** The settings of a new database on the server of this run, which is thrown away as a whole. */
function onServer() {
  const [name, server] = [`portal_e2e_${randomBytes(8).toString('hex')}`, need('PORTAL_E2E_POSTGRES')];
  execFileSync(need('PORTAL_E2E_PSQL'), ['--no-psqlrc', '--quiet', `--command=CREATE DATABASE ${name}`, server]);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return { PORTAL_DATABASE_URL: url.href, PORTAL_SECRET_KEY: `t1:${randomBytes(32).toString('base64')}` };
}

/** `portal serve` on a database of its own, with captured mail unless the settings say otherwise. */
export class Service {
  static async start(settings = {}, database = DATABASES[0]) {
    const service = new Service();
    service.settings = database === 'PostgreSQL' ? { ...onServer(), ...settings } : settings;
    service.folder = mkdtempSync(join(tmpdir(), 'portal-e2e-'));
    // Into a file: nobody reads a pipe while a command runs, and who can't write to a full one waits, with whatever it holds.
    const log = openSync(join(service.folder, LOG), 'w');
    service.child = spawn(need('PORTAL_E2E_BINARY'), ['serve', '--listen', '127.0.0.1:0'], {
      cwd: service.folder, env: service.environment(), stdio: ['ignore', 'ignore', log],
    });
    closeSync(log);
    let ended = false;
    service.child.once('exit', () => { ended = true; });
    const listening = await until('the service', () => {
      if (ended) throw new Error(`the service ended:\n${service.log.join('\n')}`);
      return service.log.map((line) => JSON.parse(line)).find((said) => said.message === 'listening');
    });
    service.url = `http://${listening.address}`;
    return service;
  }

  /** All lines that it wrote. */
  get log() {
    return readFileSync(join(this.folder, LOG), 'utf8').split('\n').slice(0, -1);
  }

  environment() {
    return {
      PATH: process.env.PATH,
      PORTAL_DATABASE_URL: `sqlite://${join(this.folder, 'portal.db')}`,
      PORTAL_SMTP_URL: `capture:${join(this.folder, 'mail')}`,
      PORTAL_MAIL_FROM: 'portal@practice.example',
      PORTAL_SIGN_INS_PER_MINUTE: '10000',
      ...this.settings,
    };
  }

  /** Runs a command of the program; answers what it printed. */
  run(...words) {
    const options = { cwd: this.folder, env: this.environment(), encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] };
    return execFileSync(need('PORTAL_E2E_BINARY'), words, options).trim();
  }

  /** Makes a practice with an admin, and answers what speaks to its host API. */
  practice(slug, name) {
    this.run('practice', 'create', slug, '--name', name);
    const key = this.run('api-key', 'create', '--practice', slug, '--name', 'e2e', '--scope', 'write');
    return new Host(this, slug, key);
  }

  /** All captured mails to an address, oldest first, as text. */
  mails(to) {
    const folder = join(this.folder, 'mail');
    const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.eml')) : [];
    const texts = names.sort().map((name) => readFileSync(join(folder, name), 'utf8'));
    return texts.filter((text) => head(text, 'To').includes(to)).map(plain);
  }

  async stop() {
    const ended = new Promise((done) => this.child.once('exit', done));
    this.child.kill('SIGTERM');
    await ended;
    const wrong = this.log.filter((line) => line.includes('"level":"ERROR"'));
    rmSync(this.folder, { recursive: true });
    if (wrong.length) throw new Error(`the service complained:\n${wrong.join('\n')}`);
  }
}

/** The host API of a practice. */
export class Host {
  constructor(service, slug, key) {
    Object.assign(this, { service, slug, key });
  }

  async call(method, path, body) {
    const answer = await fetch(`${this.service.url}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${this.key}`, 'content-type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text ? JSON.parse(text) : null;
  }

  /** A contact with clients, each a ref that is its name too, invited. */
  async invite(ref, name, email, clients = ['acme']) {
    for (const client of clients) await this.call('PUT', `/clients/${client}`, { name: `${client} Ltd` });
    await this.call('PUT', `/contacts/${ref}`, { name, emails: [email], clients });
    await this.call('POST', `/contacts/${ref}/portal/activate`);
    return this.link(email);
  }

  /** A practice user, invited to the workspace: the path of the link. */
  async inviteStaff(ref, name, email, role = 'admin') {
    await this.call('PUT', `/practice-users/${ref}`, { name, email, role });
    await this.call('POST', `/practice-users/${ref}/invite`);
    return this.link(email, 1, 'workspace');
  }

  /** The path of the link in this practice's mail number `count` to an address that has one, as soon as it is there. */
  async link(to, count = 1, area = 'portal') {
    const of = new RegExp(`^${this.service.url}(/${area}/${this.slug}/link/\\S+)$`, 'm');
    const links = () => this.service.mails(to).flatMap((mail) => mail.match(of)?.[1] ?? []);
    return until(`link ${count} to ${to}`, () => links()[count - 1]);
  }

  path(rest = '', area = 'portal') {
    return `${this.service.url}/${area}/${this.slug}/${rest}`;
  }
}

/** A Chromium without network but for this machine, which has the other names that are given, too. */
export const launch = (...names) => {
  const rules = [...names.map((name) => `MAP ${name} 127.0.0.1`), 'MAP * ~NOTFOUND', 'EXCLUDE 127.0.0.1'];
  return chromium.launch({
    executablePath: need('PORTAL_E2E_CHROMIUM'),
    args: ['--no-sandbox', '--disable-gpu', `--host-resolver-rules=${rules.join(' , ')}`],
  });
};

/** A browser profile, with a watch on what its pages load and what the policy forbids; `home` is the host that they come from. */
export async function profile(browser, { home = '127.0.0.1', ...options } = {}) {
  const context = await browser.newContext({ viewport: PHONE, reducedMotion: 'reduce', ...options });
  context.setDefaultTimeout(PATIENCE_MS);
  const faults = [];
  context.on('request', (request) => {
    const host = new URL(request.url()).hostname;
    if (host !== home) faults.push(`a request to ${host}`);
  });
  context.on('console', (message) => {
    // A page that answers 401, 409, 410 or 422 is an answer and no fault.
    const answered = message.text().startsWith('Failed to load resource');
    // Nor is it one of the page's that a host which is not this machine has no HTTPS here.
    const plain = home !== '127.0.0.1' && message.text().startsWith('The Cross-Origin-Opener-Policy header has been ignored');
    if (message.type() === 'error' && !answered && !plain) faults.push(`the console: ${message.text()}`);
  });
  context.on('weberror', (error) => faults.push(`a script: ${error.error()}`));
  return Object.assign(context, { faults });
}

/** Fails where a page can't be used by everybody, loads too much, or breaks its own policy. */
export async function judge(page, name) {
  await withJudge(page, (look) => look(name));
}

/** Lets a judge look at the page as it is now, however its size and colours change meanwhile. */
async function withJudge(page, work) {
  // By CDP, since the pages' policy lets no script in.
  const world = await page.context().newCDPSession(page);
  const { frameTree } = await world.send('Page.getFrameTree');
  const { executionContextId } = await world.send('Page.createIsolatedWorld', { frameId: frameTree.frame.id });
  const run = async (expression) => {
    const asked = { expression, contextId: executionContextId, awaitPromise: true, returnByValue: true };
    const { result, exceptionDetails } = await world.send('Runtime.evaluate', asked);
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  };
  await run(`${AXE}; 0`);
  await work(async (name) => {
    const violations = await run(`axe.run(document, { runOnly: ${JSON.stringify(RULES)} })
      .then((found) => found.violations.map((it) => it.id + ': ' + it.help + ' – ' + it.nodes.map((node) => node.html).join(' | ')))`);
    // What the browser had already weighs as much as if it came now.
    const weight = await run(`[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
      .filter((entry) => !/^\\/portal\\/[^/]+\\/logo\\//.test(new URL(entry.name).pathname))
      .reduce((sum, entry) => sum + Math.max(entry.transferSize, entry.encodedBodySize), 0)`);
    const wide = await run('document.documentElement.scrollWidth - document.documentElement.clientWidth');
    const faults = [...violations, ...page.context().faults];
    if (weight > HEAVIEST) faults.push(`${weight} bytes, ${HEAVIEST} at most`);
    if (wide > 0) faults.push(`it has to be scrolled sideways by ${wide} pixels`);
    if (faults.length) throw new Error(`${name} at ${page.viewportSize().width} px:\n  ${faults.join('\n  ')}`);
  });
  await world.detach();
}

/** Judges a page on a phone, on a desk, at twice its size, and in the dark. */
export async function judgeEverywhere(page, name) {
  const twice = { width: DESKTOP.width / 2, height: DESKTOP.height / 2 };
  await withJudge(page, async (look) => {
    for (const size of [PHONE, DESKTOP, twice]) {
      await page.setViewportSize(size);
      await look(name);
    }
    await page.setViewportSize(PHONE);
    await page.emulateMedia({ colorScheme: 'dark' });
    await look(`${name}, in the dark`);
  });
  await page.emulateMedia({ colorScheme: 'light' });
}

/** Fails where the keyboard doesn't lead to all that can be used, in the order in which it stands there, and shows where one is. */
export async function walkByKeyboard(page, name) {
  const stops = await page.evaluate(() => {
    const usable = [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary')]
      .filter((it) => !it.disabled && it.checkVisibility({ visibilityProperty: true }));
    // Of a group of radio buttons one can be reached, and the others by arrows.
    const groups = Map.groupBy(usable.filter((it) => it.type === 'radio'), (it) => it.name);
    const left = [...groups.values()].flatMap((group) => group.filter((it) => it !== (group.find((one) => one.checked) ?? group[0])));
    const wanted = usable.filter((it) => !left.includes(it));
    window.reached = [];
    document.addEventListener('focusin', ({ target }) => {
      const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(target);
      const seen = (outlineStyle !== 'none' && parseFloat(outlineWidth) > 0) || boxShadow !== 'none';
      window.reached.push([wanted.indexOf(target), seen]);
    });
    wanted[0]?.focus();
    return wanted.map((it) => it.outerHTML.slice(0, 120));
  });
  for (let step = 1; step < stops.length; step += 1) await page.keyboard.press('Tab');
  const reached = await page.evaluate(() => window.reached);
  const faults = stops.flatMap((html, place) => {
    const [at, seen] = reached[place] ?? [];
    if (at !== place) return [`${html} is not number ${place + 1} on the way`];
    return seen || place === 0 ? [] : [`${html} does not show that it has the focus`];
  });
  if (faults.length) throw new Error(`${name} by the keyboard:\n  ${faults.slice(0, 5).join('\n  ')}`);
}

/** All that can be used on a page, in words that are the same wherever the program runs. */
export const usable = (page) => page.evaluate(() => {
  const all = 'a[href], button:not([type=button]), input:not([type=hidden]), select, textarea, summary';
  const shown = [...document.querySelectorAll(all)].filter((it) => it.checkVisibility({ visibilityProperty: true }));
  return shown.map((it) => {
    const text = it.labels?.[0]?.textContent ?? (it.matches('select') ? it.name : it.textContent);
    return `${it.localName} ${it.name ?? ''} ${text.replace(/\s+/g, ' ').replace(/\d+/g, '#').trim()}`;
  });
});

export const heading = (page) => page.getByRole('heading', { level: 1 }).textContent();

/** Presses a button; where it sends a form, the next page is there when this answers. */
export async function press(page, name) {
  const button = page.getByRole('button', { name });
  const sends = await button.evaluate((element) => element.type === 'submit');
  await Promise.all([sends ? page.waitForNavigation() : undefined, button.click()]);
}

export async function setPassword(page, password = PASSWORD) {
  await page.getByLabel('New password').fill(password);
  await page.getByLabel('The same password again').fill(password);
  await press(page, 'Set password');
}

export async function signIn(page, address, password = PASSWORD) {
  await page.getByLabel('Email address').fill(address);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await press(page, /^(Sign in|Switch and sign in)$/);
}

/** Waits for what happens by itself. */
export async function until(what, look) {
  for (let waited = 0; waited < PATIENCE_MS; waited += 50) {
    const found = await look();
    if (found) return found;
    await pause(50);
  }
  throw new Error(`waited in vain for ${what}`);
}

/** A header of a mail. */
function head(text, name) {
  const headers = text.slice(0, text.search(/\r?\n\r?\n/)).replace(/\r?\n[ \t]+/g, ' ');
  return headers.match(new RegExp(`^${name}: (.*)$`, 'mi'))?.[1] ?? '';
}

/** A quoted-printable mail as it is read. */
export function plain(text) {
  const bytes = text.replace(/=\r?\n/g, '').replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8').replace(/\r\n/g, '\n');
}
