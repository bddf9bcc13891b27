// A practice's dirty export comes in, by clicking, with scripts and without: told apart, checked, mended, imported.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';

import {
  DESKTOP, Service, heading, judgeEverywhere, launch, press, profile, setPassword, signIn, until,
} from './kit.mjs';

const SAMPLE = readFileSync(new URL('../../crates/portal-server/tests/samples/contacts.csv', import.meta.url), 'utf8');
/** The sample under names of columns that nobody knows. */
const ODD = SAMPLE.replace('ref,name,emails,clients,activate', 'Nr,Whose,Mailboxes,Belongs to,In?');
/** A picture is no table. */
const PICTURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, 0, 0xff, 0xfe, 0]);

let service, browser;

before(async () => {
  [service, browser] = await Promise.all([Service.start(), launch()]);
});

after(async () => {
  await browser?.close();
  await service?.stop();
});

const said = async (page) => (await page.getByRole('main').innerText()).replace(/\s+/g, ' ');
const numberOf = (text, what) => Number((text.match(new RegExp(`(\\d+) rows? ${what}`)) ?? [])[1] ?? 0);
const file = (name, content) => ({ name, mimeType: 'text/csv', buffer: Buffer.from(content) });

/** An admin of a practice of their own, on the page where files come in. */
async function admin(slug, options) {
  const practice = service.practice(slug, 'Smith & Sons');
  const context = await profile(browser, { viewport: DESKTOP, ...options });
  const page = await context.newPage();
  await page.goto(service.url + (await practice.inviteStaff('sue', 'Sue Staff', `sue@${slug}.example`)));
  await setPassword(page);
  await signIn(page, `sue@${slug}.example`);
  await page.getByRole('link', { name: 'Import', exact: true }).click();
  await page.waitForURL(practice.path('import', 'workspace'));
  return { context, page, practice };
}

async function bring(page, what) {
  await page.getByLabel('File', { exact: true }).setInputFiles(what);
  await press(page, 'Check the file …');
}

/** A job goes on by itself: its page says so by itself where it may have a script, else whenever somebody looks again. */
async function finished(page, scripts) {
  if (scripts) {
    await page.getByText('Finished', { exact: true }).waitFor();
  } else {
    await until('the end of the job', async () => {
      if (await page.getByText('Finished', { exact: true }).count()) return true;
      await Promise.all([page.waitForNavigation(), page.getByRole('link', { name: 'Look again' }).click()]);
      return false;
    });
  }
  return said(page);
}

for (const javaScriptEnabled of [true, false]) {
  const how = javaScriptEnabled ? 'with scripts' : 'without scripts';

  test(`a dirty export is told apart, checked, mended by a tick and imported, ${how}`, async () => {
    const { context, page, practice } = await admin(javaScriptEnabled ? 'with' : 'without', { javaScriptEnabled });
    const look = (name) => (javaScriptEnabled ? judgeEverywhere(page, name) : Promise.resolve());
    const on = (rest) => page.goto(practice.path(rest, 'workspace'));
    await look('the form for a file');

    await bring(page, file('logo.csv', PICTURE));
    assert.match(await page.getByRole('alert').innerText(), /Nothing was brought in/);
    await look('a file that is no table');
    await page.getByRole('alert').getByRole('link').click();
    assert.equal(await page.evaluate(() => document.activeElement?.id ?? ''), 'file', 'the summary leads to the field');

    await page.getByRole('checkbox', { name: /^Give access to those/ }).check();
    await bring(page, file('odd.csv', ODD));
    assert.equal(await heading(page), 'What are the columns?');
    assert.match(await said(page), /Stanley Cook-Thomas/, 'the first rows say what the columns hold');
    await look('columns of other names');
    await press(page, 'Check the rows …');
    assert.match(await page.getByRole('alert').innerText(), /not said which contact/);
    await look('columns that were not told apart');
    for (const [column, is] of [
      ['Nr', 'Reference'], ['Whose', 'Name'], ['Mailboxes', 'Email addresses'], ['Belongs to', 'Clients'],
      ['In?', 'Give access: yes or no'],
    ]) {
      await page.getByLabel(`${column} is`, { exact: true }).selectOption({ label: is });
    }
    await press(page, 'Check the rows …');
    const check = page.url();
    const told = await finished(page, javaScriptEnabled);
    assert.match(told, /Nothing was written yet, and no mail has gone out/);
    const [refused, added] = [numberOf(told, 'would be refused'), numberOf(told, 'would add a contact')];
    assert.ok(refused > 50 && added > 1000, `${added} would be added, ${refused} refused`);
    const first = page.getByRole('listitem').filter({ has: page.getByRole('checkbox', { name: /^Mend line/ }) }).first();
    assert.match(await first.innerText(), /Line 3: Gérard.*not allowed in an address.*can be left out/s, 'a refused row says why');
    await look('a check');
    await page.getByRole('link', { name: 'More refused rows' }).click();
    await look('more refused rows');
    await page.goBack();

    const line = (await first.innerText()).match(/Line (\d+)/)[1];
    await page.getByLabel(`Mend line ${line} so`).check();
    await press(page, 'Mend the ticked, and check again');
    assert.notEqual(page.url(), check, 'the check before stays to be read');
    const mended = await finished(page, javaScriptEnabled);
    assert.equal(numberOf(mended, 'would be refused'), refused - 1);
    assert.equal(await page.getByLabel(`Mend line ${line} so`).count(), 0);

    const [sheet] = await Promise.all([
      page.waitForEvent('download'), page.getByRole('link', { name: 'Download them' }).click(),
    ]);
    const rows = readFileSync(await sheet.path(), 'utf8').split(/\r?\n(?=")/);
    assert.equal(rows.length, refused, 'a line of heads, and one for each row that is refused');

    const again = page.locator('form.act');
    const form = await again.evaluate((it) => ({ action: it.action, fields: Object.fromEntries(new FormData(it)) }));
    const lost = await context.request.post(form.action, {
      form: form.fields, headers: { origin: service.url }, maxRedirects: 0,
    });
    assert.equal(lost.status(), 303);
    await press(page, /^Import \d+ rows$/);
    assert.equal(page.url(), new URL(lost.headers().location, service.url).href, 'a second press leads to the one import');
    const done = await finished(page, javaScriptEnabled);
    assert.equal(numberOf(done, 'added a contact'), numberOf(mended, 'would add a contact'));
    await look('an import');
    const contacts = await practice.call('GET', '/contacts?limit=1');
    assert.equal(contacts.items.length, 1);

    await page.goBack();
    assert.equal(await heading(page), 'Check of a file', 'the way back shows what was checked, and imports nothing');
    await on('jobs');
    const list = await said(page);
    assert.equal(list.match(/Check of a file/g).length, 2);
    assert.equal(list.match(/\bImport \d/g).length, 1, list);
    await look('what was done for many');
    assert.deepEqual(context.faults, []);
    await context.close();
  });
}

test('how far a check is survives a reload, and it can be ended there', async () => {
  // Large enough to go on while somebody looks at it.
  const [heads, ...rows] = SAMPLE.trimEnd().split('\n');
  const copies = Array.from({ length: 15 }, (_, copy) => rows.map((row) => row.replace(/^c-/, `d${copy}-`)));
  const { context, page, practice } = await admin('long');
  await bring(page, file('long.csv', [heads, ...copies.flat()].join('\n')));
  const place = page.url();
  const progress = page.getByRole('progressbar', { name: 'Rows that are checked' });
  const far = () => progress.evaluate((bar) => bar.value);
  // It doesn't look again by itself while something on it has the focus.
  await page.getByRole('link', { name: 'Look again' }).focus();
  await judgeEverywhere(page, 'a check that goes on');
  const before = await far();
  await until('progress', async () => {
    await page.reload();
    return (await far()) > before;
  });
  assert.equal(page.url(), place);
  await page.goto(practice.path('jobs', 'workspace'));
  assert.match(await said(page), /Under way/);
  await page.getByRole('link', { name: 'Check of a file' }).click();
  await press(page, 'End it here');
  assert.match(await said(page), /Ended early/);
  await judgeEverywhere(page, 'a check that was ended');
  assert.deepEqual(context.faults, []);
  await context.close();
});
