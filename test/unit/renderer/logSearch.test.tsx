// @vitest-environment happy-dom
// The log's search comes to rest: without a text it renders a few times, not for ever.
import { renderHook } from '@testing-library/react'
import { expect, test } from 'vitest'
import { useLogSearch } from '../../../renderer/screens/JobDetail/useLogSearch'

test('without a text it comes to rest', async () => {
  let renders = 0
  const { rerender } = renderHook(
    ({ total }: { total: number }) => {
      renders += 1
      return useLogSearch('job', total)
    },
    { initialProps: { total: 10 } },
  )
  await new Promise((resolve) => setTimeout(resolve, 200))
  expect(renders).toBeLessThan(5)
  // A log that grows does not start it either.
  rerender({ total: 11 })
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect(renders).toBeLessThan(8)
})
