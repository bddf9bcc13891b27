// How an admin looks after the practice in the workspace, by clicking, with scripts and without.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Service, judgeEverywhere, launch, press, profile, setPassword, signIn, until } from './kit.mjs';

let service, browser, path;

before(async () => {
  [service, browser] = await Promise.all([Service.start(), launch()]);
  service.practice('smith', 'Smith & Sons');
  const printed = service.run(
    'user', 'add', '--practice', 'smith', '--email', 'bea@smith.example', '--name', 'Bea Osei', '--role', 'admin',
  );
  path = new URL(printed.split('\n').at(-1)).pathname;
});

after(async () => {
  await browser?.close();
  await service?.stop();
});

const base = (rest) => `${service.url}/workspace/smith/${rest}`;
const said = (page) => page.getByRole('main').innerText();

/** A browser in which the admin is signed in. */
async function admin(options) {
  const context = await profile(browser, options);
  const page = await context.newPage();
  if (path) {
    await page.goto(service.url + path);
    path = undefined;
    await setPassword(page);
  }
  await page.goto(base('sign-in'));
  await signIn(page, 'bea@smith.example');
  await page.waitForURL(base(''));
  return page;
}

for (const javaScriptEnabled of [true, false]) {
  const how = javaScriptEnabled ? 'with scripts' : 'without scripts';
  const look = (page, name) => (javaScriptEnabled ? judgeEverywhere(page, name) : Promise.resolve());

  test(`a colleague is added, changed after a question, and removed, ${how}`, async () => {
    const page = await admin({ javaScriptEnabled });
    const address = `tina-${javaScriptEnabled}@smith.example`;
    await page.getByRole('link', { name: 'Practice users' }).click();
    await page.getByLabel('Name', { exact: true }).fill('Tina Taxman');
    await page.getByLabel('Email address').fill('bea@smith.example');
    await press(page, 'Add');
    assert.match(await page.getByRole('alert').innerText(), /already the address of Bea Osei/);
    await look(page, 'an address that is taken');
    await page.getByRole('alert').getByRole('link').click();
    assert.equal(await page.evaluate(() => document.activeElement.id), 'email');
    assert.equal(await page.getByLabel('Name', { exact: true }).inputValue(), 'Tina Taxman');
    await page.getByLabel('Email address').fill(address);
    await press(page, 'Add');
    assert.match(await said(page), /Invited/);
    await until('the invitation', () => service.mails(address)[0]);
    await page.getByRole('radio', { name: /^Administrator/ }).check();
    await press(page, 'Save …');
    assert.match(await said(page), /may do everything from now on/);
    await look(page, 'the question before a change');
    await press(page, 'Save');
    await page.getByRole('link', { name: /^Remove Tina/ }).click();
    await look(page, 'the question before a removal');
    await press(page, 'Remove');
    await page.waitForURL(base('users'));
    assert.doesNotMatch(await said(page), /Tina/);
    await page.context().close();
  });

  test(`settings are refused with their field, asked about, and saved, ${how}`, async () => {
    const page = await admin({ javaScriptEnabled });
    await page.goto(base('settings/look'));
    await page.getByLabel('Your colour').fill('#ffff00');
    await page.getByLabel('Whom to ask').fill('Ask Jo');
    await press(page, 'Save');
    assert.match(await page.getByRole('alert').innerText(), /dark enough/);
    await look(page, 'a colour that is too light');
    assert.equal(await page.getByLabel('Whom to ask').inputValue(), 'Ask Jo');
    await page.getByLabel('Your colour').fill(javaScriptEnabled ? '#1a5276' : '#004400');
    await press(page, 'Save');
    await page.waitForURL(base('settings'));
    await page.goto(base('settings/lifetimes'));
    await page.getByLabel('The link in an invitation').fill(javaScriptEnabled ? '48' : '72');
    await press(page, 'Save');
    assert.match(await said(page), new RegExp(`work for ${javaScriptEnabled ? 2 : 3} days`));
    await look(page, 'the question before a shorter life');
    await press(page, 'Save');
    await page.waitForURL(base('settings'));
    assert.match(await said(page), new RegExp(`${javaScriptEnabled ? 48 : 72} hours`));
    await page.context().close();
  });

  test(`a key and a secret are shown once, ${how}`, async () => {
    const page = await admin({ javaScriptEnabled });
    await page.goto(base('keys'));
    await page.getByLabel('Name').fill(`Books ${how}`);
    await page.getByLabel('Read everything').check();
    await press(page, 'Make the key');
    const key = await page.getByLabel('Secret').inputValue();
    await look(page, 'a new key');
    const call = () => fetch(`${service.url}/api/v1/clients`, { headers: { authorization: `Bearer ${key}` } });
    assert.equal((await call()).status, 200);
    await page.getByRole('link', { name: 'I have it' }).click();
    assert.ok(!(await page.content()).includes(key));
    await page.getByRole('link', { name: `Revoke Books ${how}` }).click();
    await press(page, 'Revoke');
    assert.equal((await call()).status, 401);
    await page.goto(base('webhooks'));
    await page.getByLabel('Address of the receiver').fill('https://receiver.example/in?token=x');
    await press(page, 'Add');
    assert.match(await page.getByLabel('Secret').inputValue(), /^whsec_/);
    await look(page, 'the secret of a webhook');
    await page.getByRole('link', { name: 'I have it' }).click();
    await look(page, 'a webhook');
    await page.getByRole('link', { name: 'What was delivered' }).click();
    await look(page, 'a log of deliveries');
    await page.context().close();
  });
}

test('a test mail arrives at the address of whoever asked for it', async () => {
  const page = await admin();
  await page.goto(base('mails'));
  await press(page, 'Send me a test mail');
  assert.match(await said(page), /on its way to bea@smith.example/);
  const mail = await until('the test mail', () => service.mails('bea@smith.example').find((it) => it.includes('A test mail')));
  assert.match(mail, /which you sent from the workspace of Smith & Sons/);
  await page.context().close();
});

test('while staff type a password, its rules say whether it will do, and it can be seen', async () => {
  const page = await admin();
  await page.goto(base('password'));
  const [typed, again] = [page.getByLabel('New password'), page.getByLabel('The same password again')];
  const kept = () => page.locator('.rules .kept').count();
  await typed.pressSequentially('four plain');
  assert.match(await page.locator('[data-rule="length"]').textContent(), /10 so far/);
  assert.equal(await kept(), 0);
  await typed.pressSequentially(' words');
  await again.fill('four plain words');
  assert.equal(await kept(), 2);
  await page.getByRole('button', { name: 'Show password' }).last().click();
  assert.deepEqual([await typed.getAttribute('type'), await again.getAttribute('type')], ['text', 'text']);
  await judgeEverywhere(page, 'a password of staff that can be seen');
  await page.context().close();
});

for (const javaScriptEnabled of [true, false]) {
  const how = javaScriptEnabled ? 'with scripts' : 'without scripts';

  test(`ways back to programs are set by clicking, ${how}`, async () => {
    const page = await admin({ javaScriptEnabled });
    await page.goto(base('settings/returns'));
    const way = page.getByRole('group', { name: 'Way back 1' });
    await way.getByLabel('Name').fill('app');
    await way.getByLabel('Address').fill('http://app.example');
    await press(page, 'Save');
    if (javaScriptEnabled) await judgeEverywhere(page, 'a way back that can not be');
    await page.getByRole('link', { name: /can’t be used/ }).click();
    assert.equal(await page.evaluate(() => document.activeElement.id), 'return_address-0');
    await way.getByLabel('Address').fill(`https://app.example/${javaScriptEnabled}`);
    await press(page, 'Save');
    assert.match(await said(page), /are sent to https:\/\/app\.example\/(true|false) when they have signed in/);
    await press(page, 'Save');
    assert.match(await said(page), /Way back\s+app/);
    await page.context().close();
  });
}
