// From the first start to a look at the portal, by clicking: the set-up page, a trial client, what staff see as a client, and the end of
// a contact; each page judged, and the sessions of staff and client side by side.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import {
  Host, Service, heading, judgeEverywhere, launch, press, profile, setPassword, signIn, until,
} from './kit.mjs';

const ADMIN = 'elaine@practice.example';
const TRIAL = 'elaine+trial@practice.example';

let service, browser;

before(async () => {
  [service, browser] = await Promise.all([Service.start(), launch()]);
});

after(async () => {
  await browser?.close();
  await service?.stop();
});

const main = (page) => page.getByRole('main').textContent();
const cookies = async (context) => Object.fromEntries((await context.cookies()).map(({ name, value }) => [name, value]));

test('a practice is set up, tried as a client and looked at', async () => {
  const said = await until('the line with the code', () => service.log.map((line) => JSON.parse(line)).find((it) => it.code));
  const context = await profile(browser);
  const page = await context.newPage();
  const look = (name) => judgeEverywhere(page, name);

  await page.goto(service.url);
  await page.getByRole('link', { name: 'Set up the first practice' }).click();
  await look('the first start');
  await page.getByLabel('Code').fill('wrong');
  await page.getByLabel('Name of the practice').fill('Smith & Sons');
  await page.getByLabel('Short name in addresses').fill('smith');
  await page.getByLabel('Your name').fill('Elaine Gallagher');
  await page.getByLabel('Your email address').fill(ADMIN);
  await press(page, 'Set up');
  await look('a wrong code');
  await page.getByLabel('Code').fill(said.code);
  await press(page, 'Set up');
  assert.match(await heading(page), /Set your password/);
  await setPassword(page);
  await signIn(page, ADMIN);
  assert.equal(await heading(page), 'Roll-out');

  await page.getByRole('link', { name: 'Try it as a client' }).click();
  await look('a trial');
  await page.getByLabel('Where the invitation goes').fill(ADMIN);
  await press(page, 'Invite me');
  await look('a trial at an address of staff');
  await page.getByLabel('Where the invitation goes').fill(TRIAL);
  await press(page, 'Invite me');
  assert.match(await main(page), /A trial client\./);
  await look('a trial client');
  const contact = page.url();
  const staff = await cookies(context);

  const smith = new Host(service, 'smith', '');
  await page.goto(service.url + (await smith.link(TRIAL)));
  await setPassword(page);
  await signIn(page, TRIAL);
  assert.match(await main(page), /Trial client/);
  const both = await cookies(context);
  for (const [name, value] of Object.entries(staff)) assert.equal(both[name], value, 'the session of staff stays');

  await page.goto(contact);
  await page.getByRole('link', { name: 'See the portal as this contact …' }).click();
  await look('before a look');
  await page.getByLabel('Why do you look?').fill('rang: can’t find the form');
  await press(page, 'Open the portal');
  assert.match(await main(page), /Elaine Gallagher, you are looking at the portal of Trial of Elaine Gallagher\./);
  await look('a look');
  await page.goto(smith.path());
  assert.match(await main(page), /Sign out/, 'the client’s own session is what it was');
  await page.goto(smith.path('view'));
  await press(page, 'Stop looking');
  assert.equal(page.url(), contact);
  assert.deepEqual(await cookies(context), both, 'both sessions are what they were');
  await page.goBack();
  assert.match(await heading(page), /is over/, 'the way back shows nothing private');
  await look('a look that is over');

  await page.goto(`${service.url}/workspace/smith/viewers`);
  await look('who may look');
  await page.goto(contact);
  await page.getByRole('link', { name: 'Delete this contact …' }).click();
  await look('before a deletion');
  await page.getByRole('link', { name: 'Erase for good instead …' }).click();
  await look('before an erasure');
  await page.getByLabel('Yes: everything about this person is to be erased for good.').check();
  await press(page, 'Erase for good');
  assert.equal(await heading(page), 'Erased');
  await look('the receipt');
  await page.goto(`${service.url}/setup`);
  assert.match(await main(page), /does not exist/);
  assert.deepEqual(context.faults, []);
  await context.close();
});
