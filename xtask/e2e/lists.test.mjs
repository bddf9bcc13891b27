// What scripts add to the workspace's lists: addresses pulled to another place, and contacts that narrow while one types.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import {
  DESKTOP, PHONE, Service, heading, judgeEverywhere, launch, press, profile, setPassword, signIn,
} from './kit.mjs';

let service, browser, smith, held;

before(async () => {
  [service, browser] = await Promise.all([Service.start(), launch()]);
  smith = service.practice('smith', 'Smith & Sons');
  await smith.call('PUT', '/clients/acme', { name: 'Acme Ltd' });
  const page = await (await profile(browser)).newPage();
  await page.goto(service.url + (await smith.inviteStaff('sue', 'Sue Staff', 'sue@smith.example', 'staff')));
  await setPassword(page);
  await signIn(page, 'sue@smith.example');
  held = await page.context().storageState();
  await page.context().close();
});

after(async () => {
  await browser?.close();
  await service?.stop();
});

async function staff(options) {
  const context = await profile(browser, { viewport: DESKTOP, storageState: held, ...options });
  return { context, page: await context.newPage() };
}

const put = (ref, name, emails) => smith.call('PUT', `/contacts/${ref}`, { name, emails, clients: ['acme'] });
const said = (page) => page.getByRole('main').innerText();
const order = (page) => page.locator('.addresses bdi').allTextContents();
const THREE = ['one@mail.example', 'two@mail.example', 'three@mail.example'];

/** Pulls an address by its grip to where another stands, with the mouse or a finger, and lets it go there. */
async function pull(page, from, to, { drop = true, finger = false } = {}) {
  await page.locator('.addresses').evaluate((list) => list.scrollIntoView());
  const grip = await page.locator('.addresses li').nth(from).locator('.grip').boundingBox();
  const goal = await page.locator('.addresses li').nth(to).boundingBox();
  const [x, begin] = [grip.x + grip.width / 2, grip.y + grip.height / 2];
  const end = to > from ? goal.y + goal.height - 2 : goal.y + 2;
  const hand = finger ? await fingerOn(page) : page.mouse;
  await hand.move(x, begin);
  await hand.down();
  await hand.move(x, end, { steps: 8 });
  if (drop) await Promise.all([page.waitForNavigation(), hand.up()]);
}

/** A finger, which is put down, moved and lifted as a mouse is. */
async function fingerOn(page) {
  const wire = await page.context().newCDPSession(page);
  const touch = (type, ...touchPoints) => wire.send('Input.dispatchTouchEvent', { type, touchPoints });
  let at;
  return {
    move: async (x, y, { steps = 0 } = {}) => {
      for (let step = 1; step <= steps; step += 1) await touch('touchMove', { x, y: at.y + ((y - at.y) * step) / steps });
      at = { x, y };
    },
    down: () => touch('touchStart', at),
    up: () => touch('touchEnd'),
  };
}

for (const [how, viewport, finger] of [['by mouse', DESKTOP, false], ['by finger', PHONE, true]]) {
  test(`an address that is pulled leads to the page that a button leads to, ${how}`, async () => {
    const ref = `pulled-${viewport.width}`;
    await put(ref, 'Ada Byron', THREE);
    const { context, page } = await staff({ viewport, hasTouch: finger });
    const at = smith.path(`contacts/${ref}`, 'workspace');
    await page.goto(at);
    await judgeEverywhere(page, 'addresses that can be pulled');
    await page.setViewportSize(viewport);
    await pull(page, 1, 0, { finger });
    const pulled = await said(page);
    assert.match(await heading(page), /Make two@mail\.example the sign-in address\?/);
    await page.goto(at);
    await page.getByRole('button', { name: 'Move to top …' }).first().click();
    await page.getByRole('heading', { name: /Make two/ }).waitFor();
    assert.equal(await said(page), pulled);
    await page.goto(at);
    await pull(page, 0, 2, { finger });
    assert.match(await heading(page), /Move one@mail\.example to another place\?/);
    assert.deepEqual(await order(page), [THREE[1], THREE[2], THREE[0]]);
    await page.goto(at);
    await pull(page, 2, 1, { finger });
    assert.deepEqual(await order(page), [THREE[0], THREE[2], THREE[1]]);
    await page.goto(at);
    assert.deepEqual(await order(page), THREE, 'nothing is done before it is saved');
    await pull(page, 2, 1, { finger });
    await press(page, 'Save');
    assert.equal(page.url(), at);
    assert.deepEqual(await order(page), [THREE[0], THREE[2], THREE[1]]);
    assert.deepEqual(context.faults, []);
    await context.close();
  });
}

test('an address that is let go where it was, or taken back by Escape, leads nowhere', async () => {
  await put('back', 'Bea Back', THREE);
  const { context, page } = await staff();
  const at = smith.path('contacts/back', 'workspace');
  await page.goto(at);
  await pull(page, 0, 2, { drop: false });
  assert.deepEqual(await order(page), [THREE[1], THREE[2], THREE[0]], 'the others make room');
  await page.keyboard.press('Escape');
  assert.deepEqual(await order(page), THREE);
  await page.mouse.up();
  await page.locator('.grip').first().click();
  assert.equal(page.url(), at);
  assert.deepEqual(await order(page), THREE);
  await context.close();
});

for (const javaScriptEnabled of [true, false]) {
  test(`the keyboard puts addresses in any order by buttons, ${javaScriptEnabled ? 'with' : 'without'} scripts`, async () => {
    const ref = `keys-${javaScriptEnabled}`;
    await put(ref, 'Kay Keys', THREE);
    const { context, page } = await staff({ javaScriptEnabled });
    await page.goto(smith.path(`contacts/${ref}`, 'workspace'));
    assert.equal(await page.locator('.grip').count(), javaScriptEnabled ? 3 : 0);
    await page.getByRole('button', { name: 'Move up …' }).focus();
    await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')]);
    assert.match(await heading(page), /Move three@mail\.example/);
    await page.getByRole('button', { name: 'Save' }).focus();
    await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')]);
    assert.deepEqual(await order(page), [THREE[0], THREE[2], THREE[1]]);
    await context.close();
  });
}

test('the list of contacts narrows while one types, keeps what is typed, and leaves the search to its button', async () => {
  await put('n-1', 'José Müller', ['jose@first.example']);
  await put('n-2', 'Josefine Amuller', ['office@second.example', 'hidden@elsewhere.example']);
  await put('n-3', 'Nobody Known', []);
  const { context, page } = await staff();
  const sent = [];
  page.on('request', (request) => sent.push(request.url()));
  await page.goto(smith.path('contacts', 'workspace'));
  const loaded = sent.length;
  const [field, rows] = [page.getByLabel('Name or address'), page.locator('#found > li:visible .title')];
  const all = await rows.allTextContents();
  assert.ok(['José Müller', 'Josefine Amuller', 'Nobody Known'].every((name) => all.includes(name)));
  const narrowed = (names) => page.waitForFunction(
    (wanted) => [...document.querySelectorAll('#found > li')].filter((row) => row.checkVisibility())
      .map((row) => row.querySelector('.title').textContent.trim()).join() === wanted, names.join(),
  );
  await field.pressSequentially('JOSE');
  await narrowed(all.filter((name) => /^Jos[eé]/.test(name)));
  await field.pressSequentially(' mull');
  await narrowed(['José Müller']);
  assert.match(await page.getByRole('status').textContent(), /^1 of those on this page\. “Show” looks through all/);
  await judgeEverywhere(page, 'contacts that were narrowed');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'q', 'the focus stays where one types');
  assert.equal(await field.inputValue(), 'JOSE mull');
  await field.fill('addr');
  await narrowed([]);
  await field.fill('second.exa');
  await narrowed(['Josefine Amuller']);
  await field.fill('hidden@elsewhere.example');
  await narrowed([]);
  assert.match(await page.getByRole('status').textContent(), /^None on this page/);
  await judgeEverywhere(page, 'contacts of whom none is like that');
  await field.fill('');
  await narrowed(all);
  assert.equal(await page.getByRole('status').textContent(), '');
  assert.equal(sent.length, loaded, 'typing sends nothing');
  await field.fill('hidden@elsewhere.example');
  await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')]);
  assert.deepEqual(await rows.allTextContents(), ['Josefine Amuller'], 'the button looks at all addresses');
  assert.deepEqual(context.faults, []);
  await context.close();
});
