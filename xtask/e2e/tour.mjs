// A tour of all pages, in the states that matter: whoever judges pages and whoever takes pictures of them goes it.

import { readFileSync } from 'node:fs';

import {
  DESKTOP, OTHER_PASSWORD, Service, heading, launch, press, profile, setPassword, signIn, until,
} from './kit.mjs';

/** Method and path of every page, by the program's own tables. */
export const ROUTES = readFileSync(new URL('pages.txt', import.meta.url), 'utf8').trim().split('\n');

/** The route of a request: of those that fit, the one with the fewest parts left open. */
function routeOf(method, path) {
  const fits = (route) => {
    const [own, pattern] = route.split(' ');
    return own === method && new RegExp(`^${pattern.replaceAll('.', '\\.').replace(/\{\w+\}/g, '[^/]+')}$`).test(path);
  };
  const open = (route) => route.split('{').length;
  return ROUTES.filter(fits).sort((one, other) => open(one) - open(other))[0];
}

/** A file as it comes from elsewhere: other names of columns, a row that can be mended and one that can't. */
const SHEET = 'Number,Forename,Surname,Mail\n81,Rosalind,Franklin,rosalind@franklin.example\n'
  + '82,Lise,Meitner,Lise <lise@meitner.example>\n83,Maria,Mayer,none\n';

/**
 * Goes the tour on a fresh program; at each page `visit(page, name, { dark })` is called, with `dark` where its looks in the dark are
 * worth a picture. Answers the routes whose pages were visited.
 */
export async function tour(visit, options = {}) {
  const [service, browser] = await Promise.all([Service.start(), launch('elsewhere.example')]);
  const way = new Tour(service, browser, visit, options);
  try {
    await way.go();
  } finally {
    await browser.close();
    await service.stop();
  }
  return way.seen;
}

class Tour {
  constructor(service, browser, visit, options) {
    Object.assign(this, { service, browser, options, seen: new Set() });
    this.shoot = async (page, name, how = {}) => {
      this.seen.add(page.route);
      await visit(page, name, how);
      await page.setViewportSize(DESKTOP);
    };
  }

  async go() {
    await this.firstStart();
    await this.furnish();
    await this.linkPages();
    await this.signInPages();
    await this.portalPages();
    await this.workspaceDoor();
    await this.workspacePages();
    await this.contactPages();
    await this.practicePages();
    await this.importPages();
    await this.viewPages();
    await this.frontPages();
  }

  /** A page in a browser of its own, which knows by which route it was answered last. */
  async fresh(options) {
    const page = await (await profile(this.browser, { viewport: DESKTOP, ...this.options, ...options })).newPage();
    page.on('response', (response) => {
      const request = response.request();
      const led = response.status() >= 300 && response.status() < 400;
      if (!request.isNavigationRequest() || led) return;
      page.route = routeOf(request.method(), new URL(response.url()).pathname);
    });
    return page;
  }

  open(page, rest) {
    return page.goto(this.practice.path(rest));
  }

  desk(page, rest = '') {
    return page.goto(this.practice.path(rest, 'workspace'));
  }

  follow(page, name) {
    return Promise.all([page.waitForNavigation(), page.getByRole('link', { name }).click()]);
  }

  put(path, body) {
    return this.practice.call('PUT', path, body);
  }

  async contact(ref, name, emails, clients, active = true) {
    await this.put(`/contacts/${ref}`, { name, emails, clients });
    if (active) await this.practice.call('POST', `/contacts/${ref}/portal/activate`);
  }

  /** A contact has set a password; answers its browser, signed in. */
  async settle(address) {
    const page = await this.fresh();
    await page.goto(this.service.url + (await this.practice.link(address)));
    await setPassword(page);
    await signIn(page, address);
    return page;
  }

  async firstStart() {
    const page = await this.fresh();
    await page.goto(this.service.url);
    await this.shoot(page, 'front-first');
    await page.goto(`${this.service.url}/setup`);
    await this.shoot(page, 'set-up');
    for (const [label, typed] of [
      ['Code', 'wrong'], ['Name of the practice', 'Gallagher & Partners'], ['Short name in addresses', 'gallagher'],
      ['Your name', 'Elaine Gallagher'], ['Your email address', 'elaine@gallagher.example'],
    ]) {
      await page.getByLabel(label).fill(typed);
    }
    await press(page, 'Set up');
    await this.shoot(page, 'set-up-refused');
    await page.context().close();
  }

  async furnish() {
    this.practice = this.service.practice('gallagher', 'Gallagher & Partners');
    await this.put('/settings', {
      contact_line: 'Call 020 7946 0018 on weekdays from 9 to 17, and ask for Elaine.',
      places: [
        { name: 'Documents', address: 'https://files.gallagher.example/', sentence: 'What we prepared for you, and what you sent us.' },
        { name: 'Invoices', address: 'https://pay.gallagher.example/', sentence: 'To look at and to pay.' },
        { name: 'Appointments', address: 'https://meet.gallagher.example/' },
      ],
      return_addresses: [{ name: 'app', address: 'https://app.gallagher.example/back' }],
      accent: '#1f5f8b',
    });
    const clients = { byron: 'Byron & Daughter Ltd', hopper: 'Hopper Systems', lovelace: 'Estate of A. Lovelace', noether: 'Noether Rings' };
    for (const [ref, name] of Object.entries(clients)) await this.put(`/clients/${ref}`, { name });
    await this.contact('c-1', 'Ada Byron', ['ada@byron.example', 'ada.byron@home.example'], ['byron', 'lovelace']);
    await this.contact('c-2', 'Grace Hopper', ['grace@hopper.example'], ['hopper']);
    await this.contact('c-3', 'Emmy Noether', ['emmy@noether.example', 'emmy@home.example', 'office@noether.example'], ['noether']);
    await this.contact('c-4', 'Mary Somerville', ['mary@somerville.example'], ['noether'], false);
    await this.contact('c-5', 'Katherine Johnson', [], ['hopper'], false);
    await this.contact('c-6', 'Hedy Lamarr', ['hedy@lamarr.example'], ['byron']);
    await this.contact('c-7', 'Sofia Kovalevskaya', ['sofia@rings.example'], []);
    this.dead = await this.practice.link('hedy@lamarr.example');
    await this.practice.call('POST', '/contacts/c-6/portal/deactivate');
  }

  async linkPages() {
    const { service, practice } = this;
    const link = await practice.link('grace@hopper.example');
    const page = await this.fresh();
    await page.goto(service.url + link);
    await this.shoot(page, 'link-set-password', { dark: true });
    await setPassword(page, 'short');
    await this.shoot(page, 'link-too-short');
    await setPassword(page);
    await this.shoot(page, 'link-done');
    await page.goto(service.url + link);
    await this.shoot(page, 'link-used');
    await press(page, /new link/);
    await this.shoot(page, 'link-renewed');
    await page.goto(`${service.url}${link.slice(0, -4)}AAAA`);
    await this.shoot(page, 'link-unknown');
    await page.goto(service.url + this.dead);
    await this.shoot(page, 'link-dead');
    await page.context().close();
  }

  async signInPages() {
    const page = await this.fresh();
    await this.open(page, 'sign-in');
    await this.shoot(page, 'sign-in', { dark: true });
    await signIn(page, 'grace@hopper.example', OTHER_PASSWORD);
    await this.shoot(page, 'sign-in-failed');
    await this.open(page, 'forgot');
    await this.shoot(page, 'forgot');
    await page.getByLabel('Email address').fill('grace@hopper.example');
    await press(page, 'Send me a link');
    await this.shoot(page, 'forgot-asked');
    await page.goto(`${this.service.url}/portal/nobody/sign-in`);
    await this.shoot(page, 'nothing-here');
    await page.context().close();
    const german = await this.fresh({ locale: 'de-DE' });
    await this.open(german, 'sign-in');
    await this.shoot(german, 'sign-in-german');
    await german.context().close();
  }

  async portalPages() {
    const { service, practice } = this;
    const ada = await this.settle('ada@byron.example');
    await this.shoot(ada, 'home-choice');
    await this.open(ada, 'return?return=app&state=x');
    await this.shoot(ada, 'return');
    await this.open(ada, 'return?return=nowhere&state=x');
    await this.shoot(ada, 'return-lost');
    await this.open(ada, '');
    await press(ada, /Byron & Daughter/);
    await this.shoot(ada, 'home', { dark: true });
    await this.open(ada, 'password');
    await this.shoot(ada, 'change-password');
    await ada.getByLabel('Your password until now').fill('not the one');
    await ada.getByLabel('New password').fill(OTHER_PASSWORD);
    await ada.getByLabel('The same password again').fill(OTHER_PASSWORD);
    await press(ada, 'Change password');
    await this.shoot(ada, 'change-password-refused');
    await ada.goto(service.url + (await practice.link('emmy@noether.example')));
    await this.shoot(ada, 'link-of-another');
    this.ada = ada;
    const sofia = await this.settle('sofia@rings.example');
    await this.shoot(sofia, 'home-without-profile');
    await sofia.context().close();
    const key = service.run('api-key', 'create', '--practice', 'gallagher', '--name', 'site', '--scope', 'sign_in');
    const answer = await fetch(`${service.url}/api/v1/handoffs`, {
      method: 'POST', headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' }, body: '{"contact": "c-2"}',
    });
    const { url } = await answer.json();
    const grace = await this.fresh();
    await grace.goto(url);
    await this.shoot(grace, 'handoff');
    await press(grace, /Grace Hopper/);
    await grace.goto(url);
    await this.shoot(grace, 'handoff-used');
    await grace.context().close();
  }

  async workspaceDoor() {
    const { service, practice } = this;
    const page = await this.fresh();
    await this.desk(page, 'sign-in');
    await this.shoot(page, 'workspace-sign-in');
    await this.desk(page, 'forgot');
    await this.shoot(page, 'workspace-forgot');
    await page.getByLabel('Email address').fill('nobody@gallagher.example');
    await press(page, 'Send me a link');
    await this.shoot(page, 'workspace-forgot-asked');
    const link = await practice.inviteStaff('elaine', 'Elaine Gallagher', 'elaine@gallagher.example');
    await page.goto(service.url + link);
    await this.shoot(page, 'workspace-invitation');
    await setPassword(page, 'short');
    await this.shoot(page, 'workspace-too-short');
    await setPassword(page);
    await page.goto(service.url + link);
    await this.shoot(page, 'workspace-link-used');
    await press(page, /new link/);
    await this.shoot(page, 'workspace-link-renewed');
    await this.desk(page, 'sign-in');
    await signIn(page, 'elaine@gallagher.example', OTHER_PASSWORD);
    await this.shoot(page, 'workspace-sign-in-failed');
    await signIn(page, 'elaine@gallagher.example');
    if ((await heading(page)) !== 'Roll-out') throw new Error(`after signing in there is ${await heading(page)}`);
    this.elaine = page;
    const staff = await this.fresh();
    await staff.goto(service.url + (await practice.inviteStaff('tim', 'Tim Staff', 'tim@gallagher.example', 'staff')));
    await setPassword(staff);
    await signIn(staff, 'tim@gallagher.example');
    await this.desk(staff, 'settings');
    await this.shoot(staff, 'for-admins');
    await staff.context().close();
  }

  async workspacePages() {
    const page = this.elaine;
    await this.shoot(page, 'roll-out', { dark: true });
    for (const [rest, name] of [
      ['contacts', 'contacts'], ['contacts?q=byron', 'contacts-found'], ['contacts?q=nobody', 'contacts-none'], ['contacts/c-1', 'contact'],
      ['contacts/c-3', 'contact-with-addresses'], ['contacts/c-4', 'contact-not-activated'],
      ['contacts/c-5', 'contact-without-address'], ['contacts/c-6', 'contact-deactivated'],
      ['contacts/nobody', 'contact-unknown'], ['contacts/c-1/details', 'contact-details'], ['contacts/c-1/access/deactivate', 'deactivate'],
      ['contacts/c-1/access/resend', 'resend'], ['contacts/c-4/access/activate', 'activate'], ['contacts/c-6/access/reactivate', 'reactivate'],
      ['new-contact', 'new-contact'], ['clients', 'clients'], ['clients/byron', 'client'], ['bulk/activate', 'bulk'],
      ['bulk/resend', 'bulk-resend'], ['me', 'own-account'], ['password', 'workspace-password'], ['users', 'users'],
      ['users/elaine', 'user'], ['users/tim/remove', 'user-removal'], ['settings', 'settings'], ['settings/look', 'settings-look'],
      ['settings/places', 'settings-places'], ['settings/sign-in', 'settings-sign-in'], ['settings/lifetimes', 'settings-lifetimes'],
      ['settings/mails', 'settings-mails'], ['mails', 'mails'], ['mails/activation', 'mail'],
      ['mails/activation?language=de', 'mail-german'], ['keys', 'keys'], ['webhooks', 'webhooks'], ['import', 'import'], ['jobs', 'jobs'],
      ['trial', 'trial'], ['viewers', 'viewers'], ['contacts/c-1/view', 'view-asked'], ['contacts/c-4/delete', 'delete'],
      ['contacts/c-4/erase', 'erase'],
    ]) {
      await this.desk(page, rest);
      await this.shoot(page, name);
    }
    await until('history', async () => {
      await this.desk(page, 'contacts/c-1/history');
      return /invit/i.test(await page.getByRole('main').textContent());
    });
    await this.shoot(page, 'history');
  }

  async contactPages() {
    const page = this.elaine;
    await this.desk(page, 'contacts/c-1');
    await press(page, 'Move to top …');
    await this.shoot(page, 'move');
    await this.desk(page, 'contacts/c-4');
    await page.getByLabel('New address').fill('ada@byron.example');
    await page.getByLabel('Where it goes').selectOption('first');
    await press(page, 'Add …');
    await this.shoot(page, 'address-of-another');
    await this.desk(page, 'contacts/c-4');
    await page.getByLabel('New address').fill('elaine@gallagher.example');
    await press(page, 'Add …');
    await this.shoot(page, 'address-of-staff');
    await this.desk(page, 'new-contact');
    await page.getByLabel('Name').fill('Caroline Herschel');
    await page.getByLabel('Email addresses').fill('no address');
    await press(page, 'Add');
    await this.shoot(page, 'new-contact-refused');
    await this.desk(page, 'clients');
    await this.desk(page, 'trial');
    await press(page, 'Invite me');
    await this.shoot(page, 'contact-trial');
    await this.follow(page, 'Delete it');
    await press(page, /^Delete/);
    await this.shoot(page, 'deleted');
    await this.desk(page, 'contacts/c-5/erase');
    await page.getByRole('checkbox').check();
    await press(page, 'Erase for good');
    await this.shoot(page, 'erased');
  }

  async practicePages() {
    const page = this.elaine;
    await this.desk(page, 'users');
    await page.getByLabel('Name', { exact: true }).fill('Tina Taxman');
    await page.getByLabel('Email address').fill('elaine@gallagher.example');
    await press(page, 'Add');
    await this.shoot(page, 'user-refused');
    await this.desk(page, 'users/tim');
    await page.getByRole('radio', { name: /^Administrator/ }).check();
    await press(page, 'Save …');
    await this.shoot(page, 'user-change');
    await this.desk(page, 'settings/look');
    await page.getByLabel('Your colour').fill('#ffff00');
    await press(page, 'Save');
    await this.shoot(page, 'settings-refused');
    await this.desk(page, 'settings/lifetimes');
    await page.getByLabel('The link in an invitation').fill('48');
    await press(page, 'Save');
    await this.shoot(page, 'settings-asked');
    await this.desk(page, 'mails');
    await press(page, 'Send me a test mail');
    await this.shoot(page, 'mail-sent');
    await this.desk(page, 'keys');
    await page.getByLabel('Name').fill('Books');
    await page.getByLabel('Read everything').check();
    await press(page, 'Make the key');
    await this.shoot(page, 'key-made');
    await this.follow(page, 'I have it');
    await this.follow(page, /^Revoke Books/);
    await this.shoot(page, 'key-revoked');
    await this.desk(page, 'webhooks');
    await page.getByLabel('Address of the receiver').fill('https://receiver.example/in?token=x');
    await press(page, 'Add');
    await this.shoot(page, 'webhook-made');
    await this.follow(page, 'I have it');
    await this.shoot(page, 'webhook');
    const webhook = page.url();
    for (const [rest, name] of [['deliveries', 'webhook-log'], ['secret', 'webhook-secret'], ['delete', 'webhook-removal']]) {
      await page.goto(`${webhook}/${rest}`);
      await this.shoot(page, name);
    }
  }

  async importPages() {
    const page = this.elaine;
    const bring = async (content) => {
      await this.desk(page, 'import');
      await page.getByLabel('File', { exact: true }).setInputFiles({ name: 'f.csv', mimeType: 'text/csv', buffer: Buffer.from(content) });
      await press(page, 'Check the file …');
    };
    const finished = () => until('the end of a job', async () => {
      if (await page.getByText('Finished', { exact: true }).count()) return true;
      await page.reload();
      return false;
    });
    await bring(Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 0xff]));
    await this.shoot(page, 'import-refused');
    await bring(SHEET);
    await this.shoot(page, 'columns');
    for (const [column, is] of [['Number', 'Reference'], ['Forename', 'Name'], ['Surname', 'Name'], ['Mail', 'Email addresses']]) {
      await page.getByLabel(`${column} is`).selectOption({ label: is });
    }
    await press(page, 'Check the rows …');
    await finished();
    await this.shoot(page, 'check');
    await press(page, /^Import 1 row/);
    await finished();
    await this.shoot(page, 'imported');
    await this.desk(page, 'bulk/activate');
    await press(page, 'Activate them');
    await finished();
    await this.shoot(page, 'job');
    await this.desk(page, 'jobs');
    await this.shoot(page, 'jobs-done');
  }

  async viewPages() {
    const page = this.elaine;
    await this.desk(page, 'contacts/c-1/view');
    await page.getByRole('radio').first().check();
    await page.getByLabel('Why do you look?').fill('rang: can’t find the form');
    await press(page, 'Open the portal');
    await this.shoot(page, 'view');
    await press(page, 'Stop looking');
    await this.open(page, 'view');
    await this.shoot(page, 'view-over');
    await this.open(this.ada, 'password');
    await this.ada.getByLabel('Your password until now').fill('four plain words together');
    await this.ada.getByLabel('New password').fill(OTHER_PASSWORD);
    await this.ada.getByLabel('The same password again').fill(OTHER_PASSWORD);
    await press(this.ada, 'Change password');
    await this.shoot(this.ada, 'password-changed');
  }

  async frontPages() {
    const { service } = this;
    const page = await this.fresh();
    await page.goto(`${service.url}/`);
    await this.shoot(page, 'front-one');
    service.run('practice', 'create', 'other', '--name', 'Another Practice');
    await page.goto(`${service.url}/`);
    await this.shoot(page, 'front');
    await page.getByLabel('Email address').fill('grace@hopper.example');
    await press(page, 'Mail me the way');
    await this.shoot(page, 'front-asked');
    const stray = await this.fresh({ home: 'elsewhere.example' });
    await stray.goto(`${service.url.replace('127.0.0.1', 'elsewhere.example')}/portal/gallagher/sign-in`);
    await this.shoot(stray, 'elsewhere');
    await stray.context().close();
    await page.goto(`${service.url}/portal/other/sign-in`);
    service.run('practice', 'suspend', 'other');
    for (const area of ['portal', 'workspace']) {
      await page.goto(`${service.url}/${area}/other/sign-in`);
      await this.shoot(page, `${area}-suspended`);
    }
    await page.context().close();
    await this.ada.context().close();
    await this.elaine.context().close();
  }
}
