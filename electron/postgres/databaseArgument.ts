// A database's name as libpq programs take it.

/**
 * For --dbname. libpq reads one with `=` in it, or that begins with postgresql:// or postgres://, as a whole connection
 * string, and a database may have such a name: any name but a plain word is given as a connection string that holds it.
 */
export function databaseArgument(name: string): string {
  if (/^[A-Za-z_][A-Za-z0-9_$.-]*$/.test(name)) return name
  return `dbname='${name.replace(/['\\]/g, '\\$&')}'`
}
