// The search for an accident: where it looks, what was asked last, and which finding the cursor was put before. For this window.
import { create } from 'zustand'
import type { AccidentRequest } from '../../shared/contracts/accident'

export interface AccidentForm {
  /** '' for that of the archive. */
  connectionId: string
  database: string
  /** Hours before the last commit in the archive; null for all of it. */
  hours: number | null
}

interface AccidentState extends AccidentForm {
  open: boolean
  /** null while a table is being chosen. */
  request: AccidentRequest | null
  /** The position of a finding's COMMIT. */
  chosen: string | null
}

export const useAccidentSearch = create<AccidentState>(() => ({
  open: false,
  connectionId: '',
  database: '',
  hours: 24,
  request: null,
  chosen: null,
}))

export const setAccidentSearch = (change: Partial<AccidentState>): void => useAccidentSearch.setState(change)
