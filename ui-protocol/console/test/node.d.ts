// As much of node as the tests use.

declare module 'node:test' {
  export default function test(name: string, run: () => void | Promise<void>): void
}

declare module 'node:assert/strict' {
  interface Assert {
    ok(value: unknown, message?: string): void
    equal(got: unknown, want: unknown): void
    deepEqual(got: unknown, want: unknown): void
    match(got: string, want: RegExp): void
  }
  const assert: Assert
  export default assert
}
