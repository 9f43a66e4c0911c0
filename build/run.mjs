// Runs one program to its end with its output shown, and throws when it fails.
import { spawn } from 'node:child_process'

export function run(file, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: 'inherit', ...options })
    // Ctrl+C reaches the child by itself and may take it a while, or a second Ctrl+C, to act on: we go when it goes.
    const ignore = () => undefined
    const passOn = () => child.kill('SIGTERM')
    process.on('SIGINT', ignore)
    process.on('SIGTERM', passOn)
    child.on('error', reject)
    child.on('exit', (code, signal) => {
      process.off('SIGINT', ignore)
      process.off('SIGTERM', passOn)
      if (code === 0) resolve()
      else {
        const how = signal ? `was ended by ${signal}` : `exited with ${code}`
        reject(Object.assign(new Error(`${[file, ...args].join(' ')} ${how}`), { exitCode: code }))
      }
    })
  })
}

/** The last act of a command: ends this process as the program ended. */
export async function become(file, args, options = {}) {
  try {
    await run(file, args, options)
  } catch (error) {
    process.exit(error.exitCode ?? 1)
  }
}

/** Exit status and what was printed, never thrown for a status. */
export function capture(file, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options })
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (text) => {
      stdout += text
    })
    child.stderr.on('data', (text) => {
      stderr += text
    })
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, stdout, stderr }))
  })
}
