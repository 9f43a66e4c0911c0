// One value of a row. NULL and the empty string are different things, and look different from each other and from text.
import './values.css'

export function CellValue({ value }: { value: string | null }) {
  if (value === null) return <span className="value-null">NULL</span>
  if (value === '') return <span className="value-empty">empty string</span>
  return (
    <span className="value" title={value}>
      {value.replaceAll('\n', '↵')}
    </span>
  )
}

/** Values that are numbers stand at the right of their column. */
export function isNumericType(type: string): boolean {
  return /^(smallint|integer|bigint|numeric|real|double precision|oid|money)/.test(type)
}
