// Every page that matters, on a phone and on a desk, into the folder that is named.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { DESKTOP, PHONE } from './kit.mjs';
import { tour } from './tour.mjs';

const folder = process.argv[2];
mkdirSync(folder, { recursive: true });
let shots = 0;

/** A page as it is now, in both sizes; `dark` as those see it who prefer it so, besides. */
async function shoot(page, name, { dark = false } = {}) {
  for (const [suffix, colorScheme] of dark ? [['-dark', 'dark'], ['', 'light']] : [['', 'light']]) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    for (const [size, viewport] of [['phone', PHONE], ['desk', DESKTOP]]) {
      await page.setViewportSize(viewport);
      await page.screenshot({ path: join(folder, `${name}${suffix}-${size}.png`), fullPage: true });
      shots += 1;
    }
  }
  if (process.stderr.isTTY) process.stderr.write(`\r${shots} pictures`);
}

await tour(shoot);
process.stderr.write(`\r${shots} pictures in ${folder}\n`);
