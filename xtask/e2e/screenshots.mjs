// Every page that matters, on a phone and on a desk, into the folder that is named.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import {
  DESKTOP, OTHER_PASSWORD, PHONE, Service, heading, launch, press, profile, setPassword, signIn, until,
} from './kit.mjs';

const folder = process.argv[2];
mkdirSync(folder, { recursive: true });
const [service, browser] = await Promise.all([Service.start(), launch('elsewhere.example')]);
const practice = service.practice('gallagher', 'Gallagher & Partners');
let shots = 0;

/** A page as it is now, in both sizes; `dark` as those see it who prefer it so. */
async function shoot(page, name, { dark = false } = {}) {
  await page.emulateMedia({ colorScheme: dark ? 'dark' : 'light', reducedMotion: 'reduce' });
  for (const [size, viewport] of [['phone', PHONE], ['desk', DESKTOP]]) {
    await page.setViewportSize(viewport);
    await page.screenshot({ path: join(folder, `${name}${dark ? '-dark' : ''}-${size}.png`), fullPage: true });
    shots += 1;
  }
  if (process.stderr.isTTY) process.stderr.write(`\r${shots} pictures`);
}

const fresh = async (options) => (await profile(browser, options)).newPage();
const open = (page, rest, area = 'portal') => page.goto(practice.path(rest, area));
const desk = (page, rest = '') => open(page, rest, 'workspace');
const put = (path, body) => practice.call('PUT', path, body);
const post = (path) => practice.call('POST', path);

async function contact(ref, name, emails, clients, active = true) {
  await put(`/contacts/${ref}`, { name, emails, clients });
  if (active) await post(`/contacts/${ref}/portal/activate`);
}

/** A contact has set a password; answers its browser, signed in. */
async function settle(address, options) {
  const page = await fresh(options);
  await page.goto(service.url + (await practice.link(address)));
  await setPassword(page);
  await signIn(page, address);
  return page;
}

async function furnish() {
  await put('/settings', {
    contact_line: 'Call 020 7946 0018 on weekdays from 9 to 17, and ask for Elaine.',
    places: [
      { name: 'Documents', address: 'https://files.gallagher.example/', sentence: 'What we prepared for you, and what you sent us.' },
      { name: 'Invoices', address: 'https://pay.gallagher.example/', sentence: 'To look at and to pay.' },
      { name: 'Appointments', address: 'https://meet.gallagher.example/' },
    ],
    accent: '#1f5f8b',
  });
  const clients = { byron: 'Byron & Daughter Ltd', hopper: 'Hopper Systems', lovelace: 'Estate of A. Lovelace', noether: 'Noether Rings' };
  for (const [ref, name] of Object.entries(clients)) await put(`/clients/${ref}`, { name });
  await contact('c-1', 'Ada Byron', ['ada@byron.example', 'ada.byron@home.example'], ['byron', 'lovelace']);
  await contact('c-2', 'Grace Hopper', ['grace@hopper.example'], ['hopper']);
  await contact('c-3', 'Emmy Noether', ['emmy@noether.example'], ['noether']);
  await contact('c-4', 'Mary Somerville', ['mary@somerville.example'], ['noether'], false);
  await contact('c-5', 'Katherine Johnson', [], ['hopper'], false);
  await contact('c-6', 'Hedy Lamarr', ['hedy@lamarr.example'], ['byron']);
  await contact('c-7', 'Sofia Kovalevskaya', ['sofia@rings.example'], []);
  await post('/contacts/c-6/portal/deactivate');
}

async function linkPages() {
  const link = await practice.link('grace@hopper.example');
  const page = await fresh();
  await page.goto(service.url + link);
  await shoot(page, 'link-set-password');
  await shoot(page, 'link-set-password', { dark: true });
  await setPassword(page, 'short');
  await shoot(page, 'link-too-short');
  await setPassword(page);
  await shoot(page, 'link-done');
  await page.goto(service.url + link);
  await shoot(page, 'link-used');
  await page.goto(`${service.url}${link.slice(0, -4)}AAAA`);
  await shoot(page, 'link-unknown');
  const dead = await practice.link('hedy@lamarr.example');
  await page.goto(service.url + dead);
  await shoot(page, 'link-dead');
  await page.context().close();
}

async function signInPages() {
  const page = await fresh();
  await open(page, 'sign-in');
  await shoot(page, 'sign-in');
  await shoot(page, 'sign-in', { dark: true });
  await signIn(page, 'grace@hopper.example', OTHER_PASSWORD);
  await shoot(page, 'sign-in-failed');
  await open(page, 'forgot');
  await shoot(page, 'forgot');
  await page.getByLabel('Email address').fill('grace@hopper.example');
  await press(page, 'Send me a link');
  await shoot(page, 'forgot-asked');
  await page.goto(`${service.url}/portal/nobody/sign-in`);
  await shoot(page, 'nothing-here');
  await page.context().close();
  const german = await fresh({ locale: 'de-DE' });
  await open(german, 'sign-in');
  await shoot(german, 'sign-in-german');
  await german.context().close();
}

async function portalPages() {
  const ada = await settle('ada@byron.example');
  await shoot(ada, 'home-choice');
  await ada.getByRole('button', { name: /Byron & Daughter/ }).click();
  await shoot(ada, 'home');
  await shoot(ada, 'home', { dark: true });
  await ada.goto(practice.path('password'));
  await shoot(ada, 'change-password');
  await ada.goto(service.url + (await practice.link('emmy@noether.example')));
  await shoot(ada, 'link-of-another');
  const sofia = await settle('sofia@rings.example');
  await shoot(sofia, 'home-without-profile');
  return ada;
}

async function frontPages() {
  const page = await fresh();
  await page.goto(`${service.url}/`);
  await shoot(page, 'front-one');
  service.run('practice', 'create', 'other', '--name', 'Another Practice');
  await page.goto(`${service.url}/`);
  await shoot(page, 'front');
  await page.goto(`${service.url.replace('127.0.0.1', 'elsewhere.example')}/portal/gallagher/sign-in`);
  await shoot(page, 'elsewhere');
  await page.context().close();
}

async function workspacePages() {
  const page = await fresh({ viewport: DESKTOP });
  await desk(page, 'sign-in');
  await shoot(page, 'workspace-sign-in');
  await page.goto(service.url + (await practice.inviteStaff('elaine', 'Elaine Gallagher', 'elaine@gallagher.example')));
  await shoot(page, 'workspace-invitation');
  await setPassword(page);
  await signIn(page, 'elaine@gallagher.example', OTHER_PASSWORD);
  await shoot(page, 'workspace-sign-in-failed');
  await signIn(page, 'elaine@gallagher.example');
  if ((await heading(page)) !== 'Roll-out') throw new Error(`after signing in there is ${await heading(page)}`);
  await shoot(page, 'roll-out');
  await shoot(page, 'roll-out', { dark: true });
  for (const [rest, name] of [
    ['contacts', 'contacts'], ['contacts?q=byron', 'contacts-found'], ['contacts/c-1', 'contact'], ['contacts/c-4', 'contact-not-activated'],
    ['contacts/c-5', 'contact-without-address'], ['contacts/c-6', 'contact-deactivated'], ['contacts/c-1/details', 'contact-details'],
    ['contacts/c-1/access/deactivate', 'deactivate'], ['contacts/c-1/access/resend', 'resend'], ['contacts/c-4/access/activate', 'activate'],
    ['new-contact', 'new-contact'], ['clients', 'clients'], ['clients/byron', 'client'], ['bulk/activate', 'bulk'], ['me', 'own-account'],
    ['users', 'users'], ['users/elaine', 'user'], ['settings', 'settings'], ['settings/look', 'settings-look'], ['mails', 'mails'],
    ['mails/activation', 'mail'], ['mails/activation?language=de', 'mail-german'], ['keys', 'keys'], ['webhooks', 'webhooks'],
    ['import', 'import'], ['jobs', 'jobs'], ['trial', 'trial'], ['viewers', 'viewers'], ['contacts/c-1/view', 'view-asked'],
    ['contacts/c-4/delete', 'delete'], ['contacts/c-4/erase', 'erase'],
  ]) {
    await desk(page, rest);
    await shoot(page, name);
  }
  await until('history', async () => {
    await desk(page, 'contacts/c-1/history');
    return /invit/i.test(await page.getByRole('main').textContent());
  });
  await shoot(page, 'history');
  await desk(page, 'contacts/c-1');
  await press(page, 'Move to top …');
  await shoot(page, 'move');
  await desk(page, 'contacts/c-4');
  await page.getByLabel('New address').fill('ada@byron.example');
  await page.getByLabel('Where it goes').selectOption('first');
  await press(page, 'Add …');
  await shoot(page, 'address-of-another');
  await desk(page, 'contacts/c-4');
  await page.getByLabel('New address').fill('elaine@gallagher.example');
  await press(page, 'Add …');
  await shoot(page, 'address-of-staff');
  await page.context().close();
}

await furnish();
await linkPages();
await signInPages();
const ada = await portalPages();
await workspacePages();
await ada.context().close();
await frontPages();
await browser.close();
await service.stop();
process.stderr.write(`\r${shots} pictures in ${folder}\n`);
