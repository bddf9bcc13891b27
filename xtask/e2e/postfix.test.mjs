// Mail that comes back from a real Postfix, and from servers behind it that say no at every stage (D3, D4).

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { DATABASES, Host, Service, plain, until } from './kit.mjs';
import { Postfix, Server } from './post.mjs';

const DOMAIN = 'practice.example';
const skip = process.env.PORTAL_E2E_POSTFIX ? false : 'only root can start a Postfix';

/** Recipients who take mail again, whatever was said of them before. */
const mended = new Set();

const linksOf = (text) => plain(text).match(/https?:\/\/\S+\/link\/[\w.~-]+/g) ?? [];

/** What the servers of these domains say. */
const SCRIPTS = {
  'home.example': {
    to: ({ to, times }) => {
      const says = {
        gone: '550 5.1.1 no such user here',
        left: '550 5.1.1 no such user here',
        full: '452 4.2.2 the mailbox is over its quota',
        strict: '550 5.7.1 mail from your server is blocked by our policy',
        grey: times < 2 ? '450 4.7.1 greylisted, try again later' : undefined,
      };
      return mended.has(to) ? undefined : says[to.split('@')[0]];
    },
  },
  'greets.example': { greeting: () => '554 5.7.1 no mail from your network, it is on a blocklist' },
  'busy.example': { greeting: () => '421 4.3.2 too many connections' },
  'hello.example': { hello: () => '550 5.7.1 your server is on our blocklist' },
  'from.example': { from: () => '550 5.1.8 sender address rejected: domain not found' },
  'data.example': { data: () => '552 5.3.4 message too big' },
  'spam.example': { end: ({ text }) => `550 5.7.1 message rejected as spam: ${linksOf(text)[0]}` },
  'dmarc.example': { end: () => `550 5.7.26 unauthenticated mail from ${DOMAIN} is refused by its DMARC policy` },
  'drops.example': { end: () => null },
};
/** What our own Postfix says at once. */
const REFUSALS = {
  'later@home.example': '450 4.3.0 come again later',
  'banned@home.example': '550 5.7.1 this relay is not for you: authentication required',
};

/** What has to become of the mail to each: states of its attempts, reason, status of the access, first finding, words. */
const outcome = (states, status) => (reason, code, ...words) => ({ states, status, reason, code, words });
const taken = outcome(['accepted'], 'invited');
const late = outcome(['deferred'], 'invited');
const refused = outcome(['failed'], 'invitation_undelivered');
const undelivered = outcome(['accepted', 'bounced'], 'invitation_undelivered');
const EXPECTED = {
  'ok@home.example': taken(null, 'mail_accepted_unused', '250 2.0.0'),
  'gone@home.example': undelivered('user_unknown', 'mail_bounced', '550 5.1.1', 'no such user here'),
  'full@home.example': undelivered('mailbox_full', 'mail_bounced', '452 4.2.2', 'over its quota'),
  'strict@home.example': undelivered('blocked_sender', 'mail_bounced', '550 5.7.1', 'blocked by our policy'),
  'ada@greets.example': undelivered('blocked_sender', 'mail_bounced', 'no mail from your network'),
  'ada@busy.example': undelivered('temporary', 'mail_bounced', '421 4.3.2', 'too many connections'),
  'ada@hello.example': undelivered('blocked_sender', 'mail_bounced', '550 5.7.1', 'on our blocklist'),
  'ada@from.example': undelivered('blocked_sender', 'mail_bounced', '550 5.1.8'),
  'ada@data.example': undelivered('rejected_content', 'mail_bounced', '552 5.3.4'),
  'ada@spam.example': undelivered('rejected_content', 'mail_bounced', '550 5.7.1', 'rejected as spam'),
  'ada@dmarc.example': undelivered('sender_not_authenticated', 'sender_not_authenticated', '550 5.7.26'),
  'ada@drops.example': undelivered('expired', 'mail_bounced', 'lost connection'),
  'ada@down.example': undelivered('expired', 'mail_bounced', 'Connection refused'),
  [`nobody@${DOMAIN}`]: refused('user_unknown', 'mail_failed', '550 5.1.1'),
  'banned@home.example': refused('other', 'mail_failed', '550 5.7.1'),
  'later@home.example': late('temporary', 'mail_deferred', '450 4.3.0'),
};
/** Those of whom more is told below. */
const OTHERS = ['grey', 'away', 'mocked', 'other', 'stray', 'cross', 'left', 'posted'].map((name) => `${name}@home.example`);
const ALL = [...Object.keys(EXPECTED), ...OTHERS];

for (const database of DATABASES) {
  describe(`mail that comes back, over ${database}`, { skip }, () => {
    let servers, postfix, service, smith;

    before(async () => {
      mended.clear();
      const started = Object.entries(SCRIPTS).map(async ([domain, script]) => [domain, await Server.start(script)]);
      servers = Object.fromEntries(await Promise.all(started));
      const ports = Object.entries(servers).map(([domain, server]) => [domain, server.port]);
      postfix = await Postfix.start(DOMAIN, { ...Object.fromEntries(ports), 'down.example': 1 }, REFUSALS);
      service = await Service.start({
        PORTAL_SMTP_URL: postfix.url,
        PORTAL_MAIL_FROM: `portal@${DOMAIN}`,
        PORTAL_BOUNCE_MAILDIR: postfix.maildir,
      }, database);
      smith = service.practice('smith', 'Smith & Sons');
      await smith.call('PUT', '/clients/acme', { name: 'Acme Ltd' });
      await Promise.all(ALL.map(async (address) => {
        await smith.call('PUT', `/contacts/${refOf(address)}`, { name: 'Ada Byron', emails: [address], clients: ['acme'] });
        await smith.call('POST', `/contacts/${refOf(address)}/portal/activate`);
      }));
    });

    after(async () => {
      try {
        await service?.stop();
      } finally {
        await postfix?.stop();
        for (const server of Object.values(servers ?? {})) server.stop();
      }
    });

    const refOf = (address) => address.replace('@', '-at-');
    const of = (address, what = '') => smith.call('GET', `/contacts/${refOf(address)}/portal${what}`);
    const command = (address, name) => smith.call('POST', `/contacts/${refOf(address)}/portal/${name}`);
    const messages = async (address) => (await of(address, '/messages')).items;
    const findings = async (address) => (await of(address, '/diagnosis')).findings;
    const codes = async (address) => (await findings(address)).map(({ code }) => code);
    const first = async (address) => (await findings(address))[0];
    const envelopes = (address) => servers[address.split('@')[1]].envelopes.filter(({ to }) => to === address);
    const envelope = (address) => until(`an envelope to ${address}`, () => envelopes(address)[0]);
    /** Tells the program what came of a mail, as a relay does that reports by HTTP. */
    const report = async (words) => {
      const key = service.run('api-key', 'create', '--operator', '--name', 'relay');
      assert.deepEqual(await new Host(service, null, key).call('POST', '/operator/delivery-reports', words), { outcome: 'taken' });
    };
    /** Waits for attempts, so many, and answers the message. */
    const tried = (address, count, number = 0) => until(`${count} attempts for ${address}`, async () => {
      const message = (await messages(address))[number];
      return message?.attempts.length >= count && message;
    }).catch((error) => {
      throw new Error(`${error.message}, where Postfix did:\n${postfix.log()}`);
    });
    /** Waits for a mail that the program has put by, since it is no report of ours. */
    const putBy = (what, marks) => until(what, () => postfix.mails('cur').find((mail) => marks.every((mark) => mail.includes(mark))));

    // All at once, since each waits for what happens by itself.
    describe('and what it says', { concurrency: ALL.length }, () => {
      for (const [address, { states, reason, status, code, words }] of Object.entries(EXPECTED)) {
        test(`${address}: ${states.join(', ')}${reason ? ` for ${reason}` : ''}`, async () => {
          const message = await tried(address, states.length);
          const last = message.attempts.at(-1);
          const finding = await first(address);
          const reached = message.attempts.map(({ state }) => state);
          assert.deepEqual([...reached, message.state], [...states, states.at(-1)]);
          assert.deepEqual([last.reason, (await of(address)).status, finding.code], [reason, status, code]);
          const facts = finding.evidence.map(({ fact }) => fact).join('\n');
          for (const said of words) assert.ok(last.reply.includes(said), `${said} in ${last.reply}`);
          if (status === 'invitation_undelivered') assert.ok(facts.includes(last.reply), `${last.reply} in ${facts}`);
          const times = [message.queued_at, ...message.attempts.map(({ at }) => at)];
          assert.deepEqual([...times].sort(), times);
          const kinds = await until(`the events of ${address}`, async () => {
            const { items } = await of(address, '/events');
            const kinds = items.map(({ kind }) => kind).filter((kind) => /^message\.(?!queued)/.test(kind));
            return kinds.length >= states.length && kinds;
          });
          assert.deepEqual(kinds, states.map((state) => `message.${state}`));
        });
      }

      /** What the program makes of a message that Postfix took and that nothing more is known of. */
      const stillTaken = async (address) => {
        const { attempts, state } = await tried(address, 1);
        assert.deepEqual(attempts.map((attempt) => attempt.state).concat(state), ['accepted', 'accepted']);
        assert.equal((await of(address)).status, 'invited');
        assert.equal((await first(address)).code, 'mail_accepted_unused');
      };

      test('a mail that is greylisted arrives, and the notice that it is late changes nothing', async () => {
        const address = 'grey@home.example';
        const { from } = await envelope(address);
        await until('the mail', () => envelopes(address).at(-1).taken);
        assert.deepEqual(envelopes(address).map(({ times }) => times), [0, 1, 2]);
        const notice = await putBy('the notice', [from, 'Delayed Mail']);
        assert.match(notice, /^Action: delayed$/m);
        await stillTaken(address);
      });

      test('a vacation reply is not a bounce', async () => {
        const address = 'away@home.example';
        const { from } = await envelope(address);
        await postfix.takes('', from, [
          `From: Ada Byron <${address}>`, `To: <${from}>`, 'Subject: Automatic reply: Your access', 'Auto-Submitted: auto-replied',
          '', 'I am away until Monday. My old address is no longer in use: 550 5.1.1 no such user.', 'Ada',
        ]);
        await putBy('the reply', [from, 'Automatic reply']);
        await stillTaken(address);
      });

      test('a forged report is ignored', async () => {
        const address = 'mocked@home.example';
        const [{ from }, other] = [await envelope(address), await envelope('other@home.example')];
        await until('the mail', () => envelopes(address)[0].taken);
        const [, practice, id, proof] = from.match(/^b\+(\w+)\.(\w+)\.(\w+)@/);
        const otherId = other.from.split('.')[1];
        const wrong = `${proof[0] === 'a' ? 'b' : 'a'}${proof.slice(1)}`;
        const forged = [
          `${practice}.${id}.${wrong}`, `jones.${id}.${proof}`, `${practice}.${otherId}.${proof}`, `${practice}.${id}`,
          `${practice}.${id}.${proof}.x`,
        ];
        for (const path of forged) await postfix.takes('', `b+${path}@${DOMAIN}`, bounce(address, '<1@relay.example>'));
        await postfix.takes('', `b@${DOMAIN}`, bounce('somebody@else.example', idOf(envelopes(address)[0].text)));
        for (const path of forged) await putBy(`the report to ${path}`, [`b+${path}@${DOMAIN}`, '550 5.1.1']);
        await putBy('the report about somebody else', ['somebody@else.example']);
        await stillTaken(address);
        await stillTaken('other@home.example');
      });

      test('a report that came by another way counts where it names message and address', async () => {
        const address = 'stray@home.example';
        await envelope(address);
        const mail = await until('the mail', () => envelopes(address).find(({ taken }) => taken));
        await postfix.takes('', `b@${DOMAIN}`, bounce(address, idOf(mail.text)));
        const { state, attempts } = await tried(address, 2);
        assert.deepEqual([state, attempts[1].reason, (await of(address)).status], ['bounced', 'user_unknown', 'invitation_undelivered']);
        assert.deepEqual(await codes(address), ['mail_bounced', 'address_suppressed', 'password_not_set']);
      });

      test('a complaint is noted, and suppresses nothing', async () => {
        const address = 'cross@home.example';
        const { from } = await envelope(address);
        await postfix.takes('fbl@provider.example', from, [
          'From: <fbl@provider.example>', `To: <${from}>`, 'Subject: complaint', 'MIME-Version: 1.0',
          'Content-Type: multipart/report; report-type=feedback-report; boundary=b', '',
          '--b', 'Content-Type: text/plain', '', 'This is an email abuse report.', '',
          '--b', 'Content-Type: message/feedback-report', '', 'Feedback-Type: abuse', 'User-Agent: Loop/1.0', 'Version: 1', '',
          '--b', 'Content-Type: text/rfc822-headers', '', `To: ${address}`, '--b--',
        ]);
        const { state } = await tried(address, 2);
        assert.deepEqual([state, (await of(address)).status], ['complained', 'invited']);
        assert.deepEqual(await codes(address), ['mail_accepted_unused', 'password_not_set']);
      });

      test('nothing is mailed to an address that is wrong for good, until that is lifted', async () => {
        const address = 'left@home.example';
        await tried(address, 2);
        assert.deepEqual(await codes(address), ['mail_bounced', 'address_suppressed', 'password_not_set']);

        await command(address, 'resend');
        const [held] = (await tried(address, 1, 1)).attempts;
        assert.equal(held.state, 'failed');
        assert.match(held.reply, /came back: 550 5\.1\.1 no such user here/);
        const { code, remedy } = await first(address);
        assert.deepEqual([code, remedy.command], ['address_suppressed', 'lift_and_resend']);
        assert.equal(envelopes(address).length, 1, 'nothing left');

        mended.add(address);
        assert.equal((await command(address, 'lift-suppression')).outcome, 'changed');
        const mail = await until('the mail', () => envelopes(address).find(({ taken }) => taken));
        const { state } = await tried(address, 1, 2);
        assert.deepEqual([state, (await of(address)).status], ['accepted', 'invited']);
        assert.deepEqual(await codes(address), ['mail_accepted_unused', 'password_not_set']);
        assert.equal((await fetch(linksOf(mail.text)[0])).status, 200, 'its link works');
      });
    });

    test('no words that are kept hold a link', async () => {
      await tried('ada@spam.example', 2);
      const address = 'posted@home.example';
      const mail = await until('the mail', () => envelopes(address).find(({ taken }) => taken));
      const words = `550 5.7.1 message rejected as spam: ${linksOf(mail.text)[0]}`;
      await report({ event: 'bounced', return_path: mail.from, words });
      await tried(address, 2);

      const links = Object.values(servers).flatMap((server) => server.envelopes.flatMap(({ text }) => linksOf(text ?? '')));
      const tokens = links.map((link) => link.split('/link/')[1]);
      assert.ok(tokens.length > 5 && tokens.every((token) => token.length > 20), tokens.join());
      const kept = [...service.log];
      for (const address of ALL) {
        kept.push(await of(address), await messages(address), (await of(address, '/events')).items, await findings(address));
      }
      const holds = (text) => /\/link\/[\w-]/.test(text) || tokens.some((token) => text.includes(token));
      assert.deepEqual(kept.flat().map((it) => JSON.stringify(it)).filter(holds), []);
    });
  });
}

/** A report that nobody with this address is known, which names the message by its Message-ID. */
function bounce(address, messageId) {
  return [
    'From: MAILER-DAEMON@home.example', 'Subject: Undelivered Mail Returned to Sender', 'MIME-Version: 1.0',
    'Content-Type: multipart/report; report-type=delivery-status; boundary=b', '',
    '--b', 'Content-Type: text/plain', '', 'Your message could not be delivered.', '',
    '--b', 'Content-Type: message/delivery-status', '', 'Reporting-MTA: dns; home.example', '',
    `Final-Recipient: rfc822; ${address}`, 'Action: failed', 'Status: 5.1.1', 'Diagnostic-Code: smtp; 550 5.1.1 no such user', '',
    '--b', 'Content-Type: text/rfc822-headers', '', `Message-ID: ${messageId}`, `To: ${address}`, '--b--',
  ];
}

const idOf = (text) => text.match(/^Message-ID:\s*(<\S+>)/im)[1];
