// Every page of every area can be used by everybody: judged, walked by the keyboard, and as usable without scripts.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { DESKTOP, judgeEverywhere, usable, walkByKeyboard } from './kit.mjs';
import { tour } from './tour.mjs';
import { ROUTES } from './way.mjs';

/** What is no page of its own, and why. */
const NO_PAGES = {
  'GET /portal/{practice}': 'leads to the page with a slash',
  'GET /portal/{practice}/brand/{name}': 'a style sheet',
  'GET /portal/{practice}/logo/{name}': 'a picture',
  'GET /workspace/{practice}': 'leads to the page with a slash',
  'GET /workspace/{practice}/contacts.csv': 'a file',
  'GET /workspace/{practice}/jobs/{id}/refused.csv': 'a file',
  'GET /workspace/{practice}/mails/{name}/html': 'a mail, which has no page around it',
};

const withScripts = new Map();
const faults = [];

/** All that is wrong is told at once, and not only the first of it. */
async function collect(what) {
  try {
    await what;
  } catch (error) {
    faults.push(error.message);
  }
}

test('every page offends no rule at any size, and every part of it is reached by the keyboard', async () => {
  const seen = await tour(async (page, name) => {
    assert.ok(!withScripts.has(name), `two pages are called ${name}`);
    withScripts.set(name, await usable(page));
    await collect(judgeEverywhere(page, name));
    await page.setViewportSize(DESKTOP);
    await collect(walkByKeyboard(page, name));
  });
  assert.deepEqual(faults.splice(0), []);
  const left = ROUTES.filter((route) => route.startsWith('GET ') && !seen.has(route) && !(route in NO_PAGES));
  assert.deepEqual(left, [], 'pages that the tour leaves out');
  const both = Object.keys(NO_PAGES).filter((route) => seen.has(route) || !ROUTES.includes(route));
  assert.deepEqual(both, [], 'what is said to be no page');
});

test('every page offers the same without scripts', async () => {
  const names = [];
  await tour(async (page, name) => {
    names.push(name);
    await collect((async () => assert.deepEqual(await usable(page), withScripts.get(name), name))());
  }, { javaScriptEnabled: false });
  assert.deepEqual(faults.splice(0), []);
  assert.deepEqual(names, [...withScripts.keys()]);
});
