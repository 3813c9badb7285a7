import { AppError } from '../../src/domain/errors.js'

/** A store of any kind whose every call fails as when the database is gone. */
export function brokenStore<Store extends object>(): Store {
  return new Proxy({} as Store, {
    get: () => () => Promise.reject(new AppError('DATABASE_UNUSABLE', 'the database does not answer')),
  })
}
