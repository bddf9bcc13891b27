// Staff and clients in one browser (S8): neither ever takes the other's session, in whatever order they come.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Service, heading, launch, press, profile, setPassword, signIn } from './kit.mjs';

let service, browser, smith;

before(async () => {
  [service, browser] = await Promise.all([Service.start(), launch()]);
  smith = service.practice('smith', 'Smith & Sons');
  const page = await (await profile(browser)).newPage();
  await page.goto(service.url + (await smith.inviteStaff('sue', 'Sue Staff', 'sue@smith.example')));
  await setPassword(page);
  await page.context().close();
});

after(async () => {
  await browser?.close();
  await service?.stop();
});

/** The cookie of an area of the practice, as the browser holds it: name, value, attributes and all. */
async function cookie(context, area) {
  const cookies = await context.cookies();
  return JSON.stringify(cookies.filter((it) => it.name.includes(`${area}-smith`)));
}

/** Staff's page is there, whoever else came. */
async function staffIsIn(context) {
  const page = await context.newPage();
  await page.goto(smith.path('me', 'workspace'));
  assert.equal(await heading(page), 'Sue Staff');
  await page.close();
}

async function staffComes(context) {
  const page = await context.newPage();
  await page.goto(smith.path('sign-in', 'workspace'));
  await signIn(page, 'sue@smith.example');
  assert.equal(await heading(page), 'Roll-out');
  await page.close();
}

async function staffLeaves(context) {
  const page = await context.newPage();
  await page.goto(smith.path('', 'workspace'));
  await press(page, 'Sign out');
  assert.equal(await heading(page), 'Sign in to the workspace');
  await page.close();
}

/** What a client does, step by step, in a tab of its own. */
const steps = (page, link, address) => [
  ['opens the link', () => page.goto(service.url + link)],
  ['sets the password', () => setPassword(page)],
  ['signs in', () => signIn(page, address)],
  ['looks around', async () => assert.match(await page.getByRole('main').textContent(), new RegExp(address))],
  ['signs out', () => press(page, 'Sign out')],
];

for (let first = 0; first <= 5; first += 1) {
  test(`staff who sign in after ${first} steps of a client's stay signed in, byte for byte`, async () => {
    const address = `client-${first}@smith.example`;
    const link = await smith.invite(`client-${first}`, `Client ${first}`, address);
    const context = await profile(browser);
    const page = await context.newPage();
    let staff;
    const comes = async () => {
      const client = await cookie(context, 'portal');
      await staffComes(context);
      assert.equal(await cookie(context, 'portal'), client, 'staff leave the session of the client as it is');
      staff = await cookie(context, 'workspace');
      assert.notEqual(staff, '[]');
    };
    for (const [place, [what, step]] of steps(page, link, address).entries()) {
      if (place === first) await comes();
      await step();
      if (staff) {
        assert.equal(await cookie(context, 'workspace'), staff, `the client ${what}`);
        await staffIsIn(context);
      }
    }
    if (first === 5) await comes();
    assert.equal(await heading(page), 'Sign in');
    await staffIsIn(context);
    assert.deepEqual(context.faults, []);
    await context.close();
  });
}

for (const clientFirst of [true, false]) {
  test(`both are in, and ${clientFirst ? 'the client' : 'staff'} leave first: the other stays`, async () => {
    const address = `both-${clientFirst}@smith.example`;
    const link = await smith.invite(`both-${clientFirst}`, 'Bo Both', address);
    const context = await profile(browser);
    const page = await context.newPage();
    await staffComes(context);
    for (const [, step] of steps(page, link, address).slice(0, 4)) await step();
    const [staff, client] = [await cookie(context, 'workspace'), await cookie(context, 'portal')];
    if (clientFirst) {
      await press(page, 'Sign out');
      assert.equal(await cookie(context, 'workspace'), staff);
      await staffIsIn(context);
      await staffLeaves(context);
    } else {
      await staffLeaves(context);
      assert.equal(await cookie(context, 'portal'), client);
      await page.reload();
      assert.match(await page.getByRole('main').textContent(), new RegExp(address));
      await press(page, 'Sign out');
    }
    assert.equal(await heading(page), 'Sign in');
    await page.goto(smith.path('', 'workspace'));
    assert.equal(await heading(page), 'Sign in to the workspace');
    await context.close();
  });
}

test("a second client's link, while the first and staff are signed in, needs no sign-out", async () => {
  const context = await profile(browser);
  const page = await context.newPage();
  await staffComes(context);
  const staff = await cookie(context, 'workspace');
  for (const name of ['one', 'two']) {
    const address = `${name}@smith.example`;
    const link = await smith.invite(name, `Client ${name}`, address);
    for (const [what, step] of steps(page, link, address).slice(0, 4)) {
      await step();
      assert.equal(await cookie(context, 'workspace'), staff, `client ${name} ${what}`);
    }
  }
  await staffIsIn(context);
  await context.close();
});

test('what was signed out is not shown again by going back', async () => {
  const context = await profile(browser);
  await staffComes(context);
  const page = await context.newPage();
  await page.goto(smith.path('contacts', 'workspace'));
  assert.equal(await heading(page), 'Contacts');
  await press(page, 'Sign out');
  await page.goBack();
  assert.doesNotMatch(await page.content(), /Client one|Sue Staff/);
  assert.equal(await heading(page), 'Sign in to the workspace');
  await context.close();
});
