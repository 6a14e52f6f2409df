// What pages ask about storage.

import { store } from '../session/session'
import type { Of } from '../store/store'

export type SR = Of<'sr'>

/** Those that disks can be made on. */
export const disksSrs = (): SR[] => store.all('sr').filter(sr =>
  sr.content_type !== 'iso' && sr.allowed_operations.includes('vdi_create'))

export const isos = (): Of<'vdi'>[] => store.all('vdi').filter(vdi =>
  store.get('sr', vdi.SR)?.content_type === 'iso')

export const freeOf = (ref: string): number => {
  const sr = store.get('sr', ref)
  return sr ? sr.physical_size - sr.physical_utilisation : 0
}

export const usedPart = (sr: SR): number =>
  sr.physical_size > 0 ? sr.physical_utilisation / sr.physical_size : 0
