import assert from 'node:assert/strict';
import { ERRORS } from '../../src/common/errors';
import { RequestFailed } from './dapClient';

/** For `assert.rejects`: the request failed with that entry of the error catalogue. */
export function fails(id: keyof typeof ERRORS): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof RequestFailed, String(error));
    assert.equal(error.code, ERRORS[id].code, error.message);
    return true;
  };
}
