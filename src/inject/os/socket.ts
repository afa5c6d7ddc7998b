import { connect } from 'node:net';
import type { NetConnectOpts, Socket } from 'node:net';

/** The name of a socket exists a moment before anybody listens at it. */
const NOT_YET = new Set(['ENOENT', 'ECONNREFUSED', 'EAGAIN']);

/** Connects; undefined while nobody listens there yet. Rejects with the system's error. */
export function connectTo(where: NetConnectOpts): Promise<Socket | undefined> {
  return new Promise((resolve, reject) => {
    // A message is one write: none waits until the last one has been acknowledged.
    const socket = connect({ ...where, noDelay: true } as NetConnectOpts);
    const fail = (error: NodeJS.ErrnoException): void =>
      NOT_YET.has(error.code ?? '') ? resolve(undefined) : reject(error);
    socket.once('error', fail);
    socket.once('connect', () => {
      socket.off('error', fail);
      resolve(socket);
    });
  });
}
