// Quoting of SQL identifiers and literals: the only place that builds either.

/** Always quoted, so that case, keywords and pattern characters never matter. NUL can't be in an identifier. */
export function quoteIdentifier(name: string): string {
  if (name.includes('\0')) throw new RangeError('a PostgreSQL identifier cannot hold a NUL byte')
  return `"${name.replaceAll('"', '""')}"`
}

/** For the few statements that take no parameters (CREATE DATABASE ... LOCALE 'x'). Independent of standard_conforming_strings. */
export function quoteLiteral(value: string): string {
  if (value.includes('\0')) throw new RangeError('a PostgreSQL literal cannot hold a NUL byte')
  const quoted = `'${value.replaceAll("'", "''").replaceAll('\\', '\\\\')}'`
  return value.includes('\\') ? ` E${quoted}` : quoted
}

export function qualifiedName(schema: string, name: string): string {
  return `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`
}
