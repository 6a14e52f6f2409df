// An image from this machine's disk into an ISO library.

import { NoContact, Refused } from '../api/rpc'
import { call } from '../session/session'
import { isoText } from '../text/text'

/** Why a file cannot be uploaded, or null. */
export const unfit = (file: { name: string, size: number }, free: number): string | null =>
  !/\.iso$/i.test(file.name) ? isoText.noIso :
    file.size === 0 ? isoText.empty :
      file.size > free ? isoText.noRoom : null

/** Makes the VDI and sends the bytes; a VDI whose bytes did not come is taken
 * away again. */
export async function upload(sr: string, file: File,
    progress: (part: number) => void): Promise<string> {
  const vdi = await call('VDI.create', { name_label: file.name, name_description: '',
    SR: sr, virtual_size: file.size, type: 'user', sharable: false, read_only: false,
    other_config: {} })
  try {
    const ticket = await call('session.create_ticket', 'upload', vdi)
    await put(`/import_raw_vdi?vdi=${encodeURIComponent(vdi)}&ticket=${
      encodeURIComponent(ticket)}`, file, progress)
  } catch (error) {
    await call('VDI.destroy', vdi).catch(() => undefined)
    throw error
  }
  return ''
}

/** fetch() tells nothing of how far an upload is. */
const put = (path: string, file: File, progress: (part: number) => void) =>
  new Promise<void>((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open('PUT', path)
    request.upload.onprogress = e => e.lengthComputable && progress(e.loaded / e.total)
    request.onload = () => request.status === 200 ? resolve() :
      reject(new Refused('IMPORT_ERROR', [`HTTP ${request.status}`]))
    request.onerror = () => reject(new NoContact('upload'))
    request.send(file)
  })
