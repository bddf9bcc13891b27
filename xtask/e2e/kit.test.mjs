// The judge of pages finds what it is there to find: each page here has one fault.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';

import { judge, launch, profile, usable, walkByKeyboard } from './kit.mjs';

const around = (main, rest = '') =>
  `<!DOCTYPE html><html lang="en"><head><title>Page</title>${rest}</head><body><main><h1>Page</h1>${main}</main></body></html>`;

const PAGES = {
  good: [around('<label for="a">Name</label><input id="a">'), null],
  unlabelled: [around('<input>'), /label: /],
  faint: [around('<p style="color:#bbb;background:#fff">Too faint to read</p>'), /color-contrast: /],
  heavy: [around(`<!-- ${'x'.repeat(70_000)} -->`), /bytes, 61440 at most/],
  wide: [around('<div style="width:2000px">wide</div>'), /scrolled sideways/],
  foreign: [around('<img alt="" src="http://elsewhere.example/x.png">'), /a request to elsewhere\.example/],
  forbidden: [around('<script>document.title = 1</script>'), /the console: .*(Content Security Policy|script)/i, "script-src 'none'"],
};

let server, browser;

before(async () => {
  server = createServer((request, response) => {
    const [text, , policy = "default-src * 'unsafe-inline'"] = PAGES[request.url.slice(1)] ?? [around('')];
    response.setHeader('content-type', 'text/html; charset=utf-8').setHeader('content-security-policy', policy).end(text);
  });
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
  browser = await launch();
});

after(async () => {
  await browser?.close();
  server?.close();
});

for (const [name, [, fault]] of Object.entries(PAGES)) {
  test(`a page that is ${name} is ${fault ? 'refused' : 'taken'}`, async () => {
    const context = await profile(browser);
    const page = await context.newPage();
    await page.goto(`http://127.0.0.1:${server.address().port}/${name}`);
    await (fault ? assert.rejects(judge(page, name), fault) : judge(page, name));
    await context.close();
  });
}

const WALKED = {
  'shows the way': [around('<a href="/">one</a> <input type="radio" name="r"><input type="radio" name="r" checked> <button>two</button>'), null],
  'has another order': [around('<a href="/">one</a> <a href="/" tabindex="0">two</a> <a href="/" tabindex="1">three</a>'), /is not number/],
  'leaves a button out': [around('<a href="/">one</a> <button tabindex="-1">two</button> <a href="/">three</a>'), /is not number 2/],
  'hides the focus': [around('<a href="/">one</a> <a href="/">two</a>', '<style>a { outline: none }</style>'), /does not show/],
};

for (const [name, [html, fault]] of Object.entries(WALKED)) {
  test(`a page that ${name} to the keyboard is ${fault ? 'refused' : 'taken'}`, async () => {
    const page = await (await profile(browser)).newPage();
    await page.setContent(html);
    await (fault ? assert.rejects(walkByKeyboard(page, name), fault) : walkByKeyboard(page, name));
    await page.context().close();
  });
}

test('what can be used on a page is told as people see it, and nothing else', async () => {
  const page = await (await profile(browser)).newPage();
  await page.setContent(around(`<label for="a">Name 7</label><input id="a" name="n"><input type="hidden" name="h">
    <button type="button">by script</button><button>Save</button><a href="/" hidden>unseen</a>`));
  assert.deepEqual(await usable(page), ['input n Name #', 'button  Save']);
  await page.context().close();
});
