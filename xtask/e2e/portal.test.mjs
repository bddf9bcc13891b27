// A client's way through the portal, by clicking, with scripts and without, and what meets in one browser.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import {
  OTHER_PASSWORD, PASSWORD, Service, heading, judge, judgeEverywhere, launch, press, profile, setPassword, signIn,
} from './kit.mjs';

let service, browser, smith, jones;

before(async () => {
  [service, browser] = await Promise.all([Service.start(), launch()]);
  smith = service.practice('smith', 'Smith & Sons');
  jones = service.practice('jones', 'Jones <Legal>');
});

after(async () => {
  await browser?.close();
  await service?.stop();
});

/** A contact who has set a password, in a browser that nobody looks at any more. */
async function settled(host, ref, name, email, clients) {
  const path = await host.invite(ref, name, email, clients);
  const context = await profile(browser);
  const page = await context.newPage();
  await page.goto(host.service.url + path);
  await setPassword(page, PASSWORD);
  await context.close();
}

for (const javaScriptEnabled of [true, false]) {
  const how = javaScriptEnabled ? 'with scripts' : 'without scripts';
  test(`a client comes from the invitation into the portal and out again, ${how}`, async () => {
    const address = `ada-${javaScriptEnabled}@smith.example`;
    const path = await smith.invite(`life-${javaScriptEnabled}`, 'Ada Smith', address);
    const context = await profile(browser, { javaScriptEnabled });
    const page = await context.newPage();
    const look = (name) => (javaScriptEnabled ? judge(page, name) : Promise.resolve());

    await page.goto(service.url + path);
    await look('the link page');
    await setPassword(page, 'short');
    assert.match(await page.getByRole('alert').textContent(), /too short/);
    await look('a password that is too short');
    await page.getByRole('alert').getByRole('link').click();
    assert.equal(await page.evaluate(() => document.activeElement?.id ?? ''), 'password', 'the summary leads to the field');
    await setPassword(page, PASSWORD);

    assert.equal(await heading(page), 'Sign in');
    assert.equal(await page.getByLabel('Email address').inputValue(), address);
    await look('the password is set');
    await signIn(page, address, OTHER_PASSWORD);
    assert.equal(await page.getByLabel('Email address').inputValue(), address, 'what was typed is kept');
    await look('a sign-in that failed');
    await signIn(page, address);
    assert.match(await page.getByRole('main').textContent(), new RegExp(address));
    await look('home');

    await press(page, 'Sign out');
    assert.equal(await heading(page), 'Sign in');
    await page.goBack();
    assert.doesNotMatch(await page.content(), /Ada Smith/, 'the way back shows nothing private');
    await page.goto(smith.path());
    assert.equal(await heading(page), 'Sign in');

    await page.goto(service.url + path);
    assert.match(await heading(page), /used already/);
    await look('a used link');
    assert.deepEqual(context.faults, []);
    await context.close();
  });
}

test('a forgotten password is set anew by clicking alone', async () => {
  const address = 'grace@smith.example';
  await settled(smith, 'forgot', 'Grace', address);
  const context = await profile(browser);
  const page = await context.newPage();
  await page.goto(smith.path('sign-in'));
  await page.getByRole('link', { name: /Forgot/ }).click();
  await judgeEverywhere(page, 'asking for a reset');
  await page.getByLabel('Email address').fill(` ${address} `);
  await press(page, 'Send me a link');
  await judgeEverywhere(page, 'a reset was asked for');
  await page.goto(service.url + (await smith.link(address, 2)));
  await setPassword(page, OTHER_PASSWORD);
  await signIn(page, address, OTHER_PASSWORD);
  assert.match(await page.getByRole('main').textContent(), /forgot|acme/i);
  await context.close();
});

test('pages fit a phone, a desk and twice the size, and offend no rule of accessibility', async () => {
  const path = await smith.invite('look', 'Lin', 'lin@smith.example', ['one', 'two']);
  const context = await profile(browser);
  const page = await context.newPage();
  await page.goto(smith.path('sign-in'));
  await judgeEverywhere(page, 'sign-in');
  await page.goto(service.url + path);
  await judgeEverywhere(page, 'set password');
  await setPassword(page, PASSWORD);
  await signIn(page, 'lin@smith.example');
  await judgeEverywhere(page, 'a choice of profiles');
  await page.getByRole('button', { name: /one Ltd/ }).click();
  await judgeEverywhere(page, 'a chosen profile');
  await page.goto(`${service.url}/portal/nobody/sign-in`);
  await judgeEverywhere(page, 'a practice that is not there');
  await context.close();
});

test('every step can be taken by the keyboard', async () => {
  const path = await smith.invite('keys', 'Kay', 'kay@smith.example');
  const context = await profile(browser);
  const page = await context.newPage();
  const tabTo = async (id) => {
    for (let step = 0; step < 20; step += 1) {
      if (await page.evaluate((wanted) => document.activeElement?.id === wanted, id)) return;
      await page.keyboard.press('Tab');
    }
    assert.fail(`no way to #${id} by the keyboard`);
  };
  await page.goto(service.url + path);
  await tabTo('password');
  await page.keyboard.type(PASSWORD);
  await tabTo('repeated');
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await tabTo('password');
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Sign out' }).waitFor();
  await context.close();
});

describe('what meets in one browser', () => {
  const cookies = async (context) => Object.fromEntries((await context.cookies()).map(({ name, value }) => [name, value]));

  test('a link of another client leaves who is signed in as they were, says who it is, and offers to switch', async () => {
    await settled(smith, 'first', 'Fay First', 'fay@smith.example');
    const path = await smith.invite('second', 'Sam Second', 'sam@smith.example', ['other']);
    const context = await profile(browser);
    const page = await context.newPage();
    await page.goto(smith.path('sign-in'));
    await signIn(page, 'fay@smith.example');
    const held = await cookies(context);
    await page.goto(service.url + path);
    assert.deepEqual(await cookies(context), held, 'looking changes nothing');
    await setPassword(page, PASSWORD);
    assert.deepEqual(await cookies(context), held, 'setting a password starts no session and ends none of others');
    assert.match(await page.getByRole('main').textContent(), /fay@smith\.example/);
    await judgeEverywhere(page, 'whose session the browser holds');
    await page.goto(smith.path());
    assert.match(await page.getByRole('main').textContent(), /fay@smith\.example/);
    await page.goto(smith.path('sign-in'));
    await signIn(page, 'sam@smith.example');
    const home = await page.getByRole('main').textContent();
    assert.match(home, /sam@smith\.example/);
    assert.doesNotMatch(home, /Fay First/);
    await context.close();
  });

  test('two practices on one host are signed in to side by side', async () => {
    await settled(smith, 'both', 'Bo Both', 'bo@both.example');
    await settled(jones, 'both', 'Bo Both', 'bo@both.example', ['elsewhere']);
    const context = await profile(browser);
    const page = await context.newPage();
    for (const host of [smith, jones]) {
      await page.goto(host.path('sign-in'));
      await signIn(page, 'bo@both.example');
    }
    await page.goto(smith.path());
    assert.match(await page.getByRole('main').textContent(), /acme Ltd/);
    await page.goto(jones.path());
    assert.match(await page.getByRole('main').textContent(), /elsewhere Ltd/);
    assert.match(await page.getByRole('banner').textContent(), /Jones <Legal>/);
    await press(page, 'Sign out');
    await page.goto(smith.path());
    assert.match(await page.getByRole('main').textContent(), /bo@both\.example/, 'the other practice stays as it is');
    await context.close();
  });
});

test('while a password is typed, its rules say whether it will do, and it can be seen', async () => {
  const address = 'rules@smith.example';
  const path = await smith.invite('rules', 'Ruth', address);
  const context = await profile(browser);
  const page = await context.newPage();
  await page.goto(service.url + path);
  const [typed, again] = [page.getByLabel('New password'), page.getByLabel('The same password again')];
  const rule = (name) => page.locator(`[data-rule="${name}"]`);
  const kept = async () => [await rule('length').getAttribute('class'), await rule('same').getAttribute('class')].map((it) => it === 'kept');
  await typed.pressSequentially('four plain');
  assert.match(await rule('length').textContent(), /10/, 'how many there are so far');
  assert.deepEqual(await kept(), [false, false]);
  await typed.pressSequentially(' words');
  assert.deepEqual(await kept(), [true, false]);
  await judge(page, 'a rule that is kept');
  await again.fill('four plain words');
  assert.deepEqual(await kept(), [true, true]);
  await press(page, 'Show password');
  assert.deepEqual([await typed.getAttribute('type'), await again.getAttribute('type')], ['text', 'text']);
  await judge(page, 'a password that can be seen');
  await press(page, 'Hide password');
  assert.equal(await typed.getAttribute('type'), 'password');
  await press(page, 'Show password');
  await press(page, 'Set password');
  await signIn(page, address, 'four plain words');
  assert.match(await page.getByRole('main').textContent(), new RegExp(address));
  assert.deepEqual(context.faults, []);
  await context.close();
});
