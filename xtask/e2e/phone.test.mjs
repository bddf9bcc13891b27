// The client on the phone: the calls of the support guide, each answered in at most five clicks.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { DATABASES, DESKTOP, PASSWORD, Service, launch, press, profile, setPassword, signIn, until } from './kit.mjs';

let service, browser, smith, page;

const main = () => page.getByRole('main').textContent();

/** A call: every press counts. */
class Call {
  clicks = 0;

  async press(name) {
    this.clicks += 1;
    await press(page, name);
  }

  async follow(name, within = page.getByRole('main')) {
    this.clicks += 1;
    await within.getByRole('link', { name }).first().click();
  }

  /** The staff member has taken the call and types what is heard. */
  static async of(heard) {
    const call = new Call();
    await call.follow('Client on the phone', page.getByRole('navigation').first());
    await page.getByLabel('Name or address').fill(heard);
    await call.press('Why can’t they get in?');
    return call;
  }

  /** What is read out first. */
  async says(title) {
    assert.equal(await page.locator('section h2').first().textContent(), title);
  }

  done() {
    assert.ok(this.clicks <= 5, `${this.clicks} clicks`);
  }
}

/** A client in a browser of their own, with the link that was mailed. */
async function client(work) {
  const context = await profile(browser);
  await work(await context.newPage());
  await context.close();
}

async function settled(ref, name, email) {
  const link = await smith.invite(ref, name, email);
  await client(async (own) => {
    await own.goto(service.url + link);
    await setPassword(own);
    await signIn(own, email);
    await own.getByRole('main').waitFor();
  });
}

const put = (ref, name, emails) => smith.call('PUT', `/contacts/${ref}`, { name, emails, clients: ['acme'] });

for (const database of DATABASES) {
  describe(`the client on the phone, over ${database}`, () => {
    before(async () => {
      [service, browser] = await Promise.all([Service.start({}, database), launch()]);
      smith = service.practice('smith', 'Smith & Sons');
      const link = await smith.inviteStaff('sue', 'Sue', 'sue@smith.example');
      const context = await profile(browser, { viewport: DESKTOP });
      page = await context.newPage();
      await page.goto(service.url + link);
      await setPassword(page);
      await signIn(page, 'sue@smith.example');
    });

    after(async () => {
      await browser?.close();
      await service?.stop();
    });

    test('"I never got a mail": it was taken by their server, and a new one goes out', async () => {
      await smith.invite('mail', 'Marie Mail', 'marie@mail.example');
      const call = await Call.of('Marie');
      await call.says('The mail was delivered, and its link not used');
      assert.match(await main(), /was taken by the other server/);
      await call.follow(/^Send a new link/);
      await call.press('Send a new invitation');
      const link = await smith.link('marie@mail.example', 2);
      call.done();
      // What becomes of it is seen without another press: there are two mails now that were taken.
      await page.getByText(/Taken by the other mail server .*Look for “Your access to the client portal of Smith & Sons”/).nth(1).waitFor();
      await client(async (own) => {
        await own.goto(service.url + link);
        await page.getByText(/^The link in the mail was opened /).waitFor();
        await setPassword(own);
        await signIn(own, 'marie@mail.example');
        await own.getByRole('main').waitFor();
      });
      await page.getByRole('listitem').filter({ hasText: /^Signed in / }).waitFor();
      await call.says('Can get in');
    });

    test('"I type my address and nothing happens": it is not the first one, and is moved to the top', async () => {
      await settled('two', 'Tom Two', 'tom@two.example');
      await put('two', 'Tom Two', ['tom@two.example', 'tom@home.example']);
      await client(async (own) => {
        await own.goto(smith.path('forgot'));
        await own.getByLabel('Email address').fill('tom@home.example');
        await press(own, 'Send me a link');
      });
      const hints = () => service.mails('tom@two.example').filter((mail) => mail.includes('with another e-mail address of yours'));
      await until('a hint', () => hints().length === 1);
      const call = await Call.of(' TOM@home.example ');
      await call.says('Not the first address');
      assert.match(await main(), /Check who is calling first/);
      await call.press(/^Move tom@home.example to the top/);
      call.clicks += 1;
      await page.getByRole('radio').first().check();
      await call.press('Save');
      const { emails } = await smith.call('GET', '/contacts/two');
      assert.equal(emails[0].address, 'tom@home.example');
      call.done();
    });

    test('"It says my address is unknown": it was mistyped by one letter', async () => {
      await settled('typo', 'Tina Typo', 'tina@typo.example');
      const call = await Call.of('tinna@typo.example');
      await call.says('Nearly another address');
      await call.follow('Tina Typo');
      await call.says('Can get in');
      call.done();
    });

    test('"The link opened the office\u2019s own pages": the address belongs to staff', async () => {
      await put('staff', 'Stan Staff', ['own@stan.example']);
      await smith.call('PUT', '/practice-users/stan', { name: 'Stan', email: 'stan@smith.example', role: 'staff' });
      const call = await Call.of('stan@smith.example');
      await call.says('The address belongs to staff');
      call.done();
    });

    test('"My password does not work": a link to set a new one goes out', async () => {
      await settled('wrong', 'Will Wrong', 'will@wrong.example');
      await client(async (own) => {
        await own.goto(smith.path('sign-in'));
        await own.getByLabel('Email address').fill('will@wrong.example');
        await own.getByLabel('Password', { exact: true }).fill(`not ${PASSWORD}`);
        await press(own, 'Sign in');
      });
      const call = await Call.of('will@wrong.example');
      await call.says('The password was wrong');
      await call.follow(/^Send a link/);
      await call.press('Send a new invitation');
      await smith.link('will@wrong.example', 2);
      call.done();
    });

    test('"I was let in last year, and now I am not": access was taken away, and is given back', async () => {
      await settled('gone', 'Gus Gone', 'gus@gone.example');
      await smith.call('POST', '/contacts/gone/portal/deactivate');
      const call = await Call.of('Gus');
      await call.says('Access was taken away');
      await call.follow(/^Reactivate/);
      await call.press('Reactivate');
      assert.equal((await smith.call('GET', '/contacts/gone')).portal.access, 'granted');
      call.done();
    });

    test('nobody helps? whoever does gets a report that names nobody', async () => {
      await smith.invite('report', 'Rita Report', 'rita@report.example');
      const call = await Call.of('Rita');
      await call.follow(/^Report for whoever helps/);
      const report = await page.getByLabel('Report').inputValue();
      assert.match(report, /mail_accepted_unused \(blocks\)/);
      assert.doesNotMatch(report, /Rita|rita@report/);
      call.done();
    });
  });
}
