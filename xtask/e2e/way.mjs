// What a tour goes by: the program, a browser, and short words for what is done on the way.

import { readFileSync } from 'node:fs';

import { DESKTOP, profile, setPassword, signIn } from './kit.mjs';

/** Method and path of every page, by the program's own tables. */
export const ROUTES = readFileSync(new URL('pages.txt', import.meta.url), 'utf8').trim().split('\n');

/** The route of a request: of those that fit, the one with the fewest parts left open. */
function routeOf(method, path) {
  const fits = (route) => {
    const [own, pattern] = route.split(' ');
    return own === method && new RegExp(`^${pattern.replaceAll('.', '\\.').replace(/\{\w+\}/g, '[^/]+')}$`).test(path);
  };
  const open = (route) => route.split('{').length;
  return ROUTES.filter(fits).sort((one, other) => open(one) - open(other))[0];
}

/** A tour that is under way: `shoot(page, name, { dark })` is called at each page, and `seen` holds the routes of those pages. */
export class Way {
  constructor(service, browser, visit, options) {
    Object.assign(this, { service, browser, options, seen: new Set() });
    this.shoot = async (page, name, how = {}) => {
      this.seen.add(page.route);
      await visit(page, name, how);
      await page.setViewportSize(DESKTOP);
    };
  }

  /** A page in a browser of its own, which knows by which route it was answered last. */
  async fresh(options) {
    const page = await (await profile(this.browser, { viewport: DESKTOP, ...this.options, ...options })).newPage();
    page.on('response', (response) => {
      const request = response.request();
      const led = response.status() >= 300 && response.status() < 400;
      if (!request.isNavigationRequest() || led) return;
      page.route = routeOf(request.method(), new URL(response.url()).pathname);
    });
    return page;
  }

  open(page, rest) {
    return page.goto(this.practice.path(rest));
  }

  desk(page, rest = '') {
    return page.goto(this.practice.path(rest, 'workspace'));
  }

  follow(page, name) {
    return Promise.all([page.waitForNavigation(), page.getByRole('link', { name }).click()]);
  }

  put(path, body) {
    return this.practice.call('PUT', path, body);
  }

  async contact(ref, name, emails, clients, active = true) {
    await this.put(`/contacts/${ref}`, { name, emails, clients });
    if (active) await this.practice.call('POST', `/contacts/${ref}/portal/activate`);
  }

  /** A contact has set a password; answers its browser, signed in. */
  async settle(address) {
    const page = await this.fresh();
    await page.goto(this.service.url + (await this.practice.link(address)));
    await setPassword(page);
    await signIn(page, address);
    return page;
  }
}
