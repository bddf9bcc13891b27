// The judge of pages finds what it is there to find: each page here has one fault.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';

import { judge, launch, profile } from './kit.mjs';

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
