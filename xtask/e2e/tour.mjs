// A tour of all pages, in the states that matter: whoever judges pages and whoever takes pictures of them goes it.

import { OTHER_PASSWORD, Service, launch, press, setPassword, signIn } from './kit.mjs';
import { deskTour } from './tour_desk.mjs';
import { Way } from './way.mjs';

/**
 * Goes the tour on a fresh program; at each page `visit(page, name, { dark })` is called, with `dark` where its looks in the dark are
 * worth a picture. Answers the routes whose pages were visited.
 */
export async function tour(visit, options = {}) {
  const [service, browser] = await Promise.all([Service.start(), launch('elsewhere.example')]);
  const way = new Way(service, browser, visit, options);
  try {
    for (const part of [firstStart, furnish, linkPages, signInPages, portalPages, deskTour, frontPages]) await part(way);
  } finally {
    await browser.close();
    await service.stop();
  }
  return way.seen;
}

async function firstStart(way) {
  const page = await way.fresh();
  await page.goto(way.service.url);
  await way.shoot(page, 'front-first');
  await page.goto(`${way.service.url}/setup`);
  await way.shoot(page, 'set-up');
  for (const [label, typed] of [
    ['Code', 'wrong'], ['Name of the practice', 'Gallagher & Partners'], ['Short name in addresses', 'gallagher'],
    ['Your name', 'Elaine Gallagher'], ['Your email address', 'elaine@gallagher.example'],
  ]) {
    await page.getByLabel(label).fill(typed);
  }
  await press(page, 'Set up');
  await way.shoot(page, 'set-up-refused');
  await page.context().close();
}

async function furnish(way) {
  way.practice = way.service.practice('gallagher', 'Gallagher & Partners');
  await way.put('/settings', {
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
  for (const [ref, name] of Object.entries(clients)) await way.put(`/clients/${ref}`, { name });
  await way.contact('c-1', 'Ada Byron', ['ada@byron.example', 'ada.byron@home.example'], ['byron', 'lovelace']);
  await way.contact('c-2', 'Grace Hopper', ['grace@hopper.example'], ['hopper']);
  await way.contact('c-3', 'Emmy Noether', ['emmy@noether.example', 'emmy@home.example', 'office@noether.example'], ['noether']);
  await way.contact('c-4', 'Mary Somerville', ['mary@somerville.example'], ['noether'], false);
  await way.contact('c-5', 'Katherine Johnson', [], ['hopper'], false);
  await way.contact('c-6', 'Hedy Lamarr', ['hedy@lamarr.example'], ['byron']);
  await way.contact('c-7', 'Sofia Kovalevskaya', ['sofia@rings.example'], []);
  way.dead = await way.practice.link('hedy@lamarr.example');
  await way.practice.call('POST', '/contacts/c-6/portal/deactivate');
}

async function linkPages(way) {
  const { service, practice } = way;
  const link = await practice.link('grace@hopper.example');
  const page = await way.fresh();
  await page.goto(service.url + link);
  await way.shoot(page, 'link-set-password', { dark: true });
  await setPassword(page, 'short');
  await way.shoot(page, 'link-too-short');
  await setPassword(page);
  await way.shoot(page, 'link-done');
  await page.goto(service.url + link);
  await way.shoot(page, 'link-used');
  await press(page, /new link/);
  await way.shoot(page, 'link-renewed');
  await page.goto(`${service.url}${link.slice(0, -4)}AAAA`);
  await way.shoot(page, 'link-unknown');
  await page.goto(service.url + way.dead);
  await way.shoot(page, 'link-dead');
  await page.context().close();
}

async function signInPages(way) {
  const page = await way.fresh();
  await way.open(page, 'sign-in');
  await way.shoot(page, 'sign-in', { dark: true });
  await signIn(page, 'grace@hopper.example', OTHER_PASSWORD);
  await way.shoot(page, 'sign-in-failed');
  await way.open(page, 'forgot');
  await way.shoot(page, 'forgot');
  await page.getByLabel('Email address').fill('grace@hopper.example');
  await press(page, 'Send me a link');
  await way.shoot(page, 'forgot-asked');
  await page.goto(`${way.service.url}/portal/nobody/sign-in`);
  await way.shoot(page, 'nothing-here');
  await page.context().close();
  const german = await way.fresh({ locale: 'de-DE' });
  await way.open(german, 'sign-in');
  await way.shoot(german, 'sign-in-german');
  await german.context().close();
}

async function portalPages(way) {
  const { service, practice } = way;
  const ada = await way.settle('ada@byron.example');
  await way.shoot(ada, 'home-choice');
  await way.open(ada, 'return?return=app&state=x');
  await way.shoot(ada, 'return');
  await way.open(ada, 'return?return=nowhere&state=x');
  await way.shoot(ada, 'return-lost');
  await way.open(ada, '');
  await press(ada, /Byron & Daughter/);
  await way.shoot(ada, 'home', { dark: true });
  await way.open(ada, 'password');
  await way.shoot(ada, 'change-password');
  await ada.getByLabel('Your password until now').fill('not the one');
  await ada.getByLabel('New password').fill(OTHER_PASSWORD);
  await ada.getByLabel('The same password again').fill(OTHER_PASSWORD);
  await press(ada, 'Change password');
  await way.shoot(ada, 'change-password-refused');
  await ada.goto(service.url + (await practice.link('emmy@noether.example')));
  await way.shoot(ada, 'link-of-another');
  way.ada = ada;
  const sofia = await way.settle('sofia@rings.example');
  await way.shoot(sofia, 'home-without-profile');
  await sofia.context().close();
  const key = service.run('api-key', 'create', '--practice', 'gallagher', '--name', 'site', '--scope', 'sign_in');
  const answer = await fetch(`${service.url}/api/v1/handoffs`, {
    method: 'POST', headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' }, body: '{"contact": "c-2"}',
  });
  const { url } = await answer.json();
  const grace = await way.fresh();
  await grace.goto(url);
  await way.shoot(grace, 'handoff');
  await press(grace, /Grace Hopper/);
  await grace.goto(url);
  await way.shoot(grace, 'handoff-used');
  await grace.context().close();
}

async function frontPages(way) {
  const { service } = way;
  const page = await way.fresh();
  await page.goto(`${service.url}/`);
  await way.shoot(page, 'front-one');
  service.run('practice', 'create', 'other', '--name', 'Another Practice');
  await page.goto(`${service.url}/`);
  await way.shoot(page, 'front');
  await page.getByLabel('Email address').fill('grace@hopper.example');
  await press(page, 'Mail me the way');
  await way.shoot(page, 'front-asked');
  const stray = await way.fresh({ home: 'elsewhere.example' });
  await stray.goto(`${service.url.replace('127.0.0.1', 'elsewhere.example')}/portal/gallagher/sign-in`);
  await way.shoot(stray, 'elsewhere');
  await stray.context().close();
  await page.goto(`${service.url}/portal/other/sign-in`);
  service.run('practice', 'suspend', 'other');
  for (const area of ['portal', 'workspace']) {
    await page.goto(`${service.url}/${area}/other/sign-in`);
    await way.shoot(page, `${area}-suspended`);
  }
  await page.context().close();
  await way.ada.context().close();
  await way.elaine.context().close();
}
