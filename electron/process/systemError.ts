// Errors of files and disks in plain words.
import { AppError, type ErrorCode } from '../../shared/rpc/appError'

const known: Readonly<Record<string, { code: ErrorCode; says: string; hint: string }>> = {
  ENOSPC: {
    code: 'tool_failed',
    says: 'the disk is full',
    hint: 'Free some space or choose a folder on another disk, then run it again.',
  },
  EDQUOT: { code: 'tool_failed', says: 'the disk quota is used up', hint: 'Free some space or choose a folder on another disk.' },
  EROFS: {
    code: 'permission',
    says: 'the file system is read-only',
    hint: 'Choose a folder on another disk, or mount it writable.',
  },
  EACCES: {
    code: 'permission',
    says: 'the account running Walkback is not allowed to',
    hint: 'Change the permissions, or choose another place.',
  },
  EPERM: { code: 'permission', says: 'the system does not allow it', hint: 'Change the permissions, or choose another place.' },
  ENOENT: { code: 'not_found', says: 'it does not exist', hint: 'Check the path. It may have been moved or removed.' },
  ENOTDIR: { code: 'not_found', says: 'a part of the path is a file, not a folder', hint: 'Check the path.' },
  EEXIST: { code: 'conflict', says: 'it exists already', hint: 'Choose another name.' },
  EISDIR: { code: 'conflict', says: 'it is a folder', hint: 'Choose another name.' },
  ENOTEMPTY: { code: 'conflict', says: 'the folder is not empty', hint: 'Choose another name.' },
  ENAMETOOLONG: { code: 'bad_input', says: 'the name is too long', hint: 'Choose a shorter name.' },
  ELOOP: { code: 'not_found', says: 'its links lead in a circle', hint: 'Check the path.' },
  EIO: {
    code: 'tool_failed',
    says: 'the disk reports an input/output error',
    hint: 'The disk may be failing. Look at the system log, and choose another disk.',
  },
  EMFILE: {
    code: 'tool_failed',
    says: 'too many files are open',
    hint: 'Raise the limit of open files (ulimit -n) and start Walkback again.',
  },
  ETXTBSY: { code: 'conflict', says: 'it is in use', hint: 'Wait until the program that uses it has ended.' },
}

/** The system's code, such as ENOENT; '' for an error without one. */
export function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/**
 * An AppError such as "Can't write /srv/x: the disk is full." for an error of the system; undefined for anything else.
 * `action` reads on after "Can't", and names the path where the error doesn't.
 */
export function fromSystemError(error: unknown, action?: string): AppError | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined
  const found = known[error.code]
  if (!found || !('syscall' in error)) return undefined
  const path = 'path' in error && typeof error.path === 'string' ? error.path : ''
  const tried = action ?? `use ${path || 'a file'}`
  return new AppError(found.code, `Can't ${tried}: ${found.says}.`, { hint: found.hint, cause: error })
}
