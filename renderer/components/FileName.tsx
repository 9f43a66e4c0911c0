// The name of a file that may be broken before its suffix, and nowhere else as long as the room allows.
export function FileName({ name }: { name: string }) {
  const at = name.indexOf('.')
  if (at <= 0) return name
  return (
    <>
      {name.slice(0, at)}
      <wbr />
      {name.slice(at)}
    </>
  )
}
