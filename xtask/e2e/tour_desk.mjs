// The tour of the workspace: staff's door, their pages, and a look at the portal.

import { OTHER_PASSWORD, PASSWORD, heading, press, setPassword, signIn, until } from './kit.mjs';

/** A file as it comes from elsewhere: other names of columns, a row that can be mended and one that can't. */
const SHEET = 'Number,Forename,Surname,Mail\n81,Rosalind,Franklin,rosalind@franklin.example\n'
  + '82,Lise,Meitner,Lise <lise@meitner.example>\n83,Maria,Mayer,none\n';

/** From the door of the workspace to the end of a look; `way.ada` is a client's page that is signed in. */
export async function deskTour(way) {
  await workspaceDoor(way);
  await workspacePages(way);
  await contactPages(way);
  await practicePages(way);
  await importPages(way);
  await viewPages(way);
}

async function workspaceDoor(way) {
  const { service, practice } = way;
  const page = await way.fresh();
  await way.desk(page, 'sign-in');
  await way.shoot(page, 'workspace-sign-in');
  await way.desk(page, 'forgot');
  await way.shoot(page, 'workspace-forgot');
  await page.getByLabel('Email address').fill('nobody@gallagher.example');
  await press(page, 'Send me a link');
  await way.shoot(page, 'workspace-forgot-asked');
  const link = await practice.inviteStaff('elaine', 'Elaine Gallagher', 'elaine@gallagher.example');
  await page.goto(service.url + link);
  await way.shoot(page, 'workspace-invitation');
  await setPassword(page, 'short');
  await way.shoot(page, 'workspace-too-short');
  await setPassword(page);
  await page.goto(service.url + link);
  await way.shoot(page, 'workspace-link-used');
  await press(page, /new link/);
  await way.shoot(page, 'workspace-link-renewed');
  await way.desk(page, 'sign-in');
  await signIn(page, 'elaine@gallagher.example', OTHER_PASSWORD);
  await way.shoot(page, 'workspace-sign-in-failed');
  await signIn(page, 'elaine@gallagher.example');
  if ((await heading(page)) !== 'Roll-out') throw new Error(`after signing in there is ${await heading(page)}`);
  way.elaine = page;
  const staff = await way.fresh();
  await staff.goto(service.url + (await practice.inviteStaff('tim', 'Tim Staff', 'tim@gallagher.example', 'staff')));
  await setPassword(staff);
  await signIn(staff, 'tim@gallagher.example');
  await way.desk(staff, 'settings');
  await way.shoot(staff, 'for-admins');
  await staff.context().close();
}

async function workspacePages(way) {
  const page = way.elaine;
  await way.shoot(page, 'roll-out', { dark: true });
  for (const [rest, name] of [
    ['contacts', 'contacts'], ['contacts?q=byron', 'contacts-found'], ['contacts?q=nobody', 'contacts-none'], ['contacts?status=not_activated', 'contacts-of-a-status'], ['contacts/c-1', 'contact'],
    ['contacts/c-3', 'contact-with-addresses'], ['contacts/c-4', 'contact-not-activated'],
    ['contacts/c-5', 'contact-without-address'], ['contacts/c-6', 'contact-deactivated'],
    ['contacts/nobody', 'contact-unknown'], ['contacts/c-1/details', 'contact-details'], ['contacts/c-1/access/deactivate', 'deactivate'],
    ['contacts/c-1/access/resend', 'resend'], ['contacts/c-4/access/activate', 'activate'], ['contacts/c-6/access/reactivate', 'reactivate'],
    ['new-contact', 'new-contact'], ['clients', 'clients'], ['clients/byron', 'client'], ['bulk/activate', 'bulk'],
    ['bulk/resend', 'bulk-resend'], ['me', 'own-account'], ['password', 'workspace-password'], ['users', 'users'],
    ['users/elaine', 'user'], ['users/tim/remove', 'user-removal'], ['settings', 'settings'], ['settings/look', 'settings-look'],
    ['settings/places', 'settings-places'], ['settings/sign-in', 'settings-sign-in'], ['settings/lifetimes', 'settings-lifetimes'],
    ['settings/mails', 'settings-mails'], ['settings/returns', 'settings-returns'], ['mails', 'mails'], ['mails/activation', 'mail'],
    ['mails/activation?language=de', 'mail-german'], ['keys', 'keys'], ['webhooks', 'webhooks'], ['import', 'import'], ['jobs', 'jobs'],
    ['trial', 'trial'], ['viewers', 'viewers'], ['contacts/c-1/view', 'view-asked'], ['contacts/c-4/delete', 'delete'],
    ['contacts/c-4/erase', 'erase'], ['help', 'help'], ['help?q=a', 'help-several'], ['help?q=nobody%40nowhere.example', 'help-unknown'],
    ['contacts/c-1/help', 'help-contact'], ['contacts/c-4/help', 'help-not-activated'], ['contacts/c-1/help/report', 'report'],
    ['why', 'why'], ['why?status=deactivated', 'why-deactivated'], ['why?status=locked', 'why-nobody'],
  ]) {
    await way.desk(page, rest);
    await way.shoot(page, name);
  }
  await until('history', async () => {
    await way.desk(page, 'contacts/c-1/history');
    return /invit/i.test(await page.getByRole('main').textContent());
  });
  await way.shoot(page, 'history');
}

async function contactPages(way) {
  const page = way.elaine;
  await way.desk(page, 'contacts/c-1');
  await press(page, 'Move to top …');
  await way.shoot(page, 'move');
  await way.desk(page, 'contacts/c-4');
  await page.getByLabel('New address').fill('ada@byron.example');
  await page.getByLabel('Where it goes').selectOption('first');
  await press(page, 'Add …');
  await way.shoot(page, 'address-of-another');
  await way.desk(page, 'contacts/c-4');
  await page.getByLabel('New address').fill('elaine@gallagher.example');
  await press(page, 'Add …');
  await way.shoot(page, 'address-of-staff');
  await way.desk(page, 'new-contact');
  await page.getByLabel('Name').fill('Caroline Herschel');
  await page.getByLabel('Email addresses').fill('no address');
  await press(page, 'Add');
  await way.shoot(page, 'new-contact-refused');
  await way.desk(page, 'trial');
  await press(page, 'Invite me');
  await way.shoot(page, 'contact-trial');
  await way.follow(page, 'Delete it');
  await press(page, /^Delete/);
  await way.shoot(page, 'deleted');
  await way.desk(page, 'contacts/c-5/erase');
  await page.getByRole('checkbox').check();
  await press(page, 'Erase for good');
  await way.shoot(page, 'erased');
}

async function practicePages(way) {
  const page = way.elaine;
  await way.desk(page, 'users');
  await page.getByLabel('Name', { exact: true }).fill('Tina Taxman');
  await page.getByLabel('Email address').fill('elaine@gallagher.example');
  await press(page, 'Add');
  await way.shoot(page, 'user-refused');
  await way.desk(page, 'users/tim');
  await page.getByRole('radio', { name: /^Administrator/ }).check();
  await press(page, 'Save …');
  await way.shoot(page, 'user-change');
  await way.desk(page, 'settings/look');
  await page.getByLabel('Your colour').fill('#ffff00');
  await press(page, 'Save');
  await way.shoot(page, 'settings-refused');
  await way.desk(page, 'settings/lifetimes');
  await page.getByLabel('The link in an invitation').fill('48');
  await press(page, 'Save');
  await way.shoot(page, 'settings-asked');
  await way.desk(page, 'mails');
  await press(page, 'Send me a test mail');
  await way.shoot(page, 'mail-sent');
  await way.desk(page, 'keys');
  await page.getByLabel('Name').fill('Books');
  await page.getByLabel('Read everything').check();
  await press(page, 'Make the key');
  await way.shoot(page, 'key-made');
  await way.follow(page, 'I have it');
  await way.follow(page, /^Revoke Books/);
  await way.shoot(page, 'key-revoked');
  await way.desk(page, 'webhooks');
  await page.getByLabel('Address of the receiver').fill('https://receiver.example/in?token=x');
  await press(page, 'Add');
  await way.shoot(page, 'webhook-made');
  await way.follow(page, 'I have it');
  await way.shoot(page, 'webhook');
  const webhook = page.url();
  for (const [rest, name] of [['deliveries', 'webhook-log'], ['secret', 'webhook-secret'], ['delete', 'webhook-removal']]) {
    await page.goto(`${webhook}/${rest}`);
    await way.shoot(page, name);
  }
}

async function importPages(way) {
  const page = way.elaine;
  const bring = async (content) => {
    await way.desk(page, 'import');
    await page.getByLabel('File', { exact: true }).setInputFiles({ name: 'f.csv', mimeType: 'text/csv', buffer: Buffer.from(content) });
    await press(page, 'Check the file …');
  };
  const finished = () => until('the end of a job', async () => {
    if (await page.getByText('Finished', { exact: true }).count()) return true;
    await page.reload();
    return false;
  });
  await bring(Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 0xff]));
  await way.shoot(page, 'import-refused');
  await bring(SHEET);
  await way.shoot(page, 'columns');
  for (const [column, is] of [['Number', 'Reference'], ['Forename', 'Name'], ['Surname', 'Name'], ['Mail', 'Email addresses']]) {
    await page.getByLabel(`${column} is`).selectOption({ label: is });
  }
  await press(page, 'Check the rows …');
  await finished();
  await way.shoot(page, 'check');
  await press(page, /^Import 1 row/);
  await finished();
  await way.shoot(page, 'imported');
  await way.desk(page, 'bulk/activate');
  await press(page, 'Activate them');
  await finished();
  await way.shoot(page, 'job');
  await way.desk(page, 'jobs');
  await way.shoot(page, 'jobs-done');
}

async function viewPages(way) {
  const page = way.elaine;
  await way.desk(page, 'contacts/c-1/view');
  await page.getByRole('radio').first().check();
  await page.getByLabel('Why do you look?').fill('rang: can’t find the form');
  await press(page, 'Open the portal');
  await way.shoot(page, 'view');
  await press(page, 'Stop looking');
  await way.open(page, 'view');
  await way.shoot(page, 'view-over');
  await way.open(way.ada, 'password');
  await way.ada.getByLabel('Your password until now').fill(PASSWORD);
  await way.ada.getByLabel('New password').fill(OTHER_PASSWORD);
  await way.ada.getByLabel('The same password again').fill(OTHER_PASSWORD);
  await press(way.ada, 'Change password');
  await way.shoot(way.ada, 'password-changed');
}
