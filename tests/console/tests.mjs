import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { Client, order } from './desk.mjs'
import {
  a_vm_is_created_and_started,
  another_clients_change_is_seen,
  what_is_lost_is_asked_first,
  a_refusal_is_a_sentence,
  settings_are_changed_where_they_stand,
  a_disk_and_a_nic_come_and_go_while_it_runs,
  a_screen_draws_and_takes_keys,
} from './vms.mjs'

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

async function a_reader_sees_nothing_that_would_fail(desk) {
  const { page, other } = desk
  const vm = await other.vm('seen')
  const reader = await other.call('subject.create',
    { subject_identifier: 'reader', other_config: {} })
  const [role] = await other.call('role.get_by_name_label', 'read-only')
  await other.call('subject.add_to_roles', reader, role)
  await other.call('subject.set_password', reader, 'a reader reads')
  await desk.login('reader', 'a reader reads')
  assert.equal(await page.locator('#page [data-action="new-vm"]').getAttribute('aria-disabled'), 'true')
  await desk.leaf('All machines').click()
  await page.getByRole('main').getByRole('link', { name: 'seen' }).click()
  await desk.title().filter({ hasText: 'seen' }).waitFor()
  const open = () => page.locator('#page').evaluate(main => [...main.querySelectorAll(
    '[data-action], [data-reason], select')].filter(
    node => node.getAttribute('aria-disabled') !== 'true').map(node => node.outerHTML))
  await page.getByText('More').click()
  assert.deepEqual(await open(), [])
  const [host] = await other.call('host.get_all')
  await page.goto(`${desk.url}/#/host/${await other.call('host.get_uuid', host)}`)
  await page.getByRole('region', { name: 'Certificate' }).waitFor()
  assert.deepEqual(await open(), [])
  await other.call('subject.destroy', reader)
  await other.call('VM.destroy', vm)
}

async function no_page_keeps_anybody_out(desk) {
  const { page, other } = desk
  const vm = await other.vm('page')
  await other.disk(vm)
  const uuid = async (kind, ref) => other.call(`${kind}.get_uuid`, ref)
  const first = async kind => uuid(kind, (await other.call(`${kind}.get_all`))[0])
  const paths = ['', 'vms', `vm/${await uuid('VM', vm)}`, `host/${await first('host')}`,
    `sr/${await first('SR')}`, `network/${await first('network')}`]
  const source = readFileSync('node_modules/axe-core/axe.min.js', 'utf8')
  const look = async where => {
    await page.evaluate(source)
    const { violations } = await page.evaluate(() => axe.run({
      resultTypes: ['violations'] }))
    const bad = violations.filter(v => ['serious', 'critical'].includes(v.impact))
    assert.deepEqual(bad.map(v => `${where}: ${v.id}: ${v.nodes[0].html} ${
      v.nodes[0].failureSummary}`), [])
  }
  await look('login')
  await desk.login()
  for (const path of paths) {
    await page.goto(`${desk.url}/#/${path}`)
    await desk.title().waitFor()
    await look(path)
    await desk.picture(path.split('/')[0] || 'overview')
  }
  await page.emulateMedia({ colorScheme: 'dark' })
  await page.goto(`${desk.url}/#/${paths[2]}`)
  await look('dark')
  await desk.picture('dark')
  await page.setViewportSize({ width: 390, height: 800 })
  await desk.picture('phone')
  await other.call('VM.destroy', vm)
}

async function an_image_is_uploaded_with_progress(desk) {
  const { page, other } = desk
  await desk.login()
  await page.locator('[data-action="new-library"]').click()
  await desk.leaf('ISO library').click()
  const choose = (name, buffer) => page.getByLabel('Upload ISO').setInputFiles(
    { name, mimeType: 'application/octet-stream', buffer })
  await choose('notes.txt', Buffer.from('x'))
  await desk.see('Choose a file whose name ends in .iso.')
  await page.locator('[data-action="confirm"]').click()
  const urls = []
  page.on('request', r => urls.push(r.url()))
  await choose('tiny.iso', Buffer.alloc(5 * 2 ** 20, 7))
  await page.locator('.task.done').filter({ hasText: 'Upload ISO: tiny.iso' }).waitFor()
  await page.getByRole('row').filter({ hasText: 'tiny.iso' }).waitFor()
  assert.ok(!urls.some(url => /session_id/.test(url)))
  await desk.picture('images')
  await page.locator('#page [data-action="remove-image"]').click()
  await page.locator('[data-action="confirm"]').click()
  await desk.see('No images yet.')
  const [library] = Object.entries(await other.call('SR.get_all_records')).find(
    ([, sr]) => sr.content_type === 'iso')
  assert.deepEqual(await other.call('SR.get_VDIs', library), [])
}

async function a_host_takes_no_machines_for_a_while(desk) {
  const { page, other } = desk
  await desk.login()
  const [host] = await other.call('host.get_all')
  await page.goto(`${desk.url}/#/host/${await other.call('host.get_uuid', host)}`)
  await page.getByText('More').click()
  await desk.action('host-reboot').getByText('First let it take no new machines.').waitFor()
  await page.keyboard.press('Escape')
  await desk.action('disable').click()
  await desk.action('enable').click()
  await desk.action('disable').waitFor()
  await page.locator('.task.done').nth(1).waitFor()
  assert.equal(await other.call('host.get_enabled', host), true)
  await page.locator('[data-action="logout"]').click()
  await desk.login()
  await desk.see('No tasks.')
}

export const tests = [a_wrong_password_is_told, the_session_is_in_memory_only,
  a_vm_is_created_and_started, another_clients_change_is_seen,
  settings_are_changed_where_they_stand,
  a_disk_and_a_nic_come_and_go_while_it_runs, a_screen_draws_and_takes_keys,
  an_image_is_uploaded_with_progress,
  a_host_takes_no_machines_for_a_while,
  a_reader_sees_nothing_that_would_fail, no_page_keeps_anybody_out,
  what_is_lost_is_asked_first, a_refusal_is_a_sentence, a_filter_is_in_the_url,
  hostile_names_are_text, an_ended_session_asks_for_the_password_and_goes_on,
  a_killed_daemon_is_told_and_comes_back]
