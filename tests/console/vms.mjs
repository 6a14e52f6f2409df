// What is done to VMs.

import assert from 'node:assert/strict'

export async function a_vm_is_created_and_started(desk) {
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

export async function another_clients_change_is_seen(desk) {
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

export async function what_is_lost_is_asked_first(desk) {
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

export async function a_refusal_is_a_sentence(desk) {
  const { page, other } = desk
  const vm = await other.vm('huge')
  await other.call('VM.set_memory_limits', vm, ...Array(4).fill(2 ** 40))
  await desk.login()
  await desk.leaf('huge').click()
  await desk.action('start').click()
  await page.locator('.task.failed').getByText('The host has too little free memory').waitFor()
  await desk.picture('refused')
}

export async function settings_are_changed_where_they_stand(desk) {
  const { page, other } = desk
  const vm = await other.vm('plain')
  await desk.login()
  await desk.leaf('All machines').click()
  await page.getByRole('main').getByRole('link', { name: 'plain' }).click()
  const edit = async (label, value) => {
    await page.getByRole('button', { name: `Change ${label}`, exact: true }).click()
    await page.getByRole('main').getByLabel(label, { exact: true }).last().fill(value)
    await page.keyboard.press('Enter')
  }
  await edit('Name', 'renamed')
  await desk.title().filter({ hasText: 'renamed' }).waitFor()
  await edit('Virtual CPUs', '4')
  await edit('Tags', 'blue, green')
  await desk.see('blue, green')
  await edit('Memory (MiB)', '96')
  await desk.see('96 MiB')
  const record = await other.call('VM.get_record', vm)
  assert.deepEqual([record.name_label, record.VCPUs_max, record.VCPUs_at_startup,
    record.tags, record.memory_static_max], ['renamed', 4, 4, ['blue', 'green'], 96 * 2 ** 20])
  await edit('Memory (MiB)', '0')
  await page.locator('.editable .error').waitFor()
  await other.call('VM.destroy', vm)
}

export async function a_disk_and_a_nic_come_and_go_while_it_runs(desk) {
  const { page, other } = desk
  const vm = await other.vm('growing')
  await other.disk(vm)
  await other.call('VM.start', vm, false, false)
  await desk.login()
  await desk.leaf('growing').click()
  await page.locator('[data-action="add-disk"]').click()
  await page.getByLabel('Name', { exact: true }).last().fill('extra')
  await page.getByLabel('Size (GiB)').fill('1')
  await page.locator('[data-action="add"]').click()
  const row = page.getByRole('row').filter({ hasText: 'extra' })
  await row.getByRole('cell', { name: 'yes', exact: true }).waitFor()
  assert.equal(await row.locator('[data-action="detach"]').getAttribute('aria-description'),
    'It is attached.')
  await row.locator('[data-action="unplug"]').click()
  await row.getByRole('cell', { name: 'no', exact: true }).waitFor()
  await row.locator('[data-action="detach"]').click()
  await desk.see('It stays on its storage.')
  await page.locator('[data-action="confirm"]').click()
  await row.waitFor({ state: 'detached' })
  await page.getByLabel('Add an interface on…').selectOption({ index: 1 })
  const nics = page.getByRole('region', { name: 'Network interfaces' })
  await nics.getByRole('cell', { name: 'yes', exact: true }).waitFor()
  await nics.locator('[data-action="unplug"]').click()
  await nics.getByRole('cell', { name: 'no', exact: true }).waitFor()
  await other.call('VM.hard_shutdown', vm)
  await other.call('VM.destroy', vm)
}

/** How many pixels of the screen are not black. */
const lit = page => page.evaluate(() => {
  const canvas = document.querySelector('.picture canvas')
  if (!canvas?.width)
    return 0
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
  let n = 0
  for (let i = 0; i < data.length; i += 4)
    n += data[i] + data[i + 1] + data[i + 2] > 96
  return n
})

export async function a_screen_draws_and_takes_keys(desk) {
  const { page, other } = desk
  desk.allowed = [/^Canvas2D: Multiple readback/]
  const vm = await other.vm('screen')
  await other.disk(vm)
  await other.call('VM.start', vm, false, false)
  await desk.login()
  await desk.leaf('screen').click()
  await page.getByRole('link', { name: 'Console' }).click()
  await page.locator('.picture.open').waitFor()
  const until = async (what, ok) => {
    for (let tries = 0; tries < 200; tries++) {
      if (ok(await lit(page)))
        return
      await page.waitForTimeout(100)
    }
    assert.fail(what)
  }
  await until('nothing is drawn', n => n > 0)
  const before = await lit(page)
  await page.locator('.picture canvas').click()
  await page.keyboard.type('Hello, World\n')
  await until('what was typed is not drawn', n => n > before)
  assert.doesNotMatch(page.url(), /ticket/)
  await desk.picture('screen')
  await other.call('VM.hard_shutdown', vm)
  await desk.see('It has a screen while it runs.')
  await other.call('VM.destroy', vm)
}
