// Staff at work, by clicking, with scripts and without: from their own invitation to a client who signs in.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import {
  DESKTOP, OTHER_PASSWORD, Service, heading, judgeEverywhere, launch, press, profile, setPassword, signIn,
} from './kit.mjs';

let service, browser, smith;

before(async () => {
  [service, browser] = await Promise.all([Service.start(), launch()]);
  smith = service.practice('smith', 'Smith & Sons');
});

after(async () => {
  await browser?.close();
  await service?.stop();
});

const main = (page) => page.getByRole('main').textContent();
const follow = (page, name) => page.getByRole('link', { name }).click();
const tab = (page, name) => page.getByRole('navigation').getByRole('link', { name }).click();

/** A browser in which somebody of the practice is signed in. */
async function staff(ref, role = 'admin', options = {}) {
  const address = `${ref}@smith.example`;
  const link = await smith.inviteStaff(ref, `Sue ${ref}`, address, role);
  const context = await profile(browser, { viewport: DESKTOP, ...options });
  const page = await context.newPage();
  await page.goto(service.url + link);
  await setPassword(page);
  await signIn(page, address);
  assert.equal(await heading(page), 'Roll-out');
  return { context, page };
}

for (const javaScriptEnabled of [true, false]) {
  const how = javaScriptEnabled ? 'with scripts' : 'without scripts';
  test(`staff set up a client's portal, move the address, and end the access, ${how}`, async () => {
    const { context, page } = await staff(`life-${javaScriptEnabled}`, 'admin', { javaScriptEnabled });
    const look = (name) => (javaScriptEnabled ? judgeEverywhere(page, name) : Promise.resolve());
    const [name, client, own] = [`Ada ${how}`, `Byron ${how} Ltd`, `ada-${javaScriptEnabled}`];
    const [first, second] = [`${own}@mail.example`, `${own}@new.example`];
    await look('the roll-out');

    await tab(page, 'Clients');
    await page.getByLabel('New client').fill(client);
    await press(page, 'Add');
    assert.match(await main(page), new RegExp(client));
    await look('clients');

    await page.goto(smith.path('new-contact', 'workspace'));
    await page.getByLabel('Name').fill(name);
    await page.getByLabel('Email addresses').fill(`no address`);
    await page.getByLabel('Clients').fill(client);
    await press(page, 'Add');
    await look('a contact that could not be added');
    const summary = page.getByRole('alert');
    assert.match(await summary.textContent(), /there is no “@”/);
    await summary.getByRole('link').first().click();
    assert.equal(await page.evaluate(() => document.activeElement?.id ?? ''), 'emails', 'the summary leads to the field');
    await page.getByLabel('Email addresses').fill(` ${first} `);
    await press(page, 'Add');
    assert.equal(await heading(page), name);
    await look('a contact that was added');

    await follow(page, 'Activate …');
    assert.match(await main(page), new RegExp(first));
    await look('what activation means');
    await press(page, 'Activate');
    assert.equal(await heading(page), name);
    const invitation = await smith.link(first);

    await page.getByLabel('New address').fill(second);
    await page.getByLabel('Where it goes').selectOption('first');
    await press(page, 'Add …');
    assert.match(await main(page), new RegExp(second));
    await look('what another address means');
    await page.getByRole('link', { name: 'Back', exact: true }).click();
    assert.doesNotMatch(await main(page), new RegExp(second), 'nothing is done before it is saved');
    await page.getByLabel('New address').fill(second);
    await page.getByLabel('Where it goes').selectOption('first');
    await press(page, 'Add …');
    const ways = page.getByRole('radio');
    if (await ways.count()) await ways.first().check();
    await press(page, 'Save');
    assert.match(await main(page), new RegExp(second));
    const moved = await smith.link(second);

    const visitor = await profile(browser);
    const portal = await visitor.newPage();
    await portal.goto(service.url + invitation);
    assert.equal(await portal.getByLabel('New password').count(), 0, 'the link to the former address is dead');
    await portal.goto(service.url + moved);
    await setPassword(portal);
    await signIn(portal, second);
    assert.match(await main(portal), new RegExp(second));

    await page.reload();
    assert.match(await main(page), /Sign out everywhere/);
    await look('a contact who is signed in');
    await follow(page, /History|All that happened/i);
    await look('the history');
    await page.goBack();
    await follow(page, 'Deactivate …');
    await look('what deactivation means');
    await press(page, 'Deactivate');
    await portal.reload();
    assert.equal(await heading(portal), 'Sign in', 'whose access is taken is out at once');
    await tab(page, 'Contacts');
    await page.getByLabel('Name or address').fill(second);
    await press(page, 'Show');
    assert.match(await main(page), new RegExp(name));
    await look('contacts');
    assert.deepEqual([...context.faults, ...visitor.faults], []);
    await Promise.all([context.close(), visitor.close()]);
  });
}

test('a practice is rolled out by one button, once it was shown what that means', async () => {
  const address = 'late@mail.example';
  await smith.call('PUT', '/clients/late', { name: 'Late Ltd' });
  await smith.call('PUT', '/contacts/late', { name: 'Late', emails: [address], clients: ['late'] });
  const { context, page } = await staff('rolls');
  await judgeEverywhere(page, 'the roll-out');
  await follow(page, 'Activate all who are not activated');
  await judgeEverywhere(page, 'what it means for many');
  await press(page, 'Activate them');
  await smith.link(address);
  await page.reload();
  await judgeEverywhere(page, 'a job');
  assert.deepEqual(context.faults, []);
  await context.close();
});

test('staff who are no admins see what is theirs, and are told so elsewhere', async () => {
  const { context, page } = await staff('plain', 'staff');
  await page.goto(smith.path('bulk/activate', 'workspace'));
  assert.match(await main(page), /only an admin/i);
  await judgeEverywhere(page, 'a page for admins');
  await context.close();
});

test('staff who forgot the password set it anew by clicking alone', async () => {
  const { context, page } = await staff('forgets');
  await press(page, 'Sign out');
  await judgeEverywhere(page, 'signing in to the workspace');
  await signIn(page, 'forgets@smith.example', OTHER_PASSWORD);
  await judgeEverywhere(page, 'a failed sign-in to the workspace');
  await follow(page, 'Forgot your password?');
  await page.getByLabel('Email address').fill('forgets@smith.example');
  await judgeEverywhere(page, 'asking for a reset in the workspace');
  await press(page, /link/i);
  await page.goto(service.url + (await smith.link('forgets@smith.example', 2, 'workspace')));
  await judgeEverywhere(page, "setting staff's password");
  await setPassword(page, OTHER_PASSWORD);
  await signIn(page, 'forgets@smith.example', OTHER_PASSWORD);
  assert.equal(await heading(page), 'Roll-out');
  await context.close();
});

test('the workspace is worked by the keyboard alone', async () => {
  await smith.invite('keys', 'Kay Keys', 'kay@smith.example');
  const { context, page } = await staff('types');
  const tabTo = async (wanted) => {
    for (let step = 0; step < 60; step += 1) {
      if ((await page.evaluate(() => document.activeElement?.textContent?.trim() ?? '')) === wanted) return;
      await page.keyboard.press('Tab');
    }
    assert.fail(`no way to "${wanted}" by the keyboard`);
  };
  await page.goto(smith.path('contacts/keys', 'workspace'));
  await tabTo('Deactivate …');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Deactivate' }).waitFor();
  await tabTo('Deactivate');
  await page.keyboard.press('Enter');
  await page.getByText('Reactivate …').waitFor();
  await context.close();
});
