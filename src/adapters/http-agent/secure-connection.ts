/**
 * What `node:https` clients use of a TLS socket. The mesh's TLS is between the mesh and the endpoint, by policy: its certificates are not
 * the caller's business, and there is nothing here to show of them.
 */
import { Connection } from './connection.js';

export class SecureConnection extends Connection {
  readonly encrypted = true;
  readonly authorized = true;
  readonly authorizationError = null;
  readonly alpnProtocol = 'http/1.1';

  getPeerCertificate(): object {
    return {};
  }

  getCertificate(): object {
    return {};
  }

  getPeerX509Certificate(): undefined {
    return undefined;
  }

  getX509Certificate(): undefined {
    return undefined;
  }

  getCipher(): object {
    return {};
  }

  getEphemeralKeyInfo(): object {
    return {};
  }

  getProtocol(): null {
    return null;
  }

  getSession(): undefined {
    return undefined;
  }

  getTLSTicket(): undefined {
    return undefined;
  }

  isSessionReused(): boolean {
    return false;
  }

  setServername(): void {}

  setSession(): void {}
}
