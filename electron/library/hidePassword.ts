// Keeps the connection's password out of everything the job says, as a second line after never handing it on.
import type { JobContext } from '../jobs/jobTypes'
import type { ResolvedConnection } from '../services'

/** A password that is part of a name here could only be hidden with it, and the job's links would lead nowhere. */
export function hidePassword(job: JobContext, { password, settings, label }: ResolvedConnection, names: readonly string[]): void {
  if (!password) return
  const all = [label, settings.host, settings.user, String(settings.port), ...names]
  if (!all.some((name) => name.includes(password.reveal()))) job.hide(password)
}
