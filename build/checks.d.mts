// Types of the list of checks, for its test.
export const checks: [name: string, program: string, args: string[]][]
