// Mail as it travels: a Postfix of our own, servers behind it that answer by a script, and strangers who write to it.

import { execFile, execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

/** Postfix ends by itself after so many seconds, should nobody stop it. */
const LONGEST_SECONDS = 180;
/** For so long Postfix tries to deliver; then a mail comes back. */
const LIFETIME_SECONDS = 10;

const run = promisify(execFile);
const said = (program, ...words) => execFileSync(program, words, { encoding: 'utf8' }).trim();
const userId = (name) => Number(said('id', '-u', name));

/**
 * A Postfix with a configuration, queue and port of its own. It is the server of one domain, whose address `b` with anything behind
 * a `+` is a Maildir, and takes mail from here for all others: `routes` names the port of each.
 */
export class Postfix {
  static async start(domain, routes, refusals) {
    const postfix = new Postfix();
    postfix.folder = mkdtempSync(join(tmpdir(), 'portal-postfix-'));
    // Its parts run as other users.
    chmodSync(postfix.folder, 0o755);
    postfix.port = await freePort();
    postfix.maildir = join(postfix.folder, 'bounces');
    for (const name of ['', 'new', 'cur', 'tmp']) {
      mkdirSync(join(postfix.maildir, name));
      chownSync(join(postfix.maildir, name), userId('nobody'), -1);
    }
    postfix.configure(domain, routes, refusals);
    const setting = (name) => said('postconf', '-c', postfix.etc, '-h', name);
    chownSync(join(postfix.folder, 'data'), userId(setting('mail_owner')), -1);
    try {
      await run('postfix', ['-c', postfix.etc, 'check']);
      // As `postfix start` does, but for the end.
      await run(join(setting('daemon_directory'), 'master'), ['-c', postfix.etc, '-w', '-e', `${LONGEST_SECONDS}`]);
    } catch (error) {
      throw new Error(`Postfix did not start: ${error.message}\n${error.stderr}\n${postfix.log()}`);
    }
    return postfix;
  }

  configure(domain, routes, refusals) {
    this.etc = join(this.folder, 'etc');
    for (const name of ['etc', 'queue', 'data']) mkdirSync(join(this.folder, name));
    const table = (name, rows) => {
      writeFileSync(join(this.etc, name), rows.map((row) => row.join(' ')).join('\n') + '\n');
      return `texthash:${join(this.etc, name)}`;
    };
    const settings = {
      compatibility_level: '3.6',
      queue_directory: join(this.folder, 'queue'),
      data_directory: join(this.folder, 'data'),
      maillog_file: join(this.folder, 'log'),
      maillog_file_prefixes: this.folder,
      myhostname: `mx.${domain}`,
      mydestination: domain,
      mynetworks: '127.0.0.0/8',
      inet_interfaces: '127.0.0.1',
      inet_protocols: 'ipv4',
      smtpd_peername_lookup: 'no',
      disable_dns_lookups: 'yes',
      recipient_delimiter: '+',
      alias_maps: table('aliases', [['b', `${this.maildir}/`]]),
      local_recipient_maps: '$alias_maps',
      transport_maps: table('transport', Object.entries(routes).map(([name, port]) => [name, `smtp:[127.0.0.1]:${port}`])),
      smtpd_recipient_restrictions: `check_recipient_access ${table('refusals', Object.entries(refusals))}`,
      smtpd_relay_restrictions: 'permit_mynetworks, reject',
      notify_classes: '',
      smtp_connection_cache_on_demand: 'no',
      maximal_queue_lifetime: `${LIFETIME_SECONDS}s`,
      bounce_queue_lifetime: `${LIFETIME_SECONDS}s`,
      delay_warning_time: '1s',
      queue_run_delay: '1s',
      // After less, a queue run may meet the lock of the last try, and leave the mail alone for a minute.
      minimal_backoff_time: '2s',
      maximal_backoff_time: '2s',
    };
    const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}`);
    writeFileSync(join(this.etc, 'main.cf'), lines.join('\n') + '\n');
    const services = [
      [`127.0.0.1:${this.port}`, 'inet', 'n', '-', '-', 'smtpd'],
      ['cleanup', 'unix', 'n', '-', '0', 'cleanup'],
      ['qmgr', 'unix', 'n', '300', '1', 'qmgr'],
      ['rewrite', 'unix', '-', '-', '-', 'trivial-rewrite'],
      ['bounce', 'unix', '-', '-', '0', 'bounce'],
      ['defer', 'unix', '-', '-', '0', 'bounce'],
      ['trace', 'unix', '-', '-', '0', 'bounce'],
      ['smtp', 'unix', '-', '-', '-', 'smtp'],
      ['error', 'unix', '-', '-', '-', 'error'],
      ['retry', 'unix', '-', '-', '-', 'error'],
      ['anvil', 'unix', '-', '-', '1', 'anvil'],
      ['proxymap', 'unix', '-', '-', '-', 'proxymap'],
      ['postlog', 'unix-dgram', 'n', '-', '1', 'postlogd'],
    ].map(([name, type, closed, wakeup, most, program]) => [name, type, closed, '-', 'n', wakeup, most, program]);
    // Of the parts here, this one alone acts as other users.
    services.push(['local', 'unix', '-', 'n', 'n', '-', '-', 'local']);
    writeFileSync(join(this.etc, 'master.cf'), services.map((fields) => fields.join(' ')).join('\n') + '\n');
  }

  get url() {
    return `smtp://127.0.0.1:${this.port}`;
  }

  log() {
    return slurp(join(this.folder, 'log'));
  }

  /** The mails of a folder of the Maildir, `new` or `cur`, as text. */
  mails(name) {
    const folder = join(this.maildir, name);
    return readdirSync(folder).map((file) => slurp(join(folder, file)));
  }

  /** Hands a mail in, as anybody might. */
  async takes(from, to, lines) {
    const socket = createConnection(this.port, '127.0.0.1');
    const replies = createInterface({ input: socket, crlfDelay: Infinity })[Symbol.asyncIterator]();
    const says = async (expected) => {
      for (;;) {
        const { value, done } = await replies.next();
        if (done) throw new Error('Postfix closed the connection');
        if (value[3] === '-') continue;
        if (!value.startsWith(expected)) throw new Error(`Postfix says ${value}`);
        return;
      }
    };
    await says('220');
    const text = lines.map((line) => line.replace(/^\./, '..')).join('\r\n');
    const dialogue = [
      ['EHLO stranger.example', '250'], [`MAIL FROM:<${from}>`, '250'], [`RCPT TO:<${to}>`, '250'],
      ['DATA', '354'], [`${text}\r\n.`, '250'], ['QUIT', '221'],
    ];
    for (const [said, expected] of dialogue) {
      socket.write(`${said}\r\n`);
      await says(expected);
    }
    socket.destroy();
  }

  async stop() {
    await run('postfix', ['-c', this.etc, 'stop']);
    rmSync(this.folder, { recursive: true });
  }
}

/** What stands in a file; nothing where it is gone by now. */
function slurp(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
    return '';
  }
}

async function freePort() {
  const server = createServer();
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

/**
 * A mail server that answers by a script: of `greeting`, `hello`, `from`, `to`, `data` and `end` those functions that are there say
 * what it answers. They are given the envelope so far: how many `times` its recipient was told before, at the `end` its `text`. What
 * they don't answer is welcome. An answer of `null` closes the connection.
 */
export class Server {
  static async start(script) {
    const server = new Server();
    /** Envelopes that were begun, oldest first: `{from, to, times, text, taken}`. */
    server.envelopes = [];
    server.listener = createServer((socket) => server.converse(socket, script));
    await new Promise((done) => server.listener.listen(0, '127.0.0.1', done));
    server.port = server.listener.address().port;
    return server;
  }

  converse(socket, script) {
    socket.on('error', () => {});
    let envelope = {};
    let text = null;
    const say = (stage, welcome) => {
      const answer = script[stage]?.(envelope);
      if (answer === null) socket.destroy();
      else socket.write(`${answer ?? welcome}\r\n`);
      return answer === undefined;
    };
    say('greeting', '220 mx.example ESMTP');
    createInterface({ input: socket, crlfDelay: Infinity }).on('error', () => {}).on('line', (line) => {
      if (text) {
        if (line !== '.') return void text.push(line.replace(/^\./, ''));
        envelope.text = text.join('\n');
        text = null;
        envelope.taken = say('end', '250 2.0.0 taken');
        return;
      }
      const [verb] = line.toUpperCase().split(' ');
      const address = line.match(/<(.*?)>/)?.[1];
      if (verb === 'EHLO' || verb === 'HELO') say('hello', '250 mx.example');
      else if (verb === 'MAIL') {
        envelope = { from: address };
        this.envelopes.push(envelope);
        say('from', '250 2.1.0 fine');
      } else if (verb === 'RCPT') {
        envelope.to = address;
        envelope.times = this.envelopes.filter((other) => other !== envelope && other.to === address).length;
        say('to', '250 2.1.5 fine');
      } else if (verb === 'DATA') {
        if (say('data', '354 go on')) text = [];
      } else if (verb === 'QUIT') socket.end('221 2.0.0 bye\r\n');
      else socket.write('250 2.0.0 fine\r\n');
    });
  }

  stop() {
    this.listener.close();
  }
}
