import assert from 'node:assert/strict'
import { Client, order } from './desk.mjs'

async function a_wrong_password_is_told(desk) {
  const { page } = desk
  await page.getByRole('button', { name: 'Log in' }).click()
  await desk.see('Give a user and a password.')
  await page.getByLabel('Password').fill('wrong')
  await page.keyboard.press('Enter')
  await desk.see('The user or the password is wrong.')
  assert.equal(await page.getByRole('navigation').count(), 0)
}

async function the_session_is_in_memory_only(desk) {
  const { page } = desk
  await desk.login()
  const kept = await page.evaluate(() => JSON.stringify([
    { ...localStorage }, { ...sessionStorage }, document.cookie, location.href]))
  assert.doesNotMatch(kept, /OpaqueRef|correct horse/)
  await page.reload()
  await page.getByLabel('Password').waitFor()
}

async function a_vm_is_created_and_started(desk) {
  const { page } = desk
  await desk.login()
  await page.locator('[data-action="new-vm"]').click()
  const create = page.locator('[data-action="create-start"]')
  assert.equal(await create.getAttribute('aria-description'), 'Choose a template.')
  await page.getByLabel('Template').selectOption({ label: 'Linux PV guest (boots from its own disk)' })
  assert.equal(await create.getAttribute('aria-description'), 'Give it a name.')
  await page.getByLabel('Name', { exact: true }).fill('web-1')
  await page.getByLabel('Memory (MiB)').fill('256')
  await page.getByLabel('New disk (GiB)').fill('1')
  await desk.picture('create')
  await create.click()
  await desk.title().filter({ hasText: 'web-1' }).waitFor()
  await page.locator('.title .state.running').waitFor()
  await page.getByRole('cell', { name: 'web-1 0' }).waitFor()
  await page.locator('.task.done').waitFor()
  await desk.leaf('web-1').locator('.light.running').waitFor()
  assert.equal(await desk.action('start').getAttribute('aria-disabled'), 'true')
  assert.equal(await desk.action('start').getAttribute('aria-description'), 'It is running.')
  await desk.picture('vm')
}

async function another_clients_change_is_seen(desk) {
  const { page, other } = desk
  const vm = await other.vm('before')
  await other.disk(vm)
  await desk.login()
  await desk.leaf('before').click()
  await desk.title().filter({ hasText: 'before' }).waitFor()
  await other.call('VM.set_name_label', vm, 'after')
  await desk.title().filter({ hasText: 'after' }).waitFor()
  await other.call('VM.start', vm, false, false)
  await page.locator('.title .state.running').waitFor()
  await other.call('VM.hard_shutdown', vm)
  await other.call('VM.destroy', vm)
  await desk.see('There is no such object, or it is gone.')
  await desk.leaf('after').waitFor({ state: 'detached' })
}

async function what_is_lost_is_asked_first(desk) {
  const { page, other } = desk
  const vm = await other.vm('doomed')
  await desk.login()
  await desk.leaf('doomed').click()
  await page.getByText('More').click()
  await desk.action('power-off').getByText('It is off.').waitFor()
  await desk.action('delete').click()
  await desk.see('doomed will be gone for good.')
  await page.getByRole('button', { name: 'Cancel' }).click()
  await page.getByText('More').click()
  await desk.action('delete').click()
  await page.locator('[data-action="confirm"]').click()
  await desk.leaf('doomed').waitFor({ state: 'detached' })
  await assert.rejects(other.call('VM.get_uuid', vm), /HANDLE_INVALID/)
}

async function a_refusal_is_a_sentence(desk) {
  const { page, other } = desk
  const vm = await other.vm('huge')
  await other.call('VM.set_memory_limits', vm, ...Array(4).fill(2 ** 40))
  await desk.login()
  await desk.leaf('huge').click()
  await desk.action('start').click()
  await page.locator('.task.failed').getByText('The host has too little free memory').waitFor()
  await desk.picture('refused')
}

async function an_ended_session_asks_for_the_password_and_goes_on(desk) {
  const { page, other } = desk
  const sessions = new Set()
  page.on('request', r => r.method() === 'POST' &&
    sessions.add(JSON.parse(r.postData()).params[0]))
  await other.vm('kept')
  await desk.login()
  await desk.leaf('kept').click()
  await desk.title().filter({ hasText: 'kept' }).waitFor()
  const [session] = [...sessions].filter(s => String(s).startsWith('OpaqueRef'))
  await new Client(desk.url).raw('session.logout', session)
  await desk.see('The host ended your session.')
  await desk.login()
  await desk.title().filter({ hasText: 'kept' }).waitFor()
}

async function a_killed_daemon_is_told_and_comes_back(desk) {
  const { page, other } = desk
  await other.vm('survivor')
  desk.allowed = [/net::ERR_/, /Failed to load resource/]
  await desk.login()
  await desk.leaf('survivor').click()
  await order('kill')
  await desk.see('No contact with the host.')
  await desk.picture('lost')
  await order('start')
  await desk.see('The host ended your session.')
  await desk.login()
  await desk.title().filter({ hasText: 'survivor' }).waitFor()
  assert.equal(await page.getByRole('status').filter({ hasText: 'No contact' }).count(), 0)
}

const HOSTILE = '<img src=x onerror=alert(1)>\u202Etxt.exe\u0000'.replace('\u0000', '') +
  'long '.repeat(2000)

async function hostile_names_are_text(desk) {
  const { page, other } = desk
  const name = HOSTILE.slice(0, 8000)
  const vm = await other.vm(name)
  await other.call('VM.set_name_description', vm, name)
  await other.call('VM.add_tags', vm, '<script>alert(2)</script>')
  for (const kind of ['SR', 'network', 'host', 'pool'])
    for (const ref of await other.call(`${kind}.get_all`))
      await other.call(`${kind}.set_name_label`, ref, name)
  await desk.login()
  const { uuid } = await other.call('VM.get_record', vm)
  for (const path of ['', 'vms', `vm/${uuid}`]) {
    await page.goto(`${desk.url}/#/${path}`)
    await page.getByRole('main').getByText('<img src=x onerror').first().waitFor()
  }
  for (const [kind, path] of [['SR', 'sr'], ['network', 'network'], ['host', 'host']]) {
    const [ref] = await other.call(`${kind}.get_all`)
    await page.goto(`${desk.url}/#/${path}/${await other.call(`${kind}.get_uuid`, ref)}`)
    await desk.title().filter({ hasText: '<img src=x onerror' }).waitFor()
  }
  assert.equal(await page.locator('img:not([src="icon.svg"])').count(), 0)
  const wide = await page.evaluate(() =>
    document.documentElement.scrollWidth - document.documentElement.clientWidth)
  assert.ok(wide <= 0, `the page is ${wide} wider than the window`)
  for (const kind of ['SR', 'network', 'host', 'pool'])
    for (const [n, ref] of (await other.call(`${kind}.get_all`)).entries())
      await other.call(`${kind}.set_name_label`, ref, `${kind} ${n}`)
  await other.call('VM.destroy', vm)
}

async function a_filter_is_in_the_url(desk) {
  const { page, other } = desk
  await other.vm('alpha')
  const vm = await other.vm('beta')
  await other.call('VM.add_tags', vm, 'blue')
  await desk.login()
  await page.goto(`${desk.url}/#/vms`)
  await page.getByRole('searchbox').fill('blue')
  const row = name => page.getByRole('main').getByRole('link', { name })
  await row('beta').waitFor()
  await row('alpha').waitFor({ state: 'detached' })
  assert.match(page.url(), /#\/vms\?q=blue$/)
  await page.getByLabel('State').selectOption('Running')
  await desk.see('Nothing matches.')
}

export const tests = [a_wrong_password_is_told, the_session_is_in_memory_only,
  a_vm_is_created_and_started, another_clients_change_is_seen,
  what_is_lost_is_asked_first, a_refusal_is_a_sentence, a_filter_is_in_the_url,
  hostile_names_are_text, an_ended_session_asks_for_the_password_and_goes_on,
  a_killed_daemon_is_told_and_comes_back]
