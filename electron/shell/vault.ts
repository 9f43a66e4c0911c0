// Keeps passwords between starts with the system's keyring, through safeStorage's asynchronous calls.
import { safeStorage } from 'electron'
import { AppError } from '../../shared/rpc/appError'
import { Secret } from '../process/secret'
import type { SecretVault } from '../services'

const noKeyring =
  'This desktop has no keyring that Electron can use, so a saved password would be readable by anybody who has the file. Passwords are kept in memory until Walkback stops.'

/**
 * On Linux "available" can mean a fixed key that is in Electron's own source: a probe's prefix `v10`, and the backends
 * `basic_text` and `unknown`, tell that case. Then nothing is stored at all.
 */
async function protectionProblem(): Promise<string> {
  if (!(await safeStorage.isAsyncEncryptionAvailable())) return noKeyring
  if (process.platform !== 'linux') return ''
  const backend = safeStorage.getSelectedStorageBackend()
  if (backend === 'basic_text' || backend === 'unknown') return noKeyring
  const probe = await safeStorage.encryptStringAsync('walkback')
  return probe.subarray(0, 3).toString('latin1') === 'v10' ? noKeyring : ''
}

/** Call after app's ready. */
export async function openVault(): Promise<SecretVault> {
  const reason = await protectionProblem()
  return {
    canRemember: reason === '',
    reason,
    encrypt: async (secret) => {
      if (reason !== '') throw new AppError('permission', reason)
      return (await safeStorage.encryptStringAsync(secret.reveal())).toString('base64')
    },
    decrypt: async (text) => {
      const { result } = await safeStorage.decryptStringAsync(Buffer.from(text, 'base64'))
      return new Secret(result)
    },
  }
}
